// SPDX-License-Identifier: MIT
/*
 * The places of vCPUs (mmu/vcpus.c): more than the shared info page has room
 * for, with both ABIs of event channels, and from one user to the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit.h"
#include <xenion/time.h>
#include "internal.h"

#define NR	XN_MAX_VCPUS
#define FIRST	XEN_LEGACY_MAX_VCPUS	/* without a place in shared info */

static struct host_xenion x;
static struct xn_evtchn_table *t = &x.guest.evtchn;
static const struct host_config cfg = { .nr_vcpus = NR };

static unsigned int events[NR];

static void event(void *data, evtchn_port_t port)
{
	events[xn_os_cpu()]++;
}

/* Each vCPU gets its own event, and the time. */
static void all_work(void)
{
	struct xn_clock clock;
	evtchn_port_t port;
	unsigned int i;

	xn_clock_init(&clock, &x.vcpus);
	for (i = 0; i < NR; i++) {
		events[i] = 0;
		assert_int_equal(xn_evtchn_bind_ipi(t, i, event, NULL, &port),
				 0);
		xn_evtchn_unmask(t, port);
		host_pump();
		assert_int_equal(xn_evtchn_send(port), 0);
		host_pump();
		assert_int_equal(events[i], 1);
		xn_evtchn_unbind(t, port);
		host_time_update(x.host, i);
		host_guest_enter(x.host, i);
		assert_in_range(xn_clock_read(&clock, i), xn_os_now(),
				xn_os_now() + 10);
		host_guest_enter(x.host, 0);
	}
}

static void test_bounds(void **state)
{
	struct xn_vcpus v;

	x.host = host_guest_create(NULL);
	assert_int_equal(xn_vcpus_init(&v, 0), -EINVAL);
	xn_vcpus_fini(&v);
	assert_int_equal(xn_vcpus_init(&v, NR + 1), -EINVAL);
	assert_int_equal(xn_vcpus_init(&v, 3), 0);
	assert_ptr_equal(v.info[2], &v.shared->vcpu_info[2]);
	assert_null(v.info[3]);
	assert_int_equal(xn_vcpu_enter(&v, 2), 0);
	assert_int_equal(xn_vcpu_enter(&v, 3), -EINVAL);
	xn_vcpus_fini(&v);
	xn_vcpus_fini(&v);
	host_fail_hypercall(1, -EFAULT);
	assert_int_equal(xn_vcpus_init(&v, 3), -EFAULT);
	host_fail_hypercall(0, 0);
	assert_int_equal(host_guest_leaks(x.host), 0);
	host_guest_destroy(x.host);
}

static void many(const struct xn_evtchn_ops *ops)
{
	assert_int_equal(host_xenion_start(&x, &cfg, ops), 0);
	all_work();
	assert_int_equal(host_xenion_stop(&x), 0);
}

static void test_fifo(void **state)
{
	many(&xn_evtchn_fifo);
}

static void test_twolevel(void **state)
{
	many(&xn_evtchn_twolevel);
}

/* The second user finds the first one's places: Xen takes each only once. */
static void test_again(void **state)
{
	const struct vcpu_info *info;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	info = x.vcpus.info[NR - 1];
	host_xenion_unload(&x);
	host_fail_hypercall(0, 0);
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_ptr_equal(x.vcpus.info[NR - 1], info);
	all_work();
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* Another kernel's place is in its own memory, at an unknown address. */
static void test_anothers(void **state)
{
	struct vcpu_register_vcpu_info theirs = { .offset = 64 };
	void *page;

	x.host = host_guest_create(&cfg);
	page = xn_os_page_alloc();
	theirs.mfn = xn_os_gfn(page);
	host_guest_enter(x.host, FIRST + 1);
	assert_int_equal(xn_hc_vcpu(VCPUOP_register_vcpu_info, FIRST + 1,
				    &theirs), 0);
	assert_int_equal(host_xenion_load(&x, NULL), -EBUSY);
	/* All other vCPUs can be used. */
	assert_int_equal(xn_vcpus_init(&x.vcpus, NR), 0);
	host_guest_enter(x.host, FIRST);
	assert_int_equal(xn_vcpu_enter(&x.vcpus, FIRST), 0);
	host_guest_enter(x.host, FIRST + 1);
	assert_int_equal(xn_vcpu_enter(&x.vcpus, FIRST + 1), -EBUSY);
	assert_null(x.vcpus.info[FIRST + 1]);
	host_guest_enter(x.host, NR - 1);
	assert_int_equal(xn_vcpu_enter(&x.vcpus, NR - 1), 0);
	assert_int_equal(xn_vcpu_enter(&x.vcpus, NR - 1), 0);
	xn_vcpus_fini(&x.vcpus);
	x.host->vcpu[FIRST + 1].info = NULL;
	x.host->vcpu[FIRST + 1].info_gfn = 0;
	xn_os_page_free(page);
	assert_int_equal(host_guest_leaks(x.host), 0);
	host_guest_destroy(x.host);
}

/* No memory, or Xen refuses: an error, and a later try works. */
static void test_fails(void **state)
{
	struct xn_vcpus v;
	unsigned int nth;

	x.host = host_guest_create(&cfg);
	assert_int_equal(xn_vcpus_init(&v, NR), 0);
	host_guest_enter(x.host, FIRST);
	host_memory_quota(x.host, 0, UINT32_MAX);
	assert_int_equal(xn_vcpu_enter(&v, FIRST), -ENOMEM);
	host_memory_quota(x.host, UINT32_MAX, UINT32_MAX);
	for (nth = 1; nth <= 3; nth++) {
		host_fail_hypercall(nth, -EFAULT);
		assert_int_equal(xn_vcpu_enter(&v, FIRST), -EFAULT);
		assert_null(v.info[FIRST]);
		xn_vcpus_fini(&v);
		assert_int_equal(xn_vcpus_init(&v, NR), 0);
		if (nth == 2)	/* the page is populated now */
			break;
	}
	host_fail_hypercall(0, 0);
	host_fail_page(1);
	assert_int_equal(xn_vcpu_enter(&v, FIRST), -ENOMEM);
	assert_int_equal(xn_vcpu_enter(&v, FIRST), 0);
	/* Not for another vCPU than the current one. */
	assert_int_equal(xn_vcpu_enter(&v, FIRST + 1), -EBUSY);
	xn_vcpus_fini(&v);
	assert_int_equal(host_guest_leaks(x.host), 0);
	host_guest_destroy(x.host);
}

static int reset(void **state)
{
	host_reset();
	return 0;
}

#define T(name) cmocka_unit_test_teardown(test_##name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bounds), T(fifo), T(twolevel), T(again), T(anothers),
		T(fails),
	};

	return cmocka_run_group_tests_name("vcpus", tests, NULL, NULL);
}
