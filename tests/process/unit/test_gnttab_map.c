// SPDX-License-Identifier: MIT
/*
 * Pages that other domains, or the guest itself, granted to the guest: mapped
 * and unmapped one by one and many at once, refused ones, and a host that lies.
 */
#include <limits.h>
#include <unistd.h>

#include <xenion/hypercall.h>

#include "unit.h"
#include "internal.h"

#define SLOTS	100u

static struct host_xenion x;
static struct xn_gnttab *const gt = &x.guest.gnttab;
static struct xn_gntmap m;

/* Another guest, which grants pages to the guest under test. */
static struct host_guest *other;

static int start_with(const struct host_config *cfg)
{
	host_log_reset();
	assert_int_equal(host_xenion_start(&x, cfg, NULL), 0);
	other = host_guest_create(NULL);
	host_guest_enter(x.host, 0);
	assert_int_equal(xn_gntmap_init(&m, SLOTS), 0);
	return 0;
}

static int start(void **state)
{
	return start_with(NULL);
}

/* As a PV guest, which can map its own pages. */
static int start_own(void **state)
{
	const struct host_config cfg = { .maps_own = true };

	start_with(&cfg);
	m.refused = DOMID_INVALID;
	return 0;
}

static int start_own_v2(void **state)
{
	const struct host_config cfg = {
		.maps_own = true, .gnttab_wanted = 2,
	};

	start_with(&cfg);
	m.refused = DOMID_INVALID;
	return 0;
}

static int stop(void **state)
{
	host_set_liar(NULL);
	xn_gntmap_fini(&m);
	host_guest_destroy(other);
	host_guest_enter(x.host, 0);
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

/* A page of the other guest's, by its reference @ref. */
static char *other_grants(grant_ref_t ref, domid_t to, bool readonly)
{
	struct grant_entry_v1 *e = host_gnttab_entry(other, ref);
	char *page;

	host_guest_enter(other, 0);
	page = xn_os_page_alloc();
	e->frame = xn_os_gfn(page);
	e->domid = to;
	e->flags = GTF_permit_access | (readonly ? GTF_readonly : 0);
	host_guest_enter(x.host, 0);
	return page;
}

static struct xn_gntmap_req request(unsigned int slot, grant_ref_t ref,
				    bool readonly)
{
	return (struct xn_gntmap_req){
		.slot = slot, .domid = host_guest_domid(other), .ref = ref,
		.readonly = readonly, .err = 77,
	};
}

static int map_one(struct xn_gntmap_req req)
{
	int err = xn_gntmap_map(&m, &req, 1);

	assert_int_equal(err, req.err);
	return err;
}

static int unmap_one(unsigned int slot)
{
	struct xn_gntmap_req req = { .slot = slot, .err = 77 };
	int err = xn_gntmap_unmap(&m, &req, 1);

	assert_int_equal(err, req.err);
	return err;
}

/* Is it writable? Asks the kernel, because a write here could fault. */
static bool writable(void *va)
{
	int fd[2];
	bool ok;

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "w", 1), 1);
	ok = read(fd[0], va, 1) == 1;
	close(fd[0]);
	close(fd[1]);
	return ok;
}

/* ---- the guest's own grants ---- */

static void test_domid(void **state)
{
	domid_t domid = 0;
	unsigned int n, ports = host_ports_open(x.host);

	assert_int_equal(xn_domid(&domid), 0);
	assert_int_equal(domid, host_guest_domid(x.host));
	for (n = 1; n <= 2; n++) {
		host_fail_hypercall(n, -ENOMEM);
		assert_int_equal(xn_domid(&domid), -ENOMEM);
	}
	assert_int_equal(host_ports_open(x.host), ports);
}

static void test_self(void **state)
{
	char *page = xn_os_page_alloc(), *seen;
	struct xn_gntmap_req req = { .slot = 3 };
	grant_ref_t ref;

	strcpy(page, "a gift");
	assert_int_equal(xn_domid(&req.domid), 0);
	assert_int_equal(xn_gnttab_grant_page(gt, req.domid, page, false, &ref),
			 0);
	req.ref = ref;
	assert_int_equal(xn_gntmap_map(&m, &req, 1), 0);
	seen = xn_gntmap_va(&m, 3);
	assert_ptr_not_equal(seen, page);
	assert_string_equal(seen, "a gift");
	assert_true(writable(seen));
	strcpy(seen, "returned");
	assert_string_equal(page, "returned");

	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	assert_int_equal(xn_gntmap_unmap(&m, &req, 1), 0);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(xn_gntmap_map(&m, &req, 1), -EACCES);

	/* Read-only. */
	xn_gnttab_grant(gt, ref, req.domid, xn_os_gfn(page), true);
	assert_int_equal(xn_gntmap_map(&m, &req, 1), -EACCES);
	req.readonly = true;
	assert_int_equal(xn_gntmap_map(&m, &req, 1), 0);
	assert_string_equal(seen, "returned");
	assert_false(writable(seen));
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	assert_int_equal(xn_gntmap_unmap(&m, &req, 1), 0);
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free),
			 0);
}

/* An HVM guest would lose the page; the simulated Xen refuses it. */
static void test_own_refused(void **state)
{
	char *page = xn_os_page_alloc();
	struct xn_gntmap_req req = { .slot = 3 };

	assert_int_equal(xn_domid(&req.domid), 0);
	assert_int_equal(xn_gnttab_grant_page(gt, req.domid, page, false,
					      &req.ref), 0);
	assert_int_equal(xn_gntmap_map(&m, &req, 1), -EOPNOTSUPP);
	assert_int_equal(xn_gntmap_unmap(&m, &req, 1), 0);
	assert_int_equal(xn_gnttab_end_page(gt, req.ref, page,
					    xn_os_page_free), 0);
}

/* Parts of pages, and others' grants, can be copied but not mapped. */
static void test_v2_only_copied(void **state)
{
	char *page = xn_os_page_alloc();
	struct xn_gntmap_req req = { .slot = 0 };

	other_grants(9, host_guest_domid(x.host), false);
	assert_int_equal(xn_domid(&req.domid), 0);
	assert_int_equal(xn_gnttab_alloc(gt, &req.ref), 0);
	assert_int_equal(xn_gnttab_grant_sub_page(gt, req.ref, req.domid,
						  xn_os_gfn(page), 0, 4096,
						  false), 0);
	assert_int_equal(xn_gntmap_map(&m, &req, 1), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, req.ref), 0);
	assert_int_equal(xn_gnttab_grant_transitive(gt, req.ref, req.domid,
						    host_guest_domid(other), 9,
						    false), 0);
	assert_int_equal(xn_gntmap_map(&m, &req, 1), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, req.ref), 0);
	xn_gnttab_free(gt, req.ref);
	xn_os_page_free(page);
}

/* ---- another domain's grants ---- */

static void test_refused(void **state)
{
	struct xn_gntmap_req req = request(0, 9, false);

	other_grants(9, host_guest_domid(x.host) + 50, false);
	other_grants(10, host_guest_domid(x.host), true);
	other_grants(11, host_guest_domid(x.host), false);
	assert_int_equal(map_one(req), -EACCES);
	assert_int_equal(map_one(request(0, 12, false)), -EACCES);
	assert_int_equal(map_one(request(0, 10, false)), -EACCES);
	assert_int_equal(map_one(request(0, 100000, false)), -ENOENT);
	assert_int_equal(map_one(request(SLOTS, 11, false)), -EINVAL);
	assert_int_equal(map_one(request(~0u, 11, false)), -EINVAL);
	req.domid = DOMID_SELF;
	assert_int_equal(map_one(req), -ESRCH);
	req.domid = 999;
	assert_int_equal(map_one(req), -ESRCH);
	host_gnttab_entry(other, 12)->frame = 1;
	host_gnttab_entry(other, 12)->domid = host_guest_domid(x.host);
	host_gnttab_entry(other, 12)->flags = GTF_permit_access;
	assert_int_equal(map_one(request(0, 12, false)), -EINVAL);

	assert_int_equal(map_one(request(0, 10, true)), 0);
	assert_int_equal(map_one(request(0, 11, false)), -EBUSY);
	assert_int_equal(map_one(request(1, 11, false)), 0);
	assert_int_equal(host_gnttab_flags(other, 11), GTF_permit_access |
			 GTF_reading | GTF_writing);
	/* The same page twice. */
	assert_int_equal(map_one(request(2, 11, true)), 0);

	assert_int_equal(unmap_one(SLOTS), -EINVAL);
	assert_int_equal(unmap_one(~0u), -EINVAL);
	assert_int_equal(unmap_one(50), 0);
	assert_int_equal(unmap_one(1), 0);
	assert_int_equal(unmap_one(1), 0);
	assert_int_equal(host_gnttab_flags(other, 11), GTF_permit_access |
			 GTF_reading);
	assert_int_equal(host_gnttab_maps(x.host), 2);
	/* xn_gntmap_fini() unmaps the rest. */
	xn_gntmap_fini(&m);
	assert_int_equal(host_gnttab_maps(x.host), 0);
	assert_int_equal(host_gnttab_flags(other, 11), GTF_permit_access);
	assert_int_equal(host_log_count(XN_WARN), 0);
	xn_gntmap_fini(&m);
}

/* Valid and invalid requests, more than one hypercall takes. */
static void test_batch(void **state)
{
	struct xn_gntmap_req req[SLOTS];
	char *page[SLOTS];
	uint64_t calls;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		page[i] = other_grants(9 + i, host_guest_domid(x.host), false);
		*(unsigned int *)page[i] = i;
		req[i] = request(SLOTS - 1 - i, 9 + i, i & 1);
	}
	req[7].ref = 3;
	req[20].slot = req[19].slot;
	req[50].slot = SLOTS;
	req[99].ref = 5000;
	calls = host_stat_get(XN_STAT_HYPERCALL);
	assert_int_equal(xn_gntmap_map(&m, req, SLOTS), -EACCES);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL) - calls, 7);
	for (i = 0; i < SLOTS; i++) {
		assert_int_equal(req[i].err, i == 7 ? -EACCES :
					     i == 20 ? -EBUSY :
					     i == 50 ? -EINVAL :
					     i == 99 ? -ENOENT : 0);
		if (!req[i].err)
			assert_int_equal(*(unsigned int *)
					 xn_gntmap_va(&m, req[i].slot), i);
	}
	assert_int_equal(host_gnttab_maps(x.host), SLOTS - 4);
	/* The same slot twice: nothing is mapped the second time. */
	assert_int_equal(xn_gntmap_unmap(&m, req, SLOTS), -EBADF);
	for (i = 0; i < SLOTS; i++)
		assert_int_equal(req[i].err, i == 20 ? -EBADF :
					     i == 50 ? -EINVAL : 0);
	assert_int_equal(host_gnttab_maps(x.host), 0);
	calls = host_stat_get(XN_STAT_HYPERCALL);
	assert_int_equal(xn_gntmap_map(&m, req, 0), 0);
	assert_int_equal(xn_gntmap_unmap(&m, req, 0), 0);
	assert_int_equal(xn_gntmap_unmap(&m, req, 20), 0);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL), calls);
}

static void test_no_handles(void **state)
{
	struct xn_gntmap_req req[5];
	unsigned int i;

	xn_gntmap_fini(&m);
	host_guest_destroy(other);
	host_guest_enter(x.host, 0);
	host_xenion_stop(&x);
	start_with(&(struct host_config){ .max_maps = 3 });
	for (i = 0; i < 5; i++) {
		other_grants(9 + i, host_guest_domid(x.host), false);
		req[i] = request(i, 9 + i, false);
	}
	assert_int_equal(xn_gntmap_map(&m, req, 5), -ENOSPC);
	assert_int_equal(req[2].err, 0);
	assert_int_equal(req[3].err, -ENOSPC);
	assert_int_equal(unmap_one(1), 0);
	assert_int_equal(map_one(req[4]), 0);
}

static void test_init(void **state)
{
	static struct xn_gntmap big;
	unsigned int n;

	assert_int_equal(xn_gntmap_init(&big, 0), -EINVAL);
	xn_gntmap_fini(&big);
	assert_int_equal(xn_gntmap_init(&big, XN_GNTMAP_MAX + 1), -EINVAL);
	/* The table's frames and @m already use part of the hole. */
	assert_int_equal(xn_gntmap_init(&big, XN_GNTMAP_MAX), -ENOSPC);
	xn_gntmap_fini(&big);
	for (n = 1; n <= 2; n++) {
		host_fail_page(n);
		assert_int_equal(xn_gntmap_init(&big, 10), -ENOMEM);
		assert_true(host_fault_done());
		host_fail_hypercall(n, -EPERM);
		assert_int_equal(xn_gntmap_init(&big, 10), -EPERM);
	}
	xn_gntmap_fini(&m);
	assert_int_equal(xn_gntmap_init(&m, 800), 0);
}

static void test_fails(void **state)
{
	struct xn_gntmap_req req[2];

	other_grants(9, host_guest_domid(x.host), false);
	req[0] = request(0, 9, false);
	req[1] = request(1, 9, true);
	host_fail_hypercall(1, -ENOMEM);
	assert_int_equal(xn_gntmap_map(&m, req, 2), -ENOMEM);
	assert_int_equal(req[0].err, -ENOMEM);
	assert_int_equal(req[1].err, -ENOMEM);
	assert_int_equal(xn_gntmap_map(&m, req, 2), 0);
	host_fail_hypercall(1, -EFAULT);
	assert_int_equal(xn_gntmap_unmap(&m, req, 2), -EFAULT);
	assert_int_equal(req[1].err, -EFAULT);
	/* Still mapped, and can be unmapped. */
	assert_int_equal(map_one(request(0, 9, false)), -EBUSY);
	assert_int_equal(xn_gntmap_unmap(&m, req, 2), 0);
	assert_int_equal(host_gnttab_maps(x.host), 0);
}

/* ---- lies ---- */

static struct {
	unsigned int cmd;
	int16_t status;
	grant_handle_t handle;
	bool set_handle, skip;
	long ret;
} lie;

static void liar(unsigned int nr, unsigned int cmd, void *arg,
		 unsigned int count, long *ret)
{
	struct gnttab_unmap_grant_ref *unmap = arg;
	struct gnttab_map_grant_ref *map = arg;

	if (nr != __HYPERVISOR_grant_table_op || cmd != lie.cmd)
		return;
	*ret = lie.ret;
	if (lie.skip)
		return;
	if (cmd == GNTTABOP_map_grant_ref) {
		map->status = lie.status;
		if (lie.set_handle)
			map->handle = lie.handle;
	} else {
		unmap->status = lie.status;
	}
}

static void test_map_lies(void **state)
{
	static const int16_t nonsense[] = { 1, 5000, -14, -5000, INT16_MIN };
	unsigned int i;

	other_grants(9, host_guest_domid(x.host), false);
	lie.cmd = GNTTABOP_map_grant_ref;
	lie.ret = 0;
	lie.set_handle = lie.skip = false;
	host_set_liar(liar);
	/* Xen reports an error although it mapped the page: it is forgotten. */
	for (i = 0; i < XN_ARRAY_SIZE(nonsense); i++) {
		lie.status = nonsense[i];
		assert_int_equal(map_one(request(i, 9, false)), -EIO);
		host_set_liar(NULL);
		assert_int_equal(unmap_one(i), 0);
		host_hole_unmap(x.host, xn_gntmap_gfn(&m, i));
		host_gnttab_unmap(other, 9, true);
		x.host->maps[0].granter = NULL;
		host_set_liar(liar);
	}
	lie.status = GNTST_eagain;
	assert_int_equal(map_one(request(i, 9, false)), -EAGAIN);
	host_set_liar(NULL);
	host_hole_unmap(x.host, xn_gntmap_gfn(&m, i));
	host_gnttab_unmap(other, 9, true);
	x.host->maps[0].granter = NULL;

	/* A positive result of the hypercall means nothing. */
	lie.ret = 3;
	lie.skip = true;
	host_set_liar(liar);
	assert_int_equal(map_one(request(0, 9, false)), 0);
	assert_int_equal(map_one(request(1, 12, false)), -EACCES);
	host_set_liar(NULL);
	assert_int_equal(unmap_one(0), 0);
}

/* A page without a handle: its slot is lost, and in the end the whole room. */
static void test_handle_lies(void **state)
{
	static const grant_handle_t nonsense[] = { ~0u, ~0u - 1 };
	xen_pfn_t gfn = xn_gntmap_gfn(&m, 0);
	unsigned int i;

	other_grants(9, host_guest_domid(x.host), false);
	lie.cmd = GNTTABOP_map_grant_ref;
	lie.status = GNTST_okay;
	lie.ret = 0;
	lie.skip = false;
	lie.set_handle = true;
	host_set_liar(liar);
	for (i = 0; i < XN_ARRAY_SIZE(nonsense); i++) {
		lie.handle = nonsense[i];
		assert_int_equal(map_one(request(i, 9, false)), -EIO);
		assert_int_equal(map_one(request(i, 9, false)), -EBUSY);
		assert_int_equal(unmap_one(i), -EBUSY);
	}
	/* A handle of another mapping, or of none. */
	lie.handle = 5000;
	assert_int_equal(map_one(request(2, 9, false)), 0);
	lie.handle = 0;
	assert_int_equal(map_one(request(3, 9, false)), 0);
	host_set_liar(NULL);
	assert_int_equal(unmap_one(2), -EBADF);
	assert_int_equal(unmap_one(3), -EACCES);
	xn_gntmap_fini(&m);
	assert_int_equal(host_log_count(XN_WARN), 1);
	for (i = 0; i < 4; i++) {
		host_hole_unmap(x.host, x.host->maps[i].gfn);
		host_gnttab_unmap(other, 9, true);
		x.host->maps[i].granter = NULL;
	}
	xn_os_hole_put(gfn, SLOTS);
}

/* Xen unmaps the page, but reports an error. */
static void test_unmap_lies(void **state)
{
	xen_pfn_t gfn = xn_gntmap_gfn(&m, 0);

	other_grants(9, host_guest_domid(x.host), false);
	assert_int_equal(map_one(request(0, 9, false)), 0);
	lie.cmd = GNTTABOP_unmap_grant_ref;
	lie.status = 2;
	lie.ret = 0;
	lie.skip = false;
	host_set_liar(liar);
	assert_int_equal(unmap_one(0), -EIO);
	host_set_liar(NULL);
	assert_int_equal(map_one(request(0, 9, false)), -EBUSY);
	assert_int_equal(unmap_one(0), -EBADF);
	xn_gntmap_fini(&m);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_gnttab_maps(x.host), 0);
	xn_os_hole_put(gfn, SLOTS);
}

static void test_statuses(void **state)
{
	int i;

	assert_int_equal(xn_gntst_errno(GNTST_okay), 0);
	assert_int_equal(xn_gntst_errno(GNTST_general_error), -EACCES);
	assert_int_equal(xn_gntst_errno(GNTST_bad_handle), -EBADF);
	assert_int_equal(xn_gntst_errno(GNTST_no_space), -ENOSPC);
	for (i = 1; i <= -GNTST_no_space; i++) {
		assert_in_range(-xn_gntst_errno(-i), 1, 200);
		assert_int_not_equal(xn_gntst_errno(-i), -EIO);
	}
	assert_int_equal(xn_gntst_errno(GNTST_no_space - 1), -EIO);
	assert_int_equal(xn_gntst_errno(INT_MIN), -EIO);
	assert_int_equal(xn_gntst_errno(1), -EIO);
	assert_int_equal(xn_gntst_errno(INT_MAX), -EIO);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)
#define OWN(name) cmocka_unit_test_setup_teardown(test_##name, start_own, stop)
#define OWN_V2(name) { #name " v2", test_##name, start_own_v2, stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(domid), OWN(self), OWN_V2(self), T(own_refused),
		OWN_V2(v2_only_copied), T(refused),
		T(batch), T(no_handles), T(init), T(fails), T(map_lies),
		T(handle_lies), T(unmap_lies), cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests_name("gnttab map", tests, NULL, NULL);
}
