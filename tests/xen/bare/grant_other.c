// SPDX-License-Identifier: MIT
/*
 * Grants between two domains (xen-public/grant_table.h): the guest maps and
 * copies pages of dom0's; dom0 copies and maps pages that the guest grants: a
 * whole one, a part of one, and one of dom0's own granted on (GTF_transitive).
 *
 * dom0's half (tests/xen/bare/dom0/gnt.c, domu.dom0.sh) uses Linux's drivers,
 * and writes its references and results to xenstore.
 */
#include "grant.h"

#define WAIT_NS		(60 * XN_NSEC_PER_SEC)
#define POLL_NS		(50 * XN_NSEC_PER_MSEC)
#define GIFT		"from dom0"

static struct xn_gntmap m;
static struct xn_gntmap_req rw, ro;

/* Waits for a number by dom0 that differs from the last one. */
static bool from_dom0(const char *node, uint64_t *value)
{
	uint64_t until = xn_os_now() + WAIT_NS, last = *value;

	do {
		if (!xn_xs_read_uint(&bare_guest.xs, XN_XS_NOTXN, "data/gnt",
				     node, UINT32_MAX, value) && *value != last)
			return true;
		bare_sleep(POLL_NS);
	} while (xn_os_now() < until);
	return false;
}

static void to_dom0(const char *node, grant_ref_t ref)
{
	int err = xn_xs_write_uint(&bare_guest.xs, XN_XS_NOTXN, "data/gnt",
				   node, ref);

	CHECK(!err, "dom0 is told of it (error %d)", err);
}

static void theirs(char *buf)
{
	char *seen = xn_gntmap_va(&m, 0), *only = xn_gntmap_va(&m, 1);
	struct gnttab_copy op;
	int err;

	err = xn_gntmap_map(&m, &rw, 1);
	REQUIRE(!err, "dom0's page is mapped (error %d)", err);
	CHECK(!memcmp(seen, GIFT, sizeof(GIFT)), "with its text");
	memcpy(seen + 100, "guest", 5);
	ro.readonly = false;
	CHECK(xn_gntmap_map(&m, &ro, 1) == -EACCES,
	      "another one is not, to write");
	ro.readonly = true;
	err = xn_gntmap_map(&m, &ro, 1);
	CHECK(!err && !memcmp(only, GIFT, sizeof(GIFT)),
	      "but to read, with its text (error %d)", err);
	xn_gntcopy_from(&op, rw.domid, rw.ref, 98, buf, 9);
	err = xn_gnttab_copy(&op, 1);
	CHECK(!err && !memcmp(buf, "\0\0guest\0\0", 9),
	      "copied out of, with what we wrote (error %d)", err);
	xn_gntcopy_to(&op, ro.domid, ro.ref, 0, buf, 1);
	CHECK(xn_gnttab_copy(&op, 1) == -EACCES,
	      "not into the other one");
}

static void end(grant_ref_t ref, const char *what)
{
	int err = xn_gnttab_end(GT, ref);

	CHECK(!err, "%s: ended (error %d)", what, err);
	xn_gnttab_free(GT, ref);
}

static void ours(char *page)
{
	grant_ref_t whole, part, on;
	uint64_t held = 0;
	int err;

	REQUIRE(!xn_gnttab_get(GT, &whole) && !xn_gnttab_get(GT, &part) &&
		!xn_gnttab_get(GT, &on), "three references");
	memcpy(page, "the guest's", 12);
	memcpy(page + 1000, "a part", 6);
	xn_gnttab_grant(GT, whole, 0, xn_os_gfn(page), false);
	to_dom0("whole", whole);
	err = xn_gnttab_grant_sub_page(GT, part, 0, xn_os_gfn(page), 1000, 6,
				       true);
	CHECK(!err, "a part of a page is granted (error %d)", err);
	to_dom0("part", part);
	err = xn_gnttab_grant_transitive(GT, on, 0, 0, rw.ref, false);
	CHECK(!err, "and dom0's own page (error %d)", err);
	to_dom0("on", on);
	bare_print("# tell gnt\n");

	CHECK(from_dom0("held", &held), "dom0 is done except one mapping");
	CHECK(!memcmp(page + 200, "written in dom0", 15),
	      "it has written into the page");
	CHECK(xn_gnttab_end(GT, whole) == -EBUSY, "it is in use");
	end(part, "the part");
	end(on, "dom0's own");
	bare_print("# tell gnt-held\n");
	CHECK(from_dom0("held", &held), "dom0 lets go");
	end(whole, "the page");
}

static void with_dom0(void)
{
	uint64_t ref[2] = { 0 };
	char *page = xn_os_page_alloc(), *buf = xn_os_page_alloc();
	int err = xn_gntmap_init(&m, 2);

	REQUIRE(page && buf && !err, "two pages, room for two (error %d)",
		err);
	if (CHECK(from_dom0("rw", &ref[0]) && from_dom0("ro", &ref[1]),
		  "dom0 tells two references")) {
		rw = (struct xn_gntmap_req){ .slot = 0, .ref = ref[0] };
		ro = (struct xn_gntmap_req){ .slot = 1, .ref = ref[1] };
		theirs(buf);
		ours(page);
	}
	xn_gntmap_fini(&m);
	bare_print("# tell gnt-done\n");
	xn_os_page_free(page);
	xn_os_page_free(buf);
}

SELFTEST(grant, other, NEEDS_STORE | NEEDS_DOM0)
{
	selftest_gnttab(2, with_dom0);
}
