// SPDX-License-Identifier: MIT
/*
 * Copies to and from granted pages: whole ones, parts, and a third domain's;
 * many at once, refused ones, and a host that lies about them.
 */
#include <xenion/hypercall.h>

#include "unit.h"
#include "internal.h"

static struct host_xenion x;
static struct xn_gnttab *const gt = &x.guest.gnttab;
static domid_t me;
static char *page, *buf;
static grant_ref_t ref;

static int start_with(const struct host_config *cfg)
{
	host_log_reset();
	assert_int_equal(host_xenion_start(&x, cfg, NULL), 0);
	me = host_guest_domid(x.host);
	page = xn_os_page_alloc();
	buf = xn_os_page_alloc();
	assert_int_equal(xn_gnttab_alloc(gt, &ref), 0);
	return 0;
}

static int start(void **state)
{
	return start_with(NULL);
}

static int start_v2(void **state)
{
	return start_with(&(struct host_config){ .gnttab_wanted = 2 });
}

static int stop(void **state)
{
	host_set_liar(NULL);
	xn_gnttab_free(gt, ref);
	xn_os_page_free(page);
	xn_os_page_free(buf);
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

static int from(domid_t domid, grant_ref_t r, unsigned int offset, void *va,
		unsigned int len)
{
	struct gnttab_copy op;

	xn_gntcopy_from(&op, domid, r, offset, va, len);
	return xn_gnttab_copy(&op, 1);
}

static int to(domid_t domid, grant_ref_t r, unsigned int offset,
	      const void *va, unsigned int len)
{
	struct gnttab_copy op;

	xn_gntcopy_to(&op, domid, r, offset, va, len);
	return xn_gnttab_copy(&op, 1);
}

static void test_page(void **state)
{
	strcpy(page + 4000, "a gift");
	xn_gnttab_grant(gt, ref, me, xn_os_gfn(page), false);
	assert_int_equal(from(me, ref, 4000, buf + 70, 7), 0);
	assert_string_equal(buf + 70, "a gift");
	assert_int_equal(to(DOMID_SELF, ref, 0, buf + 72, 5), 0);
	assert_string_equal(page, "gift");
	assert_int_equal(to(me, ref, 0, buf, XN_PAGE_SIZE), 0);
	assert_memory_equal(page, buf, XN_PAGE_SIZE);
	assert_int_equal(to(me, ref, 5, buf, 0), 0);

	assert_int_equal(from(me, ref, 4000, buf, 97), -EINVAL);
	assert_int_equal(from(me, ref, 0, buf + 4095, 2), -EINVAL);
	assert_int_equal(from(me, ref, 0, buf, 0x10001), -EINVAL);
	assert_int_equal(from(me, ref, 0x10001, buf, 1), -EINVAL);
	assert_int_equal(from(me + 1, ref, 0, buf, 2), -ESRCH);
	assert_int_equal(from(me, 1u << 30, 0, buf, 2), -ENOENT);
	assert_int_equal(from(me, ref + 1, 0, buf, 2), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(from(me, ref, 0, buf, 2), -EACCES);

	xn_gnttab_grant(gt, ref, me, xn_os_gfn(page), true);
	assert_int_equal(from(me, ref, 0, buf, 2), 0);
	assert_int_equal(to(me, ref, 0, buf, 2), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	xn_gnttab_grant(gt, ref, me + 1, xn_os_gfn(page), true);
	assert_int_equal(from(me, ref, 0, buf, 2), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
}

static void test_sub_page(void **state)
{
	strcpy(page + 1000, "a gift");
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, me, xn_os_gfn(page),
						  1000, 7, false), 0);
	assert_int_equal(from(me, ref, 1000, buf, 7), 0);
	assert_string_equal(buf, "a gift");
	assert_int_equal(from(me, ref, 1001, buf, 6), 0);
	assert_int_equal(from(me, ref, 999, buf, 7), -EACCES);
	assert_int_equal(from(me, ref, 1000, buf, 8), -EACCES);
	assert_int_equal(from(me, ref, 1007, buf, 1), -EACCES);
	assert_int_equal(from(me, ref, 0, buf, 1), -EACCES);
	buf[0] = 'A';
	assert_int_equal(to(me, ref, 1000, buf, 1), 0);
	assert_int_equal(page[1000], 'A');
	assert_int_equal(to(me, ref, 999, buf, 1), -EACCES);
	assert_int_equal(page[999], 0);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
}

/* Copy what another domain granted to the guest, also to another grant. */
static void test_third(void **state)
{
	struct host_guest *other = host_guest_create(NULL);
	domid_t them = host_guest_domid(other);
	struct grant_entry_v1 *e = host_gnttab_entry(other, 9);
	char *theirs = xn_os_page_alloc();
	struct gnttab_copy op;

	strcpy(theirs, "theirs");
	e->frame = xn_os_gfn(theirs);
	e->domid = me;
	e->flags = GTF_permit_access | GTF_readonly;
	host_guest_enter(x.host, 0);
	assert_int_equal(from(them, 9, 0, buf, 7), 0);
	assert_string_equal(buf, "theirs");
	assert_int_equal(to(them, 9, 0, buf, 7), -EACCES);

	xn_gnttab_grant(gt, ref, me, xn_os_gfn(page), false);
	memset(&op, 0, sizeof(op));
	op.source.u.ref = 9;
	op.source.domid = them;
	op.dest.u.ref = ref;
	op.dest.domid = me;
	op.dest.offset = 8;
	op.len = 7;
	op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	assert_int_equal(xn_gnttab_copy(&op, 1), 0);
	assert_string_equal(page + 8, "theirs");
	/* A frame number may only be of the guest's own frames. */
	op.flags = GNTCOPY_dest_gref;
	assert_int_equal(xn_gnttab_copy(&op, 1), -EPERM);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);

	/* By a transitive grant of the guest's, from them to the guest. */
	assert_int_equal(xn_gnttab_grant_transitive(gt, ref, me, them, 9,
						    false), 0);
	memset(buf, 0, XN_PAGE_SIZE);
	assert_int_equal(from(me, ref, 0, buf, 7), 0);
	assert_string_equal(buf, "theirs");
	assert_int_equal(to(me, ref, 0, buf, 7), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	/* A transitive grant needs a third domain. */
	assert_int_equal(xn_gnttab_grant_transitive(gt, ref, me, me, 9,
						    false), 0);
	assert_int_equal(from(me, ref, 0, buf, 7), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	host_guest_destroy(other);
}

static void test_batch(void **state)
{
	struct gnttab_copy op[50];
	uint64_t calls;
	unsigned int i;

	xn_gnttab_grant(gt, ref, me, xn_os_gfn(page), false);
	for (i = 0; i < 50; i++) {
		page[i] = i;
		xn_gntcopy_from(&op[i], me, i == 7 || i == 8 ? ref + 1 : ref, i,
				buf + 100 + i, i == 30 ? 4096 : 1);
	}
	calls = host_stat_get(XN_STAT_HYPERCALL);
	assert_int_equal(xn_gnttab_copy(op, 50), -EACCES);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL) - calls, 1);
	for (i = 0; i < 50; i++) {
		int err = xn_gntst_errno(op[i].status);

		assert_int_equal(err, i == 7 || i == 8 ? -EACCES :
				      i == 30 ? -EINVAL : 0);
		assert_int_equal(buf[100 + i], err ? 0 : i);
	}
	assert_int_equal(xn_gnttab_copy(op, 7), 0);
	assert_int_equal(xn_gnttab_copy(op, 0), 0);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL) - calls, 2);

	host_fail_hypercall(1, -EFAULT);
	assert_int_equal(xn_gnttab_copy(op, 7), -EFAULT);
	for (i = 0; i < 7; i++)
		assert_int_equal(xn_gntst_errno(op[i].status), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
}

static struct {
	int16_t status;
	long ret;
} lie;

static void liar(unsigned int nr, unsigned int cmd, void *arg,
		 unsigned int count, long *ret)
{
	struct gnttab_copy *op = arg;

	if (nr != __HYPERVISOR_grant_table_op)
		return;
	*ret = lie.ret;
	op[count - 1].status = lie.status;
}

static void test_lies(void **state)
{
	struct gnttab_copy op[2];

	xn_gnttab_grant(gt, ref, me, xn_os_gfn(page), false);
	xn_gntcopy_from(&op[0], me, ref, 0, buf, 1);
	xn_gntcopy_from(&op[1], me, ref, 0, buf, 1);
	host_set_liar(liar);
	lie.status = 3;
	assert_int_equal(xn_gnttab_copy(op, 2), -EIO);
	lie.status = -300;
	assert_int_equal(xn_gnttab_copy(op, 2), -EIO);
	lie.status = GNTST_eagain;
	assert_int_equal(xn_gnttab_copy(op, 2), -EAGAIN);
	lie.status = GNTST_okay;
	lie.ret = 1;
	assert_int_equal(xn_gnttab_copy(op, 2), -EIO);
	lie.ret = -5000;
	assert_int_equal(xn_gnttab_copy(op, 2), -EIO);
	host_set_liar(NULL);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)
#define V2(name) { #name " v2", test_##name, start_v2, stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(page), V2(page), V2(sub_page), V2(third), T(batch), V2(batch),
		T(lies),
	};

	return cmocka_run_group_tests_name("gnttab copy", tests, NULL, NULL);
}
