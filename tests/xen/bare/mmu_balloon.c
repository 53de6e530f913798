// SPDX-License-Identifier: MIT
/*
 * XENMEM_decrease_reservation and XENMEM_populate_physmap
 * (xen-public/memory.h): a domain gives the memory of pages to Xen, and gets
 * memory for the same pages later. No other page changes, and no memory is used
 * for two pages.
 *
 * Known by XENMEM_current_reservation, which counts the domain's pages; by a
 * pattern in pages that stay, which lie between those that go; and by a pattern
 * in the pages that came back, written to all of them before any is read.
 */
#include "selftest.h"

#define PAGES		1400u
#define GIVEN		700u		/* every other one */
#define WORDS		(XN_PAGE_SIZE / sizeof(uint64_t))

static void *staying[PAGES - GIVEN], *going[GIVEN];

static void write_pattern(void *page, uint64_t n)
{
	uint64_t *p = page;
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		p[i] = n * 0x9e3779b97f4a7c15ull + i;
}

static bool has_pattern(const void *page, uint64_t n)
{
	const uint64_t *p = page;
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (p[i] != n * 0x9e3779b97f4a7c15ull + i)
			return false;
	return true;
}

static unsigned int damaged(void **page, unsigned int count, uint64_t first)
{
	unsigned int i, n = 0;

	for (i = 0; i < count; i++)
		n += !has_pattern(page[i], first + i);
	return n;
}

static bool get_pages(void)
{
	unsigned int i;

	for (i = 0; i < GIVEN; i++) {
		staying[i] = xn_os_page_alloc();
		going[i] = xn_os_page_alloc();
		if (!staying[i] || !going[i])
			return false;
		write_pattern(staying[i], i);
		write_pattern(going[i], PAGES + i);
	}
	return true;
}

static void put_pages(void)
{
	unsigned int i;

	for (i = 0; i < GIVEN; i++) {
		xn_os_page_free(staying[i]);
		xn_os_page_free(going[i]);
	}
}

SELFTEST(mmu, balloon, 0)
{
	struct xn_balloon b = { 0 };
	long before, limit;
	unsigned int i, round;
	int n;

	if (!get_pages()) {
		put_pages();
		selftest_skip("the domain has too little memory");
		return;
	}
	before = xn_balloon_current();
	limit = xn_balloon_limit();
	CHECK(before >= PAGES, "the domain has %ld pages", before);
	CHECK(limit >= before, "and may have %ld", limit);

	for (round = 0; round < 3; round++) {
		n = xn_balloon_give(&b, going, GIVEN);
		REQUIRE(n == GIVEN, "%u pages go to Xen: %d", GIVEN, n);
		CHECK(xn_balloon_current() == before - GIVEN,
		      "so many fewer are ours");
		n = damaged(staying, GIVEN, 0);
		CHECK(!n, "none of those between is damaged (%d)", n);

		n = xn_balloon_take(&b, going, GIVEN);
		REQUIRE(n == GIVEN && !b.count && !b.lost,
			"they come back: %d", n);
		CHECK(xn_balloon_current() == before, "as many are ours again");
		for (i = 0; i < GIVEN; i++)
			write_pattern(going[i], 2 * PAGES + i);
		n = damaged(going, GIVEN, 2 * PAGES);
		CHECK(!n, "each has memory of its own (%d have not)", n);
		n = damaged(staying, GIVEN, 0);
		CHECK(!n, "still none of the others is damaged (%d)", n);
	}
	CHECK(!xn_balloon_take(&b, going, 1), "an empty balloon has no pages");
	xn_balloon_fini(&b);
	put_pages();
}

/* Xen finds the new memory by the page's frame number, as it did the old one. */
SELFTEST(mmu, balloon_copy, 0)
{
	struct xn_balloon b = { 0 };
	void *page = xn_os_page_alloc(), *copy = xn_os_page_alloc();
	struct gnttab_copy op = { .len = XN_PAGE_SIZE };
	int err;

	REQUIRE(page && copy, "two pages");
	op.source.domid = DOMID_SELF;
	op.source.u.gmfn = xn_os_gfn(page);
	op.dest.domid = DOMID_SELF;
	op.dest.u.gmfn = xn_os_gfn(copy);
	CHECK(!xn_gnttab_copy(&op, 1), "Xen copies one to the other");
	REQUIRE(xn_balloon_give(&b, &page, 1) == 1, "one goes");
	CHECK(xn_gnttab_copy(&op, 1), "its frame is not ours any more");
	REQUIRE(xn_balloon_take(&b, &page, 1) == 1, "and comes back");
	write_pattern(page, 42);
	op.source.u.gmfn = xn_os_gfn(page);
	err = xn_gnttab_copy(&op, 1);
	CHECK(!err, "Xen copies it (error %d)", err);
	CHECK(has_pattern(copy, 42), "and finds what we wrote");
	xn_balloon_fini(&b);
	xn_os_page_free(page);
	xn_os_page_free(copy);
}
