/* SPDX-License-Identifier: MIT */
/*
 * mmu/x86, of PV guests: machine frames, and page tables that only Xen writes
 * (xen-public/xen.h, xen-public/arch-x86/xen-x86_64.h). Four levels.
 *
 * A page of the guest's has two numbers: its index in the p2m list ("pfn",
 * pseudo-physical), and the machine frame found there ("mfn"), which is what
 * page tables, grants and Xen's interfaces want. Xen's own list leads back; the
 * two are believed only together.
 *
 * Memory is mapped at one distance: page pfn at offset + pfn * XN_PAGE_SIZE.
 * Tables are mapped read-only there, or Xen would not take them for such.
 *
 * What is not here: telling the toolstack where the p2m list is (struct
 * arch_shared_info), which saving and migrating a guest would need.
 */
#ifndef XENION_X86_PV_H
#define XENION_X86_PV_H

#include <xenion/hypercall.h>
#include <xenion/mmu.h>
#include <xenion/x86/boot.h>

#define XN_NO_FRAME	(~(xen_pfn_t)0)

/* Of a page-table entry. */
#define XN_PTE_PRESENT	(1ull << 0)
#define XN_PTE_WRITE	(1ull << 1)
#define XN_PTE_USER	(1ull << 2)	/* all that is not Xen's */
#define XN_PTE_ACCESSED	(1ull << 5)
#define XN_PTE_DIRTY	(1ull << 6)
#define XN_PTE_FRAME	0x000ffffffffff000ull

/* What this room makes of them: a page, and a table of a lower level. */
#define XN_PTE_PAGE	(XN_PTE_PRESENT | XN_PTE_USER | XN_PTE_ACCESSED)
#define XN_PTE_TABLE	(XN_PTE_PAGE | XN_PTE_WRITE | XN_PTE_DIRTY)

/* All fields are the room's own. */
struct xn_pv {
	uintptr_t offset;		/* address of page 0 */
	unsigned long nr_pages;
	xen_pfn_t *p2m;			/* by pfn */
	unsigned long nr_frames;
	const xen_pfn_t *m2p;		/* by mfn; Xen's */
	xen_pfn_t root;			/* pfn of the level 4 table */
	unsigned long mapped;		/* pages below are */
	unsigned long next_table;	/* pfn: pages that were set aside */
	unsigned long nr_tables;	/* for tables, and are left */
	uint64_t shared_info;		/* machine address */
	struct xn_lock lock;		/* tables that are added; @list */
	xen_pfn_t *list;		/* a page, for Xen to list frames in */
};

/**
 * xn_pv_init - take over a PV guest's memory
 * @pv: zeroed; lives as long as the guest
 * @boot: from xn_boot_pv()
 * @offset: address of page 0; 0 for who was started by boot/x86/head_pv.S
 *
 * From then on xn_frame_ops are those of a PV guest. Pages that the host has not
 * mapped are accessible after xn_pv_map(). Returns: 0, -EINVAL for lists or
 * tables that cannot be, or what Xen answered; it is logged. Context: one vCPU,
 * upcalls disabled.
 */
int xn_pv_init(struct xn_pv *pv, const struct xn_boot_pv *boot,
	       uintptr_t offset);

/**
 * xn_pv_map - see to it that the guest's pages are accessible
 * @pv: the guest's memory
 * @end: page numbers below; at most @pv->nr_pages
 *
 * Xen looks at each page's entry, so this costs some hundred thousand
 * instructions for a MiB: it pays to map memory when it is needed. Uses the
 * pages that xn_boot_pv() has set aside. Returns: 0, -EINVAL, -ENOSPC (too few of
 * these), or what Xen answered; that is logged. Context: any.
 */
int xn_pv_map(struct xn_pv *pv, unsigned long end);

/**
 * xn_pv_mfn - the machine frame of a page
 * @pv: the guest's memory
 * @va: an address in it
 *
 * Returns: XN_NO_FRAME for an address that is no page's, or a page that is not
 * there. Context: any.
 */
static inline xen_pfn_t xn_pv_mfn(const struct xn_pv *pv, const void *va)
{
	unsigned long pfn = ((uintptr_t)va - pv->offset) >> XN_PAGE_SHIFT;

	return pfn < pv->nr_pages ? XN_READ_ONCE(pv->p2m[pfn]) : XN_NO_FRAME;
}

/**
 * xn_pv_page - the page that has a machine frame
 * @pv: the guest's memory
 * @mfn: any number
 *
 * Returns: its address, or NULL for a frame that is not this guest's, whatever
 * one of the two lists says. Context: any.
 */
void *xn_pv_page(const struct xn_pv *pv, xen_pfn_t mfn);

/* ---- page tables: mmu/x86/pv_tables.c ---- */

/* Updates on their way to Xen. */
#define XN_MMU_BATCH	32u

struct xn_mmu_batch {
	unsigned int count;
	unsigned int done;	/* of the last flush, how many Xen made */
	struct mmu_update update[XN_MMU_BATCH];
};

/**
 * xn_mmu_flush - have Xen make the updates that are queued
 * @b: the batch, zeroed before its first use; empty afterwards
 *
 * HYPERVISOR_mmu_update. Xen makes them in order up to the first one that it
 * refuses: @b->done is that one's place, and those behind it are lost.
 * Returns: 0 or a negative errno value. Context: any.
 */
int xn_mmu_flush(struct xn_mmu_batch *b);

/**
 * xn_mmu_queue - add an update
 * @b: the batch; flushed when it is full
 * @ptr: machine address of an entry, and an MMU_* command
 * @val: its value
 *
 * Returns: 0, or as xn_mmu_flush(), and then @ptr is not queued. Context: any.
 */
int xn_mmu_queue(struct xn_mmu_batch *b, uint64_t ptr, uint64_t val);

/**
 * xn_pv_entry - the page-table entry for an address
 * @pv: the guest's memory
 * @va: the address
 * @level: 1 (of a page) ... 4
 * @ptr: its machine address, for xn_mmu_queue(); or NULL
 *
 * Returns: the entry, read-only, or NULL when there is no such table.
 * Context: any.
 */
const uint64_t *xn_pv_entry(const struct xn_pv *pv, const void *va,
			    unsigned int level, uint64_t *ptr);

/**
 * xn_pv_set - map one page's worth of addresses to something else
 * @va: a page's address, for which there is a table of level 1
 * @pte: the entry, with a machine frame; 0: nothing is there
 *
 * HYPERVISOR_update_va_mapping; no vCPU remembers the old one. Returns: 0 or
 * what Xen answered. Context: any.
 */
int xn_pv_set(const void *va, uint64_t pte);

/**
 * xn_pv_protect - make a page of the guest's read-only, or writable again
 * @pv: the guest's memory
 * @page: the page
 * @readonly: as any page must be before Xen takes it for a table
 *
 * Returns: 0, -EINVAL for what is no page, or what Xen answered. Context: any.
 */
int xn_pv_protect(const struct xn_pv *pv, const void *page, bool readonly);

/**
 * xn_pv_pin - have Xen check a page table, and keep it one
 * @pv: the guest's memory
 * @table: read-only, as all that it leads to
 * @level: 1 ... 4
 *
 * Pinned tables are switched to, or linked in, without a new check. Returns: 0,
 * -EINVAL for what is no page or no level or is refused, or what Xen answered.
 * Context: any.
 */
int xn_pv_pin(const struct xn_pv *pv, const void *table, unsigned int level);

/**
 * xn_pv_unpin - the opposite: it may become writable when no other leads to it
 */
int xn_pv_unpin(const struct xn_pv *pv, const void *table);

/**
 * xn_pv_extend - see to it that there are tables for some addresses
 * @pv: the guest's memory
 * @va: the first address
 * @count: how many pages
 *
 * So that xn_pv_set(), or Xen by itself, can map something there. They stay.
 * Returns: 0, -ENOMEM, -EINVAL for addresses that are not the guest's, or what
 * Xen answered. May sleep.
 */
int xn_pv_extend(struct xn_pv *pv, const void *va, unsigned int count);

#endif /* XENION_X86_PV_H */
