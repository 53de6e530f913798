// SPDX-License-Identifier: MIT
/*
 * GNTTABOP_copy, GTF_sub_page, GTF_transitive (xen-public/grant_table.h): Xen
 * copies between a domain's own pages and pages that were granted to it, within
 * one page each. A version 2 table can also grant parts of pages, and grants of
 * a third domain, but not the domain's own grants.
 *
 * Known by the bytes copied, and by those around them.
 */
#include "grant.h"

static char *page, *buf;
static grant_ref_t ref;

static int from(grant_ref_t r, unsigned int offset, void *va, unsigned int len)
{
	struct gnttab_copy op;

	xn_gntcopy_from(&op, selftest_domid(), r, offset, va, len);
	return xn_gnttab_copy(&op, 1);
}

static int to(grant_ref_t r, unsigned int offset, const void *va,
	      unsigned int len)
{
	struct gnttab_copy op;

	xn_gntcopy_to(&op, selftest_domid(), r, offset, va, len);
	return xn_gnttab_copy(&op, 1);
}

/* Run @fn with a page to grant and a buffer. */
static void with_page(unsigned int version, void (*fn)(void))
{
	page = xn_os_page_alloc();
	buf = xn_os_page_alloc();
	REQUIRE(page && buf, "two pages");
	selftest_gnttab(version, fn);
	xn_os_page_free(page);
	xn_os_page_free(buf);
}

static bool filled(const char *p, char c, unsigned int len)
{
	while (len && *p == c) {
		p++;
		len--;
	}
	return !len;
}

static void whole_page(void)
{
	struct gnttab_copy op[3];
	int err;

	REQUIRE(selftest_grant_self(page, false, &ref), "two pages");
	memset(page, 'a', XN_PAGE_SIZE);
	memset(buf, 'b', XN_PAGE_SIZE);
	err = from(ref, 100, buf + 200, 50);
	CHECK(!err, "copied out of it (error %d)", err);
	CHECK(filled(buf, 'b', 200) && filled(buf + 200, 'a', 50) &&
	      filled(buf + 250, 'b', XN_PAGE_SIZE - 250),
	      "those bytes and no others");
	err = to(ref, 4000, buf, 96);
	CHECK(!err && filled(page, 'a', 4000) && filled(page + 4000, 'b', 96),
	      "copied into it, up to its end (error %d)", err);
	err = to(ref, 0, buf, XN_PAGE_SIZE);
	CHECK(!err && !memcmp(page, buf, XN_PAGE_SIZE),
	      "all of it (error %d)", err);
	CHECK(from(ref, 4001, buf, 96) == -EINVAL &&
	      from(ref, 0, buf + 1, XN_PAGE_SIZE) == -EINVAL,
	      "not beyond a page");

	xn_gntcopy_from(&op[0], DOMID_SELF, ref, 0, buf, 10);
	xn_gntcopy_from(&op[1], DOMID_SELF, ref + 1, 0, buf, 10);
	xn_gntcopy_from(&op[2], DOMID_SELF, ref, 10, buf + 10, 10);
	memset(page, 'c', XN_PAGE_SIZE);
	err = xn_gnttab_copy(op, 3);
	CHECK(err == -EACCES && xn_gntst_errno(op[0].status) == 0 &&
	      xn_gntst_errno(op[1].status) == -EACCES &&
	      xn_gntst_errno(op[2].status) == 0 && filled(buf, 'c', 20),
	      "three at once, of which one is refused (error %d)", err);
	err = xn_gnttab_end(GT, ref);
	CHECK(!err, "ended (error %d)", err);
	CHECK(from(ref, 0, buf, 1) == -EACCES, "ended: refused");
	xn_gnttab_grant(GT, ref, selftest_domid(), xn_os_gfn(page), true);
	CHECK(!from(ref, 0, buf, 1), "granted to read: copied out of it");
	CHECK(to(ref, 0, buf, 1) == -EACCES, "and not into it");
	CHECK(!xn_gnttab_end(GT, ref), "ended");
	xn_gnttab_free(GT, ref);
}

SELFTEST(grant, copy_v1, 0)
{
	with_page(1, whole_page);
}

SELFTEST(grant, copy_v2, 0)
{
	with_page(2, whole_page);
}

static bool sub_page(unsigned int offset, unsigned int len, bool readonly)
{
	return !xn_gnttab_grant_sub_page(GT, ref, selftest_domid(),
					 xn_os_gfn(page), offset, len,
					 readonly);
}

static void parts(void)
{
	struct xn_gntmap_req req = { .domid = selftest_domid() };
	struct xn_gntmap m;
	int err;

	REQUIRE(!xn_gnttab_get(GT, &ref), "a reference");
	memset(page, 'a', XN_PAGE_SIZE);
	memset(buf, 'b', XN_PAGE_SIZE);
	CHECK(sub_page(1000, 24, false), "24 bytes are granted");
	err = from(ref, 1000, buf, 24);
	CHECK(!err && filled(buf, 'a', 24) && buf[24] == 'b',
	      "copied out (error %d)", err);
	err = to(ref, 1010, buf + 100, 14);
	CHECK(!err && filled(page + 1010, 'b', 14) && page[1024] == 'a',
	      "copied in, the last of them (error %d)", err);
	CHECK(from(ref, 999, buf, 24) == -EACCES, "not a byte before");
	CHECK(from(ref, 1000, buf, 25) == -EACCES, "nor one after");
	CHECK(to(ref, 1024, buf, 1) == -EACCES && page[1024] == 'a',
	      "nor one after alone");
	CHECK(from(ref, 0, buf, 24) == -EACCES, "nor elsewhere");
	req.ref = ref;
	if (selftest_room(&m, 1)) {
		err = xn_gntmap_map(&m, &req, 1);
		CHECK(err == -EACCES, "it is not mapped (error %d)", err);
		xn_gntmap_fini(&m);
	}
	CHECK(!xn_gnttab_end(GT, ref), "ended");
	CHECK(from(ref, 1000, buf, 24) == -EACCES, "ended: refused");

	CHECK(sub_page(0, XN_PAGE_SIZE, true), "a page, as a part, to read");
	CHECK(!from(ref, 0, buf, XN_PAGE_SIZE), "copied out");
	CHECK(to(ref, 0, buf, 1) == -EACCES, "and not in");
	CHECK(!xn_gnttab_end(GT, ref), "ended");
	xn_gnttab_free(GT, ref);
}

SELFTEST(grant, sub_page, 0)
{
	with_page(2, parts);
}

/* A transitive grant is for a third domain's grant: Xen refuses its own. */
static void of_our_own(void)
{
	domid_t me = selftest_domid();
	grant_ref_t other;
	int err;

	REQUIRE(selftest_grant_self(page, false, &other), "two pages");
	REQUIRE(!xn_gnttab_get(GT, &ref), "a reference");
	err = xn_gnttab_grant_transitive(GT, ref, me, me, other, false);
	CHECK(!err, "our own grant is granted (error %d)", err);
	CHECK(from(ref, 0, buf, 1) == -EACCES, "refused: it is no third's");
	err = xn_gnttab_end(GT, ref);
	CHECK(!err, "ended (error %d)", err);
	CHECK(!from(other, 0, buf, 1), "the first one is as it was");
	CHECK(!xn_gnttab_end(GT, other), "ended, too");
	xn_gnttab_free(GT, ref);
	xn_gnttab_free(GT, other);
}

SELFTEST(grant, transitive_self, 0)
{
	with_page(2, of_our_own);
}

static void not_in_v1(void)
{
	REQUIRE(!xn_gnttab_get(GT, &ref), "a reference");
	CHECK(xn_gnttab_grant_sub_page(GT, ref, 0, 1, 0, 1, true) ==
	      -EOPNOTSUPP, "version 1 has no parts of pages");
	CHECK(xn_gnttab_grant_transitive(GT, ref, 0, 0, 8, true) ==
	      -EOPNOTSUPP, "nor grants of grants");
	xn_gnttab_free(GT, ref);
}

SELFTEST(grant, only_v2, 0)
{
	selftest_gnttab(1, not_in_v1);
}
