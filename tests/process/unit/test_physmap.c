// SPDX-License-Identifier: MIT
/*
 * Xen's frames in a hole of the guest-physical map. The simulated host checks
 * that they never replace RAM, and exist only between add and fini.
 */
#include "unit.h"

static struct host_guest *g;

static int start(void **state)
{
	const struct host_config cfg = { .max_grant_frames = 3 };

	g = host_guest_create(&cfg);
	host_log_reset();
	return 0;
}

static int stop(void **state)
{
	host_guest_destroy(g);
	return 0;
}

static void test_shared_info(void **state)
{
	struct xn_physmap pm;
	struct shared_info *s;

	assert_int_equal(xn_physmap_init(&pm, XENMAPSPACE_shared_info, 1), 0);
	assert_int_equal(pm.used, 0);
	assert_int_equal(xn_physmap_add(&pm), 0);
	s = pm.va;
	s->wc_sec = 42;
	assert_int_equal(xn_physmap_add(&pm), -ENOSPC);
	xn_physmap_fini(&pm);
	assert_int_equal(host_guest_leaks(g), 0);
	/* Again: the page is Xen's and has kept its content. */
	assert_int_equal(xn_physmap_init(&pm, XENMAPSPACE_shared_info, 1), 0);
	assert_int_equal(xn_physmap_add(&pm), 0);
	s = pm.va;
	assert_int_equal(s->wc_sec, 42);
	xn_physmap_fini(&pm);
	xn_physmap_fini(&pm);
	assert_int_equal(host_guest_leaks(g), 0);
}

static void test_grant_frames(void **state)
{
	struct xn_physmap pm;
	unsigned int i;

	assert_int_equal(xn_physmap_init(&pm, XENMAPSPACE_grant_table, 4), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(xn_physmap_add(&pm), 0);
		assert_int_equal(pm.used, i + 1);
		((struct grant_entry_v1 *)pm.va)[i * 512 + 9].domid = 100 + i;
	}
	/* Xen has no fourth frame. */
	assert_int_equal(xn_physmap_add(&pm), -EINVAL);
	assert_int_equal(pm.used, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(host_gnttab_entry(g, i * 512 + 9)->domid,
				 100 + i);
	xn_physmap_fini(&pm);
	assert_int_equal(host_guest_leaks(g), 0);
}

static void test_no_room(void **state)
{
	struct xn_physmap pm;

	assert_int_equal(xn_physmap_init(&pm, XENMAPSPACE_grant_table, 5000),
			 -ENOSPC);
	xn_physmap_fini(&pm);
	host_fail_page(1);
	assert_int_equal(xn_physmap_init(&pm, XENMAPSPACE_grant_table, 1),
			 -ENOMEM);
	xn_physmap_fini(&pm);
	assert_int_equal(host_guest_leaks(g), 0);
}

/* Xen keeps a frame: the hole is not reused, and that is reported. */
static void test_stuck(void **state)
{
	struct xn_physmap pm, other;
	xen_pfn_t gfn;

	assert_int_equal(xn_physmap_init(&pm, XENMAPSPACE_grant_table, 2), 0);
	gfn = pm.gfn;
	assert_int_equal(xn_physmap_add(&pm), 0);
	assert_int_equal(xn_physmap_add(&pm), 0);
	host_fail_hypercall(2, -EBUSY);
	xn_physmap_fini(&pm);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(xn_physmap_init(&other, XENMAPSPACE_shared_info, 1),
			 0);
	assert_true(other.gfn < gfn || other.gfn > gfn + 1);
	xn_physmap_fini(&other);
	xn_physmap_fini(&pm);
	assert_int_equal(host_log_count(XN_WARN), 1);
	/* Two frames of the hole, and the one that is still mapped. */
	assert_int_equal(host_guest_leaks(g), 3);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(shared_info), T(grant_frames), T(no_room), T(stuck),
	};

	return cmocka_run_group_tests_name("physmap", tests, NULL, NULL);
}
