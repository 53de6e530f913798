/* SPDX-License-Identifier: MIT */
/*
 * mmu/: where the frames that the hypervisor owns appear in the guest.
 *
 * XENMEM_add_to_physmap (xen-public/memory.h) over a frame that is RAM frees
 * that RAM to Xen; therefore every such frame goes into a hole of the
 * guest-physical map, which the port reserves, and is removed at the end.
 */
#ifndef XENION_MMU_H
#define XENION_MMU_H

#include <xenion/os.h>

struct xn_physmap {
	xen_pfn_t gfn;		/* first frame of the hole */
	unsigned int count;	/* frames reserved */
	unsigned int used;	/* of these, added: the first ones */
	unsigned int space;	/* XENMAPSPACE_* */
	void *va;		/* address of the first frame */
};

/**
 * xn_physmap_init - reserve room for frames of one kind
 * @pm: filled in; owned by the caller
 * @space: XENMAPSPACE_shared_info or XENMAPSPACE_grant_table
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
 * xn_physmap_fini - remove all frames and give the hole back
 * @pm: the range; a second call, or one after a failed init, does nothing
 *
 * A frame that Xen refuses to remove keeps its hole reserved for ever: that is
 * logged, once. May sleep.
 */
void xn_physmap_fini(struct xn_physmap *pm);

#endif /* XENION_MMU_H */
