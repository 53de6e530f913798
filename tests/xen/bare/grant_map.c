// SPDX-License-Identifier: MIT
/*
 * GTF_permit_access, GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref
 * (xen-public/grant_table.h): a domain maps a page that was granted to it,
 * read-only or, if the grant allows it, writable; the granter sees that it is
 * in use; after its end, a grant cannot be mapped. A domain may grant to
 * itself.
 *
 * Known by a page that appears at two addresses, and by Xen's refusals.
 */
#include "grant.h"

#define PAGES	40u

static struct xn_gntmap m;

static struct xn_gntmap_req request(unsigned int slot, grant_ref_t ref,
				    bool readonly)
{
	return (struct xn_gntmap_req){
		.slot = slot, .domid = selftest_domid(), .ref = ref,
		.readonly = readonly,
	};
}

static int map(unsigned int slot, grant_ref_t ref, bool readonly)
{
	struct xn_gntmap_req req = request(slot, ref, readonly);

	return xn_gntmap_map(&m, &req, 1);
}

static int unmap(unsigned int slot)
{
	struct xn_gntmap_req req = { .slot = slot };

	return xn_gntmap_unmap(&m, &req, 1);
}

/* ---- one page ---- */

/* The page's first byte, copied by Xen. */
static int first_byte(grant_ref_t ref, uint8_t *buf)
{
	struct gnttab_copy op;

	xn_gntcopy_from(&op, selftest_domid(), ref, 0, buf, 1);
	return xn_gnttab_copy(&op, 1) ? -1 : *buf;
}

static void to_write(uint8_t *page, uint8_t *buf, grant_ref_t ref)
{
	uint8_t *seen = xn_gntmap_va(&m, 0), *again = xn_gntmap_va(&m, 1);
	int err;

	*page = 0x67;
	err = map(0, ref, false);
	REQUIRE(!err, "it is mapped (error %d)", err);
	CHECK(seen != page && XN_READ_ONCE(*seen) == 0x67,
	      "with what we wrote");
	XN_WRITE_ONCE(*seen, 0x69);
	CHECK(first_byte(ref, buf) == 0x69, "what is written there is in it");
	err = map(1, ref, true);
	CHECK(!err && XN_READ_ONCE(*again) == 0x69,
	      "a second time, to read (error %d)", err);
	XN_WRITE_ONCE(*seen, 0x66);
	CHECK(XN_READ_ONCE(*again) == 0x66, "both are one");
	if (xn_frame_ops->own_moves)
		CHECK(XN_READ_ONCE(*page) == 0xff,
		      "and it is gone from where it was");
	else
		CHECK(XN_READ_ONCE(*page) == 0x66, "with the page itself");

	CHECK(map(0, ref, false) == -EBUSY, "where a page is, comes no other");
	CHECK(xn_gnttab_end(GT, ref) == -EBUSY, "mapped twice: in use");
	CHECK(!unmap(0), "unmapped once");
	CHECK(xn_gnttab_end(GT, ref) == -EBUSY, "still in use");
	CHECK(!unmap(1), "unmapped twice");
	err = xn_gnttab_end(GT, ref);
	CHECK(!err, "ended (error %d)", err);
	CHECK(map(0, ref, true) == -EACCES, "ended: not mapped any more");
}

/* Where to continue after a write that faults. */
static uint64_t after_write;

static bool skip_write(struct bare_frame *f)
{
	bare_trap_hook = NULL;
	f->rip = after_write;
	return true;
}

static void try_write(void *at)
{
	bare_trap_hook = skip_write;
	asm volatile("lea 1f(%%rip), %%rax\n\t"
		     "mov %%rax, %0\n\t"
		     "movb $0x55, (%1)\n"
		     "1:"
		     : "=m" (after_write) : "r" (at) : "rax", "memory");
	bare_trap_hook = NULL;
}

static void to_read(uint8_t *page, uint8_t *buf, grant_ref_t ref)
{
	uint8_t *seen = xn_gntmap_va(&m, 0);
	int err;

	*page = 0x67;
	CHECK(map(0, ref, false) == -EACCES, "not mapped to write");
	err = map(0, ref, true);
	REQUIRE(!err, "but to read (error %d)", err);
	CHECK(XN_READ_ONCE(*seen) == 0x67, "with what we wrote");
	try_write(seen);
	CHECK(first_byte(ref, buf) == 0x67, "a write there changes nothing");
	CHECK(map(1, ref, false) == -EACCES,
	      "who reads it does not get to write it");
	CHECK(xn_gnttab_end(GT, ref) == -EBUSY, "mapped: in use");
	CHECK(map(1, ref, false) == -EACCES,
	      "nor while it is being ended");
	CHECK(!unmap(0), "unmapped");
	err = xn_gnttab_end(GT, ref);
	CHECK(!err, "ended (error %d)", err);
}

static void one_page(void)
{
	uint8_t *page[2] = { xn_os_page_alloc(), xn_os_page_alloc() };
	uint8_t *buf = xn_os_page_alloc();
	grant_ref_t ref;

	if (!buf || !page[0] || !page[1] || !selftest_room(&m, 2))
		return;
	if (selftest_grant_self(page[0], false, &ref)) {
		to_write(page[0], buf, ref);
		/* The same reference, this time read-only. */
		xn_gnttab_grant(GT, ref, selftest_domid(), xn_os_gfn(page[1]),
				true);
		to_read(page[1], buf, ref);
		xn_gnttab_free(GT, ref);
	}
	xn_gntmap_fini(&m);
	selftest_give_up(page[0]);
	selftest_give_up(page[1]);
	xn_os_page_free(buf);
}

SELFTEST(grant, map_v1, 0)
{
	selftest_gnttab(1, one_page);
}

SELFTEST(grant, map_v2, 0)
{
	selftest_gnttab(2, one_page);
}

/* ---- many ---- */

static void many_pages(void)
{
	static struct xn_gntmap_req req[PAGES];
	unsigned int i, good = 0;
	static grant_ref_t ref[PAGES];
	static uint32_t *page[PAGES];
	uint64_t calls;
	int err;

	if (!selftest_room(&m, PAGES))
		return;
	for (i = 0; i < PAGES; i++) {
		page[i] = xn_os_page_alloc();
		if (page[i])
			*page[i] = i;
		good += page[i] && !xn_gnttab_grant_page(GT, selftest_domid(),
							 page[i], i & 1, &ref[i]);
		req[i] = request(PAGES - 1 - i, ref[i], true);
	}
	CHECK(good == PAGES, "%u of %u pages are granted", good, PAGES);
	/* A reference that was not granted, and one beyond the table. */
	req[7].ref = 5;
	req[30].ref = 1u << 30;
	calls = bare_stat[XN_STAT_HYPERCALL];
	err = xn_gntmap_map(&m, req, PAGES);
	calls = bare_stat[XN_STAT_HYPERCALL] - calls;
	CHECK(err == -EACCES, "two of them are refused (error %d)", err);
	CHECK(req[7].err == -EACCES && req[30].err == -ENOENT,
	      "those two (errors %d and %d)", req[7].err, req[30].err);
	CHECK(calls <= 3, "%lu hypercalls", calls);
	for (i = good = 0; i < PAGES; i++)
		good += !req[i].err && XN_READ_ONCE(*(uint32_t *)
					xn_gntmap_va(&m, req[i].slot)) == i;
	CHECK(good == PAGES - 2, "%u are seen", good);
	err = xn_gntmap_unmap(&m, req, PAGES);
	CHECK(!err, "all are unmapped (error %d)", err);
	for (i = good = 0; i < PAGES; i++)
		good += !xn_gnttab_end_page(GT, ref[i], page[i],
					    selftest_give_up);
	CHECK(good == PAGES, "%u of %u grants end", good, PAGES);
	xn_gntmap_fini(&m);
}

SELFTEST(grant, map_many, 0)
{
	selftest_gnttab(1, many_pages);
}

/* ---- another domain's page ---- */

static void whose(void)
{
	struct xn_gntmap_req req;
	void *page = xn_os_page_alloc();
	grant_ref_t ref;
	int err;

	if (!page || !selftest_room(&m, 1))
		return;
	REQUIRE(!xn_gnttab_get(GT, &ref), "a reference");
	xn_gnttab_grant(GT, ref, selftest_domid() + 1, xn_os_gfn(page), false);
	CHECK(map(0, ref, true) == -EACCES, "granted to another: refused");
	CHECK(!xn_gnttab_end(GT, ref), "and ended");
	xn_gnttab_grant(GT, ref, selftest_domid(), xn_os_gfn(page), false);
	req = request(0, ref, false);
	req.domid = DOMID_SELF;
	err = xn_gntmap_map(&m, &req, 1);
	CHECK(err == -ESRCH, "DOMID_SELF is no domain here (error %d)", err);
	req.domid = DOMID_FIRST_RESERVED - 1;
	err = xn_gntmap_map(&m, &req, 1);
	CHECK(err == -ESRCH, "nor one that is not there (error %d)", err);
	CHECK(!xn_gnttab_end(GT, ref), "ended");
	xn_gnttab_free(GT, ref);
	xn_gntmap_fini(&m);
	xn_os_page_free(page);
}

/* An HVM or PVH guest would lose its own page by mapping it. */
static void own_refused(void)
{
	struct xn_gntmap_req req = { .domid = selftest_domid() };
	uint32_t *page = xn_os_page_alloc();
	int err = xn_gntmap_init(&m, 1);

	REQUIRE(page && !err, "a page, and room for one (error %d)", err);
	*page = 0x6769;
	if (selftest_grant_self(page, false, &req.ref)) {
		err = xn_gntmap_map(&m, &req, 1);
		CHECK(err == -EOPNOTSUPP, "not mapped (error %d)", err);
		CHECK(XN_READ_ONCE(*page) == 0x6769, "it is where it was");
		err = xn_gnttab_end_page(GT, req.ref, page, xn_os_page_free);
		CHECK(!err, "ended (error %d)", err);
	}
	xn_gntmap_fini(&m);
}

SELFTEST(grant, map_own, NEEDS_HVM)
{
	selftest_gnttab(1, own_refused);
}

SELFTEST(grant, map_whose, 0)
{
	selftest_gnttab(1, whose);
}
