// SPDX-License-Identifier: MIT
/*
 * How a PVH or HVM guest is interrupted: how it sets that up in Xen, and that
 * it signals the end of an interrupt to the local APIC, in both of its modes,
 * before events are handled.
 */
#include "unit.h"
#include "internal.h"

/* The CPU's registers, as variables, in place of <xenion/x86/msr.h>. */
#define XENION_X86_MSR_H
#define XN_MSR_APIC_BASE	0x1bu
#define XN_APIC_BASE_X2APIC	(1u << 10)
#define XN_APIC_BASE_ADDRESS	0x000ffffffffff000ull
#define XN_MSR_X2APIC_EOI	0x80bu

static uint64_t apic_base;
static unsigned int x2apic_eois;

static uint64_t xn_rdmsr(uint32_t msr)
{
	assert_int_equal(msr, XN_MSR_APIC_BASE);
	return apic_base;
}

static void xn_wrmsr(uint32_t msr, uint64_t v)
{
	assert_int_equal(msr, XN_MSR_X2APIC_EOI);
	assert_int_equal(v, 0);
	x2apic_eois++;
}

#include "events/x86/upcall.c"

static struct host_xenion x;
static uint32_t xapic[XN_PAGE_SIZE / sizeof(uint32_t)];

static int setup(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2 };

	x2apic_eois = 0;
	memset(xapic, 0xff, sizeof(xapic));
	return host_xenion_start(&x, &cfg, NULL);
}

static int teardown(void **state)
{
	unsigned int leaks = host_xenion_stop(&x);

	host_reset();
	return leaks;
}

static uint64_t callback(void)
{
	uint64_t value;

	assert_int_equal(xn_hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &value), 0);
	return value;
}

static void test_vector(void **state)
{
	assert_int_equal(xn_upcall_vector(0, 0xf0), 0);
	assert_int_equal(xn_upcall_vector(1, 0xf1), 0);
	assert_int_equal(x.host->vcpu[0].vector, 0xf0);
	assert_int_equal(x.host->vcpu[1].vector, 0xf1);
	assert_int_equal(callback(), 0);
	assert_int_equal(xn_upcall_vector(2, 0xf0), -ENOENT);
	assert_int_equal(xn_upcall_vector(0, 0xf), -EINVAL);
}

static void test_begin_and_end(void **state)
{
	const uint64_t line = (uint64_t)HVM_PARAM_CALLBACK_TYPE_GSI << 56 | 28;

	assert_int_equal(xn_upcall_begin(), 0);
	assert_int_equal(callback(), PLACEHOLDER);
	assert_int_equal(xn_upcall_begin(), 0);
	xn_upcall_end();
	assert_int_equal(callback(), 0);
	xn_upcall_end();
	assert_int_equal(callback(), 0);
	/* What others have set is theirs. */
	assert_int_equal(xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_GSI, 28),
			 0);
	assert_int_equal(xn_upcall_begin(), 0);
	assert_int_equal(callback(), line);
	xn_upcall_end();
	assert_int_equal(callback(), line);
}

static void test_callback(void **state)
{
	const uint64_t line = (uint64_t)HVM_PARAM_CALLBACK_TYPE_GSI << 56 | 28;
	const uint64_t vector =
		(uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | 0xf3;

	assert_int_equal(xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_GSI, 28),
			 0);
	assert_int_equal(callback(), line);
	assert_int_equal(xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_VECTOR,
					    0xf3), 0);
	assert_int_equal(callback(), vector);
	/* A vector for one vCPU does not change the callback. */
	assert_int_equal(xn_upcall_vector(0, 0xf0), 0);
	assert_int_equal(callback(), vector);
}

/* As xen-public/hvm/params.h has segment, bus, device and function, and pin. */
static void test_intx(void **state)
{
	assert_int_equal(xn_upcall_intx(0x1234, 0x56, 0x78, 4), 0);
	assert_int_equal(callback(),
			 (uint64_t)HVM_PARAM_CALLBACK_TYPE_PCI_INTX << 56 |
			 0x1234ull << 32 | 0x56 << 16 | 0x78 << 8 | 3);
	assert_int_equal(xn_upcall_intx(0, 0, 0xff, 1), 0);
	assert_int_equal(callback(),
			 (uint64_t)HVM_PARAM_CALLBACK_TYPE_PCI_INTX << 56 |
			 0xff << 8);
	xn_upcall_end();
	assert_int_equal(callback(), 0);
	assert_int_equal(xn_upcall_intx(0, 0, 1 << 3, 0), -EINVAL);
	assert_int_equal(xn_upcall_intx(0, 0, 1 << 3, 5), -EINVAL);
}

static void test_page(void **state)
{
	apic_base = 0xfee00000 | 1 << 11 | 1 << 8;
	assert_int_equal(xn_apic_page(), 0xfee00000);
	apic_base |= XN_APIC_BASE_X2APIC;
	assert_int_equal(xn_apic_page(), 0);
}

static void *in_use;	/* page of the local APIC, NULL: x2APIC */
static unsigned int events;

static void event(void *data, evtchn_port_t port)
{
	events++;
	if (in_use)
		assert_int_equal(xapic[0xb0 / 4], 0);
	else
		assert_int_equal(x2apic_eois, 1);
}

static void interrupt(void *page)
{
	struct xn_evtchn_table *t = &x.guest.evtchn;
	evtchn_port_t port;
	unsigned long flags;

	events = 0;
	in_use = page;
	assert_int_equal(xn_evtchn_bind_ipi(t, 0, event, NULL, &port), 0);
	xn_evtchn_unmask(t, port);
	flags = host_upcalls_disable();
	xn_evtchn_send(port);
	xn_upcall_interrupt(t, 0, page);
	assert_int_equal(events, 1);
	host_upcalls_restore(flags);
	xn_evtchn_unbind(t, port);
}

static void test_x2apic(void **state)
{
	interrupt(NULL);
	assert_int_equal(x2apic_eois, 1);
	assert_int_equal(xapic[0xb0 / 4], ~0u);
}

static void test_xapic(void **state)
{
	unsigned int i;

	interrupt(xapic);
	assert_int_equal(x2apic_eois, 0);
	for (i = 0; i < XN_ARRAY_SIZE(xapic); i++)
		assert_int_equal(xapic[i], i == 0xb0 / 4 ? 0 : ~0u);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(vector), T(begin_and_end), T(callback), T(intx), T(page), T(x2apic),
		T(xapic),
	};

	return cmocka_run_group_tests_name("upcalls", tests, NULL, NULL);
}
