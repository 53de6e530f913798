// SPDX-License-Identifier: MIT
/*
 * Registers the addresses at which Xen enters a PV guest, and starts its
 * secondary vCPUs: HYPERVISOR_set_trap_table and struct vcpu_guest_context
 * (xen-public/arch-x86/xen.h), CALLBACKOP_register (xen-public/callback.h),
 * VCPUOP_initialise (xen-public/vcpu.h). Called by the OS layer.
 */
#include <xenion/hypercall.h>
#include <xenion/x86/boot.h>
#include <xen-public/callback.h>

#define RFLAGS_IF	(1u << 9)
#define RFLAGS_RESERVED	(1u << 1)	/* reads as 1 */

static long add_callback(unsigned int type, unsigned int flags,
			 void (*entry)(void))
{
	struct callback_register x = {
		.type = type, .flags = flags, .address = (uintptr_t)entry,
	};

	return xn_hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
			    (unsigned long)&x, 0, 0, 0);
}

int xn_pv_entries(const struct xn_pv_entries *e)
{
	long err = xn_hypercall(__HYPERVISOR_set_trap_table,
				(unsigned long)e->traps, 0, 0, 0, 0);

	if (!err)
		err = add_callback(CALLBACKTYPE_event, 0, e->event);
	if (!err)
		err = add_callback(CALLBACKTYPE_failsafe, CALLBACKF_mask_events,
				   e->failsafe);
	return err;
}

int xn_pv_vcpu_start(unsigned int vcpu, void (*entry)(void *arg), void *arg,
		     void *stack_top, xen_pfn_t root,
		     const struct xn_pv_entries *e)
{
	/* 5 KiB: too large for the stack. */
	static struct vcpu_guest_context ctx;
	struct cpu_user_regs *regs = &ctx.user_regs;
	const struct trap_info *t;
	long err;

	memset(&ctx, 0, sizeof(ctx));
	ctx.flags = VGCF_in_kernel | VGCF_failsafe_disables_events;
	regs->rip = (uintptr_t)entry;
	regs->rdi = (uintptr_t)arg;
	/* Aligned as after a call, which pushes a return address. */
	regs->rsp = (uintptr_t)stack_top - 8;
	regs->rflags = RFLAGS_RESERVED | RFLAGS_IF;
	regs->cs = FLAT_KERNEL_CS;
	regs->ss = FLAT_KERNEL_SS;
	for (t = e->traps; t->address; t++)
		ctx.trap_ctxt[t->vector] = *t;
	ctx.kernel_ss = FLAT_KERNEL_SS;
	ctx.kernel_sp = (uintptr_t)stack_top;
	ctx.ctrlreg[3] = xen_pfn_to_cr3(root);
	ctx.event_callback_eip = (uintptr_t)e->event;
	ctx.failsafe_callback_eip = (uintptr_t)e->failsafe;
	err = xn_hc_vcpu(VCPUOP_initialise, vcpu, &ctx);
	if (!err)
		err = xn_hc_vcpu(VCPUOP_up, vcpu, NULL);
	return err;
}
