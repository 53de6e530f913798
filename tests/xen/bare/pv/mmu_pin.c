// SPDX-License-Identifier: MIT
/*
 * MMUEXT_PIN_L1_TABLE ... L4_TABLE and MMUEXT_UNPIN_TABLE (xen-public/xen.h): Xen
 * checks a page of the guest's as a page table of that level, with all tables
 * below, and uses it as one. A page that is writable anywhere is refused; a
 * pinned one cannot be made writable.
 *
 * Known by building a table of each level on the one below, and by Xen's
 * answers.
 */
#include "pv.h"

#define LEVELS	4u

static uint64_t *table[LEVELS + 1];	/* by level; [0] is a page */

static bool get_pages(void)
{
	unsigned int i;

	for (i = 0; i <= LEVELS; i++) {
		table[i] = xn_os_page_alloc();
		if (!table[i])
			return false;
	}
	return true;
}

static void one_level(unsigned int l)
{
	int err;

	table[l][5] = pte_of(table[l - 1]) |
		      (l > 1 ? XN_PTE_TABLE : XN_PTE_WRITE);
	err = xn_pv_pin(&bare_pv, table[l], l);
	CHECK(err < 0, "level %u: writable, it is refused (error %d)", l, err);
	err = xn_pv_protect(&bare_pv, table[l], true);
	CHECK(!err, "level %u: made read-only (error %d)", l, err);
	err = xn_pv_pin(&bare_pv, table[l], l);
	CHECK(!err, "level %u: pinned (error %d)", l, err);
	err = xn_pv_protect(&bare_pv, table[l], false);
	CHECK(err < 0, "level %u: it does not become writable (error %d)", l,
	      err);
	err = xn_pv_pin(&bare_pv, table[l], l);
	CHECK(err < 0, "level %u: not pinned a second time (error %d)", l,
	      err);
	if (l < LEVELS) {
		err = xn_pv_pin(&bare_pv, table[l], l + 1);
		CHECK(err < 0, "level %u: it is not of the next one (error %d)",
		      l, err);
	}
}

SELFTEST(mmu, pv_pin, NEEDS_PV)
{
	unsigned int l;
	int err;

	REQUIRE(get_pages(), "five pages");
	for (l = 1; l <= LEVELS; l++)
		one_level(l);
	for (l = 1; l < LEVELS; l++) {
		err = xn_pv_unpin(&bare_pv, table[l]);
		CHECK(!err, "level %u: unpinned (error %d)", l, err);
		err = xn_pv_protect(&bare_pv, table[l], false);
		CHECK(err < 0, "level %u: another one leads to it (error %d)",
		      l, err);
	}
	err = xn_pv_unpin(&bare_pv, table[LEVELS]);
	CHECK(!err, "level 4: unpinned (error %d)", err);
	for (l = LEVELS; l; l--) {
		err = xn_pv_protect(&bare_pv, table[l], false);
		CHECK(!err, "level %u: writable again (error %d)", l, err);
		table[l][5] = 0;
	}
	for (l = 0; l <= LEVELS; l++)
		xn_os_page_free(table[l]);
}

SELFTEST(mmu, pv_pin_refused, NEEDS_PV)
{
	uint64_t *t = xn_os_page_alloc();
	int err;

	REQUIRE(t, "a page");
	t[0] = PTE_NOWHERE;
	xn_pv_protect(&bare_pv, t, true);
	err = xn_pv_pin(&bare_pv, t, 1);
	CHECK(err < 0, "an entry that leads nowhere (error %d)", err);
	err = xn_pv_unpin(&bare_pv, t);
	CHECK(err < 0, "unpinned without being pinned (error %d)", err);
	CHECK(xn_pv_pin(&bare_pv, t, 0) == -EINVAL &&
	      xn_pv_pin(&bare_pv, t, 5) == -EINVAL, "no such level");
	CHECK(xn_pv_pin(&bare_pv, (void *)~0xffful, 1) == -EINVAL &&
	      xn_pv_unpin(&bare_pv, (void *)~0xffful) == -EINVAL &&
	      xn_pv_protect(&bare_pv, (void *)~0xffful, true) == -EINVAL,
	      "no such page");
	err = xn_pv_protect(&bare_pv, t, false);
	CHECK(!err, "it is a page as any other (error %d)", err);
	t[0] = 0;
	xn_os_page_free(t);
}
