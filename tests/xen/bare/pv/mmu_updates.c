// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_mmu_update and HYPERVISOR_update_va_mapping (xen-public/xen.h):
 * Xen writes page-table entries for a PV guest, in order, and refuses an update
 * that would make another domain's frame accessible, or a page table writable.
 * Updates before the refused one are done, those after it are not.
 *
 * Known by pages with marks in them, which appear in a hole of the address
 * space, and by the entries themselves. As a frame that is not the guest's, the
 * test uses one that the guest has just given to Xen.
 */
#include "pv.h"

#define COUNT	(3 * XN_MMU_BATCH + 5)	/* several batches, one not full */

static char *hole;
static uint64_t ptr[COUNT];

static bool has_entry(unsigned int i)
{
	const uint64_t *e = xn_pv_entry(&bare_pv, hole + i * XN_PAGE_SIZE, 1,
					&ptr[i]);

	return e && !*e;
}

static bool open_hole(xen_pfn_t *gfn)
{
	unsigned int i, n = 0;

	if (xn_os_hole_get(COUNT, gfn))
		return false;
	hole = xn_os_map(*gfn, COUNT);
	for (i = 0; hole && i < COUNT; i++)
		n += has_entry(i);
	return n == COUNT;
}

static bool is_empty(unsigned int i)
{
	return has_entry(i);
}

static uint64_t mark_in_hole(unsigned int i)
{
	return *(volatile uint64_t *)(hole + i * XN_PAGE_SIZE);
}

static void many(uint64_t *page[2])
{
	struct xn_mmu_batch b = { 0 };
	unsigned int i, bad = 0;
	int err = 0;

	for (i = 0; !err && i < COUNT; i++)
		err = xn_mmu_queue(&b, ptr[i], pte_of(page[i & 1]));
	if (!err)
		err = xn_mmu_flush(&b);
	REQUIRE(!err, "%u updates in batches of %u (error %d)", COUNT,
		XN_MMU_BATCH, err);
	CHECK(b.done == COUNT % XN_MMU_BATCH, "Xen counts the last ones: %u",
	      b.done);
	for (i = 0; i < COUNT; i++)
		bad += mark_in_hole(i) != *page[i & 1];
	CHECK(!bad, "each address has its page (%u have not)", bad);
	CHECK(!xn_mmu_flush(&b) && !b.done, "an empty batch asks for nothing");
	for (i = 0; !err && i < COUNT; i++)
		err = xn_pv_set(hole + i * XN_PAGE_SIZE, 0);
	CHECK(!err && is_empty(0) && is_empty(COUNT - 1),
	      "and taken away again, one by one (error %d)", err);
}

static void expect_no(uint64_t *page[2], const char *what, uint64_t pte)
{
	struct xn_mmu_batch b = { 0 };
	int err;

	xn_mmu_queue(&b, ptr[0], pte_of(page[0]));
	xn_mmu_queue(&b, ptr[1], pte);
	xn_mmu_queue(&b, ptr[2], pte_of(page[1]));
	err = xn_mmu_flush(&b);
	CHECK(err < 0, "%s: refused (error %d)", what, err);
	CHECK(b.done == 1, "%s: it was number 1: %u", what, b.done);
	CHECK(mark_in_hole(0) == *page[0] && is_empty(1) && is_empty(2),
	      "%s: what was before it is done, the rest is not", what);
	CHECK(xn_pv_set(hole + XN_PAGE_SIZE, pte) < 0 && is_empty(1),
	      "%s: refused alone, too", what);
	xn_pv_set(hole, 0);
}

/* The same with a frame that was the guest's before. */
static void given_away(uint64_t *page[2])
{
	struct xn_balloon b = { 0 };
	void *gone = xn_os_page_alloc(), *back;
	uint64_t pte = pte_of(gone);
	int n = xn_balloon_give(&b, &gone, 1);

	REQUIRE(n == 1, "a page goes to Xen: %d", n);
	expect_no(page, "a foreign frame", pte);
	n = xn_balloon_take(&b, &back, 1);
	CHECK(n == 1, "it comes back: %d", n);
	xn_balloon_fini(&b);
	if (n == 1)
		xn_os_page_free(back);
}

SELFTEST(mmu, pv_updates, NEEDS_PV)
{
	uint64_t *page[2] = { xn_os_page_alloc(), xn_os_page_alloc() };
	xen_pfn_t gfn;

	REQUIRE(page[0] && page[1] && open_hole(&gfn),
		"two pages, and addresses for %u", COUNT);
	*page[0] = 0x1111;
	*page[1] = 0x2222;
	many(page);
	expect_no(page, "no machine's frame", PTE_NOWHERE);
	given_away(page);
	expect_no(page, "a page table, writable",
		pte_of((void *)(bare_pv.root << XN_PAGE_SHIFT)) |
		XN_PTE_WRITE);
	CHECK(!xn_pv_set(hole, pte_of((void *)(bare_pv.root <<
					       XN_PAGE_SHIFT))),
	      "a page table, read-only");
	CHECK(!memcmp(hole, (void *)(bare_pv.root << XN_PAGE_SHIFT), 2048),
	      "is that table");
	xn_pv_set(hole, 0);
	xn_os_unmap(hole, COUNT);
	xn_os_hole_put(gfn, COUNT);
	xn_os_page_free(page[0]);
	xn_os_page_free(page[1]);
}

/* The guest has no tables for Xen's addresses. */
SELFTEST(mmu, pv_no_tables, NEEDS_PV)
{
	CHECK(!xn_pv_entry(&bare_pv, (void *)HYPERVISOR_VIRT_START, 4, NULL),
	      "there is no entry for Xen's addresses");
	CHECK(xn_pv_extend(&bare_pv, (void *)HYPERVISOR_VIRT_START, 1) ==
	      -EINVAL, "no tables for them");
	CHECK(xn_pv_extend(&bare_pv, (void *)0x7ffffffff000, 2) == -EINVAL,
	      "nor beyond the last address");
	CHECK(!xn_pv_extend(&bare_pv, (void *)0x7ffffffff000, 1) &&
	      xn_pv_entry(&bare_pv, (void *)0x7ffffffff000, 1, NULL),
	      "except the last one");
}
