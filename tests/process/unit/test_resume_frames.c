// SPDX-License-Identifier: MIT
/*
 * A guest that takes Xen's frames out of its page tables while it is saved, as
 * PV guests must (frames_go of struct xn_frame_ops). Events come until upcalls
 * are disabled, so grants end until xn_gnttab_unmap(). On the simulated host,
 * an access to a frame that was removed is a fault.
 */
#include "unit.h"
#include "internal.h"

static struct host_xenion x;
static struct xn_gnttab *const gt = &x.guest.gnttab;
static const struct xn_frame_ops *stay;

static int setup(void **state)
{
	static struct xn_frame_ops go;

	go = *stay;
	go.frames_go = true;
	xn_frame_ops = &go;
	return 0;
}

static int teardown(void **state)
{
	xn_frame_ops = stay;
	if (!host_guests)
		host_reset();
	return 0;
}

static unsigned int frames_mapped(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < HOST_HOLE_PAGES; i++)
		n += x.host->hole_frame[i] >= 0;
	return n;
}

struct grants {
	grant_ref_t ended, held;
	void *page;
};

static void grants_make(struct grants *g)
{
	g->page = xn_os_page_alloc();
	assert_int_equal(xn_gnttab_get(gt, &g->ended), 0);
	assert_int_equal(xn_gnttab_get(gt, &g->held), 0);
	xn_gnttab_grant(gt, g->ended, 0, xn_os_gfn(g->page), false);
	xn_gnttab_grant(gt, g->held, 0, xn_os_gfn(g->page), false);
	assert_ptr_equal(host_gnttab_map(x.host, 0, g->held, true), g->page);
}

/* What the handlers of a backend's answers do, which may come until the end. */
static void grants_answered(const struct grants *g)
{
	assert_int_equal(xn_gnttab_end(gt, g->ended), 0);
	assert_true(xn_gnttab_in_use(gt, g->held));
	assert_int_equal(xn_gnttab_end(gt, g->held), -EBUSY);
	xn_gnttab_grant(gt, g->ended, 0, xn_os_gfn(g->page), true);
}

static void grants_end(const struct grants *g, bool anew)
{
	if (anew) {
		assert_false(xn_gnttab_in_use(gt, g->held));
	} else {
		assert_true(xn_gnttab_in_use(gt, g->held));
		host_gnttab_unmap(x.host, g->held, true);
	}
	assert_int_equal(xn_gnttab_end(gt, g->held), 0);
	assert_int_equal(xn_gnttab_end(gt, g->ended), 0);
	xn_gnttab_free(gt, g->held);
	xn_gnttab_free(gt, g->ended);
	xn_os_page_free(g->page);
	assert_int_equal(xn_gnttab_used(gt), 0);
}

static void frames_go(unsigned int version, bool anew)
{
	const struct host_config cfg = { .gnttab_wanted = version };
	unsigned int mapped;
	struct grants g;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	assert_int_equal(gt->version, version);
	grants_make(&g);
	mapped = frames_mapped();
	assert_int_equal(host_xenion_suspend(&x), 0);
	assert_int_equal(frames_mapped(), mapped);
	grants_answered(&g);
	xn_gnttab_unmap(gt);
	xn_vcpus_suspend(&x.vcpus);
	assert_int_equal(frames_mapped(), 0);
	if (anew)
		host_guest_restore(x.host);
	else
		assert_int_equal(xn_vcpus_resume(&x.vcpus, false), 0);
	assert_int_equal(host_xenion_resume(&x), 0);
	assert_int_equal(frames_mapped(), mapped);
	grants_end(&g, anew);
	assert_int_equal(host_xenion_stop(&x), 0);
}

static void test_saved(void **state)
{
	frames_go(1, true);
	frames_go(2, true);
}

static void test_cancelled(void **state)
{
	frames_go(1, false);
	frames_go(2, false);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { T(saved), T(cancelled) };

	stay = xn_frame_ops;
	return cmocka_run_group_tests_name("resume_frames", tests, NULL, NULL);
}
