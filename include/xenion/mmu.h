/* SPDX-License-Identifier: MIT */
/*
 * mmu/: maps frames that the hypervisor owns into the guest, and gives pages of
 * the guest to the hypervisor and back (ballooning).
 *
 * XENMEM_add_to_physmap (xen-public/memory.h) over a frame that is RAM would
 * free that RAM to Xen. So every such frame is mapped into a hole of the
 * guest-physical map, which the OS layer reserves, and removed at the end. A PV
 * guest has no such map: there a hole is a range of addresses without pages,
 * and a frame is mapped by the guest's own page tables.
 */
#ifndef XENION_MMU_H
#define XENION_MMU_H

#include <xenion/decls.h>
#include <xenion/os.h>

XN_DECLS_BEGIN

/* Kinds of frames without a number in XENMAPSPACE_*. */
enum xn_mapspace {
	XN_MAPSPACE_GRANT_STATUS = 0x100, /* of a version 2 grant table */
	XN_MAPSPACE_GRANTED,	/* other domains' pages: grant/ puts them there */
};

/*
 * How frames are added and removed, which differs in a PV guest: it knows
 * machine frames and keeps page tables (<xenion/x86/pv.h>). Called by mmu/ and
 * grant/, in any context unless noted. Errors are negative errno values.
 */
#define XN_KEPT_PAGES	2

struct xn_frame_ops {
	/*
	 * Map frame @idx of @space (see struct xn_physmap) at @gfn, a frame of
	 * a hole that is mapped at @va.
	 */
	int (*add)(unsigned int space, xen_ulong_t idx, xen_pfn_t gfn,
		   void *va);
	/* Undo that; @va may be unmapped already, as in HVM guests. */
	int (*remove)(xen_pfn_t gfn, void *va);
	/* host_addr with which GNTTABOP_map_grant_ref maps a page at @va. */
	uint64_t (*grant_addr)(xen_pfn_t gfn, void *va);
	/*
	 * Mapping one of our own pages this way removes it from its frame for
	 * good, because a page has only one guest frame number.
	 */
	bool own_moves;
	/*
	 * While the guest is saved, no frame of Xen's may be mapped, because
	 * the toolstack finds those of the guest in its page tables.
	 */
	bool frames_go;

	/*
	 * Get page @i, less than XN_KEPT_PAGES, of those that Xen still uses
	 * when we have ended. Each start gets the same page, and the page keeps
	 * its content. In HVM guests it is not part of the kernel's RAM, so the
	 * next kernel gets it, too. @va: where it is mapped until leave();
	 * @frame: its number for Xen. If @va is not NULL, it is there already,
	 * and its number is wanted, which may be another in a new domain. May
	 * sleep, unless it is there.
	 */
	int (*keep)(unsigned int i, void **va, xen_pfn_t *frame);
	void (*leave)(void *va);

	/* Ballooning, one page of RAM at a time. */

	/* The page's frame number for XENMEM_populate_physmap. */
	xen_pfn_t (*ram_gfn)(const void *va);
	/*
	 * Unmap a page that is about to be given to Xen. @frame: its number
	 * for XENMEM_decrease_reservation.
	 */
	int (*ram_out)(void *va, xen_pfn_t *frame);
	/* Map the page at @va again; Xen has allocated @frame for it. */
	int (*ram_in)(void *va, xen_pfn_t frame);
};

/* Those of this kind of guest: HVM and PVH until xn_pv_init() has run. */
extern const struct xn_frame_ops *xn_frame_ops;

/* The first frame of the pages that keep() makes in HVM guests: x86/kept.c. */
extern const xen_pfn_t xn_kept_gfn;

struct xn_physmap {
	xen_pfn_t gfn;		/* first frame of the hole */
	unsigned int count;	/* frames reserved */
	unsigned int used;	/* of these, added: the first ones */
	unsigned int stuck;	/* frames that Xen will not remove */
	unsigned int space;	/* XENMAPSPACE_* or enum xn_mapspace */
	void *va;		/* address of the first frame */
};

/**
 * xn_physmap_init - reserve room for frames of one kind
 * @pm: filled in; owned by the caller
 * @space: XENMAPSPACE_shared_info, XENMAPSPACE_grant_table, or one of
 *         enum xn_mapspace
 * @count: the most frames that will be mapped, at least 1
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC (no hole), -ENOMEM.
 */
int xn_physmap_init(struct xn_physmap *pm, unsigned int space,
		    unsigned int count);

/**
 * xn_physmap_add - map the next frame, at pm->va + pm->used pages
 * @pm: the range; frame pm->used of its space is added
 *
 * Context: any; the caller serialises calls.
 * Return: 0, -ENOSPC if the range is full, or Xen's error.
 */
int xn_physmap_add(struct xn_physmap *pm);

/**
 * xn_physmap_suspend - take the frames away while the guest is saved
 * @pm: the range; nothing in it may be accessed until xn_physmap_resume()
 *
 * Only where they must be (frames_go of struct xn_frame_ops). Of a frame that Xen does
 * not remove, the toolstack says that it cannot be saved.
 *
 * Context: raw.
 */
void xn_physmap_suspend(struct xn_physmap *pm);

/**
 * xn_physmap_resume - map the frames of a new domain where the old one's were
 * @pm: the range; its frames 0 ... pm->used - 1 are added again
 * @anew: the domain is a new one; if not, what xn_physmap_suspend() did is undone
 *
 * For a guest that was saved and restored, or has moved: the frames are Xen's,
 * so they were not saved, and nothing is in their place. Where other domains'
 * pages were (XN_MAPSPACE_GRANTED) this adds nothing: see xn_gntmap_resume().
 *
 * Context: raw.
 * Return: 0, or Xen's error. Then some frames are missing: nothing in the range
 * may be accessed until this function, called again, succeeds.
 */
int xn_physmap_resume(struct xn_physmap *pm, bool anew);

/**
 * xn_physmap_grant_addr - where Xen is to map another domain's page
 * @pm: a range of XN_MAPSPACE_GRANTED
 * @i: which of its frames
 *
 * Context: any.
 * Return: host_addr for GNTTABOP_map_grant_ref with GNTMAP_host_map, which maps
 * the page at pm->va + @i pages.
 */
uint64_t xn_physmap_grant_addr(const struct xn_physmap *pm, unsigned int i);

/**
 * xn_physmap_fini - remove all frames and give the hole back
 * @pm: the range; a second call, or one after a failed init, does nothing
 *
 * If Xen refuses to remove a frame, or pm->stuck is not 0, the hole stays
 * reserved for good, which is logged once.
 *
 * Context: may sleep.
 */
void xn_physmap_fini(struct xn_physmap *pm);

struct xn_balloon_index;

/* Pages whose memory was given to Xen. All zero is an empty balloon. */
struct xn_balloon {
	struct xn_balloon_index *top;
	unsigned long count;	/* pages in it */
	unsigned long lost;	/* pages that can no longer be used */
};

/**
 * xn_balloon_give - give the memory of pages to Xen
 * @b: the balloon
 * @pages: pages for which xn_os_gfn() works, none of them shared with another
 *         domain; may be reordered
 * @count: how many, at least 1
 *
 * The first pages of @pages, as many as this returns, then belong to the
 * balloon. They must not be accessed until xn_balloon_take() returns them. The
 * others still belong to the caller, but may be zeroed. A page is cleared
 * before Xen gets it. Allocates a page for each 510 pages.
 *
 * XENMEM_decrease_reservation.
 *
 * Context: may sleep; the caller serialises calls.
 * Return: how many were given, or if none: Xen's error, -EIO if it gave no
 * reason, or -ENOMEM.
 */
int xn_balloon_give(struct xn_balloon *b, void **pages, unsigned int count);

/**
 * xn_balloon_take - get memory for pages again
 * @b: the balloon
 * @pages: the pages, on return; their content is undefined
 * @count: how many are wanted, at most
 *
 * XENMEM_populate_physmap.
 *
 * The returned pages belong to the caller; the others stay in the balloon.
 *
 * Context: may sleep; the caller serialises calls.
 * Return: how many pages, less than @count if the balloon or Xen has no more.
 * If none: 0 for an empty balloon, -ENOMEM if Xen has no memory, or Xen's
 * error.
 */
int xn_balloon_take(struct xn_balloon *b, void **pages, unsigned int count);

/**
 * xn_balloon_fini - free a balloon
 * @b: the balloon; should be empty
 *
 * Pages that are still in it are lost, which is logged.
 *
 * Context: may sleep.
 */
void xn_balloon_fini(struct xn_balloon *b);

/**
 * xn_balloon_current - pages that this domain has
 *
 * XENMEM_current_reservation.
 *
 * Context: any.
 * Return: how many, or a negative errno value.
 */
long xn_balloon_current(void);

/**
 * xn_balloon_limit - pages that this domain may have
 *
 * XENMEM_maximum_reservation; the toolstack changes it.
 *
 * Context: any.
 * Return: how many, or a negative errno value.
 */
long xn_balloon_limit(void);

XN_DECLS_END

#endif /* XENION_MMU_H */
