/* SPDX-License-Identifier: MIT */
/*
 * mmu/: where the frames that the hypervisor owns appear in the guest, and pages
 * of the guest's that go to the hypervisor and come back.
 *
 * XENMEM_add_to_physmap (xen-public/memory.h) over a frame that is RAM frees
 * that RAM to Xen; therefore every such frame goes into a hole of the
 * guest-physical map, which the port reserves, and is removed at the end.
 * A PV guest has no such map: there a hole is addresses with no page behind
 * them, and a frame appears in the guest's own page tables.
 */
#ifndef XENION_MMU_H
#define XENION_MMU_H

#include <xenion/os.h>

/* Kinds of frames that XENMAPSPACE_* has no number for. */
enum xn_mapspace {
	XN_MAPSPACE_GRANT_STATUS = 0x100, /* of a version 2 grant table */
	XN_MAPSPACE_GRANTED,	/* other domains' pages: grant/ puts them there */
};

/*
 * How frames come to the guest and go: what is different in a PV guest, which
 * knows machine frames and keeps page tables (<xenion/x86/pv.h>). For mmu/ and
 * grant/; the context of each is any. Errors are negative errno values.
 */
struct xn_frame_ops {
	/*
	 * Frame @idx of @space (as struct xn_physmap has it) appears in the
	 * hole at @gfn, which is mapped at @va.
	 */
	int (*add)(unsigned int space, xen_ulong_t idx, xen_pfn_t gfn,
		   void *va);
	/* And is gone again; @va may be unmapped by then, as in HVM guests. */
	int (*remove)(xen_pfn_t gfn, void *va);
	/* Where GNTTABOP_map_grant_ref puts a page that shall be at @va. */
	uint64_t (*grant_addr)(xen_pfn_t gfn, void *va);
	/*
	 * One of the guest's own pages that is mapped so leaves the frame that
	 * it has, for ever: guest-physical frames have one number only.
	 */
	bool own_moves;

	/* Ballooning, one page of RAM at a time. */

	/* The page's number for XENMEM_populate_physmap. */
	xen_pfn_t (*ram_gfn)(const void *va);
	/*
	 * The page is about to leave: nothing maps it from now on. @frame: its
	 * number for XENMEM_decrease_reservation.
	 */
	int (*ram_out)(void *va, xen_pfn_t *frame);
	/* Xen gave @frame for it: the page is at @va again. */
	int (*ram_in)(void *va, xen_pfn_t frame);
};

/* Of this kind of guest: HVM's and PVH's until xn_pv_init() has run. */
extern const struct xn_frame_ops *xn_frame_ops;

struct xn_physmap {
	xen_pfn_t gfn;		/* first frame of the hole */
	unsigned int count;	/* frames reserved */
	unsigned int used;	/* of these, added: the first ones */
	unsigned int stuck;	/* frames that can never be taken away again */
	unsigned int space;	/* XENMAPSPACE_* or enum xn_mapspace */
	void *va;		/* address of the first frame */
};

/**
 * xn_physmap_init - reserve room for frames of one kind
 * @pm: filled in; owned by the caller
 * @space: XENMAPSPACE_shared_info, XENMAPSPACE_grant_table, or one of
 *         enum xn_mapspace
 * @count: how many frames there may ever be, at least 1
 *
 * Returns: 0, -ENOSPC (no hole), -ENOMEM. May sleep.
 */
int xn_physmap_init(struct xn_physmap *pm, unsigned int space,
		    unsigned int count);

/**
 * xn_physmap_add - make the next frame appear, at pm->va + pm->used pages
 * @pm: the range; its frame number pm->used of the space is added
 *
 * Returns: 0, -ENOSPC when the range is full, or what Xen answered.
 * The caller excludes a second caller. Context: any.
 */
int xn_physmap_add(struct xn_physmap *pm);

/**
 * xn_physmap_grant_addr - where Xen is to map another domain's page
 * @pm: a range of XN_MAPSPACE_GRANTED
 * @i: which of its frames
 *
 * Returns: host_addr for GNTTABOP_map_grant_ref with GNTMAP_host_map, which
 * makes the page appear at pm->va + @i pages. Context: any.
 */
uint64_t xn_physmap_grant_addr(const struct xn_physmap *pm, unsigned int i);

/**
 * xn_physmap_fini - remove all frames and give the hole back
 * @pm: the range; a second call, or one after a failed init, does nothing
 *
 * A frame that Xen refuses to remove, or of which pm->stuck tells, keeps the
 * hole reserved for ever: that is logged, once. May sleep.
 */
void xn_physmap_fini(struct xn_physmap *pm);

struct xn_balloon_index;

/* Pages of the guest whose memory Xen has. All zero is an empty one. */
struct xn_balloon {
	struct xn_balloon_index *top;
	unsigned long count;	/* pages in it */
	unsigned long lost;	/* pages that nobody can use any more */
};

/**
 * xn_balloon_give - give the memory of pages to Xen
 * @b: the balloon
 * @pages: pages for which xn_os_gfn() works, none of them shared with anybody;
 *         may be put in another order
 * @count: how many, at least 1
 *
 * Pages that went are the balloon's, first ones of @pages; they are not to be
 * touched, or used for anything, until xn_balloon_take() hands them out. The
 * rest is the caller's as before, but zeroed. What is in the pages is cleared
 * before Xen gets it. Needs a page for each 510.
 *
 * XENMEM_decrease_reservation. Returns: how many went, or if none did: what Xen
 * answered, -EIO when it did not say why, -ENOMEM. The caller excludes a second
 * caller. May sleep.
 */
int xn_balloon_give(struct xn_balloon *b, void **pages, unsigned int count);

/**
 * xn_balloon_take - have memory for pages again
 * @b: the balloon
 * @pages: the pages, on return; their content is undefined
 * @count: how many are wanted, at most
 *
 * XENMEM_populate_physmap. Returns: how many there are, less than @count when
 * the balloon has no more or Xen gives no more; if there are none: 0 for an empty
 * balloon, -ENOMEM when Xen gives none, or what it answered. The pages are the
 * caller's, the others remain in the balloon. The caller excludes a second
 * caller. May sleep.
 */
int xn_balloon_take(struct xn_balloon *b, void **pages, unsigned int count);

/**
 * xn_balloon_fini - forget a balloon
 * @b: the balloon; should be empty
 *
 * Pages that are still in it are lost; that is logged. May sleep.
 */
void xn_balloon_fini(struct xn_balloon *b);

/**
 * xn_balloon_current - pages that this domain has
 *
 * XENMEM_current_reservation. Returns: how many, or a negative errno value.
 * Context: any.
 */
long xn_balloon_current(void);

/**
 * xn_balloon_limit - pages that this domain may have
 *
 * XENMEM_maximum_reservation; the toolstack changes it. Returns: how many, or a
 * negative errno value. Context: any.
 */
long xn_balloon_limit(void);

#endif /* XENION_MMU_H */
