/* SPDX-License-Identifier: MIT */
/*
 * mmu/x86, of PV guests: machine frames, and page tables that only Xen writes
 * (xen-public/xen.h, xen-public/arch-x86/xen-x86_64.h). Four levels.
 *
 * A page of the guest has two numbers: its index in the p2m list ("pfn",
 * pseudo-physical), and the machine frame found there ("mfn"), which page
 * tables, grants and Xen's interfaces use. Xen's list m2p translates back. A
 * translation is trusted only if both lists agree.
 *
 * Memory is mapped at a constant offset: page pfn at offset + pfn *
 * XN_PAGE_SIZE. Page tables are mapped read-only there, as Xen requires.
 */
#ifndef XENION_X86_PV_H
#define XENION_X86_PV_H

#include <xenion/decls.h>
#include <xenion/hypercall.h>
#include <xenion/mmu.h>
#include <xenion/x86/boot.h>

XN_DECLS_BEGIN

#define XN_NO_FRAME	(~(xen_pfn_t)0)

/* Bits of a page-table entry. */
#define XN_PTE_PRESENT	(1ull << 0)
#define XN_PTE_WRITE	(1ull << 1)
#define XN_PTE_USER	(1ull << 2)	/* set in every entry of the guest */
#define XN_PTE_ACCESSED	(1ull << 5)
#define XN_PTE_DIRTY	(1ull << 6)
#define XN_PTE_FRAME	0x000ffffffffff000ull

/* An entry for a page, and for a table of a lower level. */
#define XN_PTE_PAGE	(XN_PTE_PRESENT | XN_PTE_USER | XN_PTE_ACCESSED)
#define XN_PTE_TABLE	(XN_PTE_PAGE | XN_PTE_WRITE | XN_PTE_DIRTY)

/* All fields are private. */
struct xn_pv {
	uintptr_t offset;		/* address of page 0 */
	unsigned long nr_pages;
	xen_pfn_t *p2m;			/* by pfn */
	unsigned long nr_frames;
	const xen_pfn_t *m2p;		/* by mfn; Xen's */
	xen_pfn_t root;			/* pfn of the level 4 table */
	unsigned long mapped;		/* lower pages are mapped */
	unsigned long next_table;	/* pfn of the next page for a table */
	unsigned long nr_tables;	/* how many of these are left */
	uint64_t shared_info;		/* machine address */
	struct start_info *start_info;
	struct xn_lock lock;		/* for adding tables, and for @list */
	xen_pfn_t *list;		/* a page, for Xen to list frames in */
};

/**
 * xn_pv_init - take over a PV guest's memory
 * @pv: zeroed; lives as long as the guest
 * @boot: from xn_boot_pv()
 * @offset: address of page 0; 0 after boot/x86/head_pv.S
 *
 * Sets xn_frame_ops to those of a PV guest. Pages that the host has not mapped
 * are accessible after xn_pv_map().
 *
 * Context: one vCPU, upcalls disabled.
 * Return: 0, -EINVAL for invalid lists or tables, or Xen's error; logged.
 */
int xn_pv_init(struct xn_pv *pv, const struct xn_boot_pv *boot,
	       uintptr_t offset);

/**
 * xn_pv_map - make the guest's pages accessible
 * @pv: the guest's memory
 * @end: all pages with lower numbers; at most @pv->nr_pages
 *
 * Xen looks at each page's entry, so this costs some hundred thousand
 * instructions for a MiB: it pays to map memory when it is needed. Uses the
 * pages that xn_boot_pv() has set aside.
 *
 * Context: any.
 * Return: 0, -EINVAL, -ENOSPC (too few of these pages), or Xen's error; the
 * last two are logged.
 */
int xn_pv_map(struct xn_pv *pv, unsigned long end);

/**
 * xn_pv_mfn - the machine frame of a page
 * @pv: the guest's memory
 * @va: an address in it
 *
 * Context: any.
 * Return: XN_NO_FRAME for an address that is no page's, or a page that is not
 * there.
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
 * Context: any.
 * Return: its address, or NULL unless both lists say that the frame is this
 * guest's.
 */
void *xn_pv_page(const struct xn_pv *pv, xen_pfn_t mfn);

/* ---- a guest that is saved: mmu/x86/pv_suspend.c ---- */

/**
 * xn_pv_publish - let the toolstack find the guest's pages
 * @pv: the guest's memory
 * @shared: the shared info page, mapped
 *
 * The p2m list, where it lies in the guest's own page tables (p2m_cr3 and p2m_vaddr of
 * struct arch_shared_info, xen-public/arch-x86/xen.h; Xen 4.6). Without it a PV guest
 * cannot be saved or moved. To be called at the start, and again in each new domain.
 *
 * Context: any.
 */
void xn_pv_publish(const struct xn_pv *pv, struct shared_info *shared);

/**
 * xn_pv_suspend - SCHEDOP_shutdown with SHUTDOWN_suspend, of a PV guest
 * @pv: the guest's memory; no page of another domain or of Xen is mapped any more
 *      (xn_gnttab_unmap(), xn_vcpus_suspend())
 * @store: xenstore's page, of which the toolstack makes that of the new domain
 * @console: the console's page, likewise
 *
 * Returns when the guest goes on: xn_evtchn_survived() says where.
 *
 * Context: raw; upcalls disabled.
 * Return: as xn_hc_sched().
 */
int xn_pv_suspend(struct xn_pv *pv, const struct xn_boot_channel *store,
		  const struct xn_boot_channel *console);

/**
 * xn_pv_resume - take over the guest's pages in a new domain
 * @pv: the guest's memory, whose frames are others now
 * @store: filled in from the new start info; gpa 0: none
 * @console: likewise
 *
 * The first of all to be called, before xn_vcpus_resume().
 *
 * Context: raw.
 * Return: 0, -EINVAL for lists or a start info that are invalid, or Xen's error: then
 * the guest cannot go on.
 */
int xn_pv_resume(struct xn_pv *pv, struct xn_boot_channel *store,
		 struct xn_boot_channel *console);

/* ---- page tables: mmu/x86/pv_tables.c ---- */

/* The most updates that are queued for Xen. */
#define XN_MMU_BATCH	32u

struct xn_mmu_batch {
	unsigned int count;
	unsigned int done;	/* how many the last flush has made */
	struct mmu_update update[XN_MMU_BATCH];
};

/**
 * xn_mmu_flush - have Xen make the updates that are queued
 * @b: the batch, zeroed before its first use; empty afterwards
 *
 * HYPERVISOR_mmu_update. Xen makes them in order, up to the first one that it
 * refuses: @b->done is its index, and the ones after it are dropped.
 *
 * Context: any.
 * Return: 0 or a negative errno value.
 */
int xn_mmu_flush(struct xn_mmu_batch *b);

/**
 * xn_mmu_queue - add an update
 * @b: the batch; flushed when it is full
 * @ptr: machine address of an entry, and an MMU_* command
 * @val: its value
 *
 * Context: any.
 * Return: 0, or as xn_mmu_flush(), and then @ptr is not queued.
 */
int xn_mmu_queue(struct xn_mmu_batch *b, uint64_t ptr, uint64_t val);

/**
 * xn_pv_entry - the page-table entry for an address
 * @pv: the guest's memory
 * @va: the address
 * @level: 1 (of a page) ... 4
 * @ptr: its machine address, for xn_mmu_queue(); or NULL
 *
 * Context: any.
 * Return: the entry, read-only, or NULL when there is no such table.
 */
const uint64_t *xn_pv_entry(const struct xn_pv *pv, const void *va,
			    unsigned int level, uint64_t *ptr);

/**
 * xn_pv_set - change the page-table entry of one address
 * @va: a page's address, for which there is a table of level 1
 * @pte: the entry, with a machine frame; 0: nothing is there
 *
 * HYPERVISOR_update_va_mapping; flushes the old entry from every vCPU's TLB.
 *
 * Context: any.
 * Return: 0 or Xen's error.
 */
int xn_pv_set(const void *va, uint64_t pte);

/**
 * xn_pv_protect - make a page of the guest's read-only, or writable again
 * @pv: the guest's memory
 * @page: the page
 * @readonly: as any page must be before Xen takes it for a table
 *
 * Context: any.
 * Return: 0, -EINVAL for an address that is not a page's, or Xen's error.
 */
int xn_pv_protect(const struct xn_pv *pv, const void *page, bool readonly);

/**
 * xn_pv_pin - have Xen check a page table, and keep it one
 * @pv: the guest's memory
 * @table: read-only, as all that it leads to
 * @level: 1 ... 4
 *
 * Xen does not check a pinned table again when it is loaded or linked.
 *
 * Context: any.
 * Return: 0, -EINVAL for an invalid page or level or if Xen refuses the table,
 * or Xen's error.
 */
int xn_pv_pin(const struct xn_pv *pv, const void *table, unsigned int level);

/**
 * xn_pv_unpin - undo xn_pv_pin()
 * @pv: the guest's memory
 * @table: its page, as for xn_pv_pin()
 *
 * Afterwards the page may become writable, unless another table points to it.
 *
 * Context: any.
 * Return: 0 or Xen's error.
 */
int xn_pv_unpin(const struct xn_pv *pv, const void *table);

/**
 * xn_pv_extend - make the page tables for some addresses
 * @pv: the guest's memory
 * @va: the first address
 * @count: how many pages
 *
 * After that xn_pv_set(), or Xen itself, can map something there. The tables
 * stay.
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -EINVAL for addresses that are not the guest's, or Xen's
 * error.
 */
int xn_pv_extend(struct xn_pv *pv, const void *va, unsigned int count);

XN_DECLS_END

#endif /* XENION_X86_PV_H */
