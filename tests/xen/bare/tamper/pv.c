// SPDX-License-Identifier: MIT
/*
 * A toolstack that passes invalid data to a PV guest, in the start info and the
 * list of pages (struct start_info in xen-public/xen.h). Linked with
 * --wrap=xn_start_pv.
 */
#include "bare.h"
#include "tamper.h"

#define FAR	(1ull << 45)

static void remove_pages(struct start_info *si, uint64_t start, uint64_t end)
{
	xen_pfn_t *p2m = (xen_pfn_t *)si->mfn_list;

	for (; start < end && start < si->nr_pages; start++)
		p2m[start] = ~0ul;
}

/* Removes all pages except those in use and a few. */
static void remove_most(struct start_info *si)
{
	remove_pages(si, 0, 0x100);
	remove_pages(si, (si->pt_base >> XN_PAGE_SHIFT) + si->nr_pt_frames + 60,
		     si->nr_pages);
}

static void tamper(struct start_info *si, const char *how)
{
	if (!strcmp(how, "magic"))
		si->magic[5] ^= 1;
	else if (!strcmp(how, "pages-none"))
		si->nr_pages = 0;
	else if (!strcmp(how, "pages-many"))
		si->nr_pages = 1ul << 34;
	else if (!strcmp(how, "list-away"))
		si->mfn_list = FAR;
	else if (!strcmp(how, "tables-away"))
		si->pt_base = FAR;
	else if (!strcmp(how, "tables-many"))
		si->nr_pt_frames = ~0ul;
	else if (!strcmp(how, "module-away"))
		si->mod_start = FAR;
	else if (!strcmp(how, "words-endless"))
		memset(si->cmd_line, 'x', sizeof(si->cmd_line));
	else if (!strcmp(how, "words-none"))
		si->cmd_line[0] = 0;
	else if (!strcmp(how, "map-confused"))
		remove_pages(si, HOLE_START >> XN_PAGE_SHIFT,
			     (HOLE_START + HOLE_SIZE) >> XN_PAGE_SHIFT);
	else if (!strcmp(how, "map-no-ram"))
		remove_most(si);
	else
		bare_panic("what kind of nonsense is '%s'?", how);
	if (!strcmp(how, "module-away")) {
		si->mod_len = 4096;
		si->flags &= ~SIF_MOD_START_PFN;
	}
}

void __wrap_xn_start_pv(uint64_t start_info, uint64_t entry_cycles)
{
	struct start_info *si = (void *)start_info;
	const char *how = tamper_how((const char *)si->cmd_line);

	xn_hypercall_choose_pv();
	if (how)
		tamper(si, how);
	__real_xn_start_pv(start_info, entry_cycles);
}
