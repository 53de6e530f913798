// SPDX-License-Identifier: MIT
/*
 * Upcalls of PVH and HVM guests: HVMOP_set_evtchn_upcall_vector
 * (xen-public/hvm/hvm_op.h), HVM_PARAM_CALLBACK_IRQ (xen-public/hvm/params.h),
 * and the end of such an interrupt at the local APIC, in xAPIC or x2APIC mode.
 * Called by the OS layer.
 */
#include <xenion/x86/msr.h>
#include <xenion/x86/upcall.h>

#define TYPE_SHIFT	56	/* of HVM_PARAM_CALLBACK_IRQ */
#define XAPIC_EOI	0xb0	/* bytes into the page */

/* GSI 1, as Linux does: it interrupts no vCPU. */
#define PLACEHOLDER	1

int xn_upcall_callback(unsigned int type, uint64_t value)
{
	return xn_hvm_param_set(HVM_PARAM_CALLBACK_IRQ,
				(uint64_t)type << TYPE_SHIFT | value);
}

int xn_upcall_intx(uint16_t segment, uint8_t bus, uint8_t devfn,
		   unsigned int pin)
{
	if (pin < 1 || pin > 4)
		return -EINVAL;
	return xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_PCI_INTX,
				  (uint64_t)segment << 32 | bus << 16 |
				  devfn << 8 | (pin - 1));
}

int xn_upcall_vector(unsigned int vcpu, uint8_t vector)
{
	struct xen_hvm_evtchn_upcall_vector op = {
		.vcpu = vcpu, .vector = vector,
	};

	return xn_hc_hvm(HVMOP_set_evtchn_upcall_vector, &op);
}

int xn_upcall_begin(void)
{
	uint64_t callback;
	int err = xn_hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &callback);

	if (err || callback)
		return err;
	return xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_GSI, PLACEHOLDER);
}

void xn_upcall_end(void)
{
	uint64_t callback;

	if (!xn_hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &callback) &&
	    (callback == PLACEHOLDER ||
	     callback >> TYPE_SHIFT == HVM_PARAM_CALLBACK_TYPE_PCI_INTX))
		xn_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 0);
}

uint64_t xn_apic_page(void)
{
	uint64_t base = xn_rdmsr(XN_MSR_APIC_BASE);

	return base & XN_APIC_BASE_X2APIC ? 0 : base & XN_APIC_BASE_ADDRESS;
}

void xn_apic_eoi(void *xapic)
{
	if (xapic)
		XN_WRITE_ONCE(*(uint32_t *)((char *)xapic + XAPIC_EOI), 0);
	else
		xn_wrmsr(XN_MSR_X2APIC_EOI, 0);
}

void xn_upcall_interrupt(struct xn_evtchn_table *t, unsigned int vcpu,
			 void *xapic)
{
	xn_apic_eoi(xapic);
	xn_evtchn_upcall(t, vcpu);
}
