// SPDX-License-Identifier: MIT
/*
 * The pages of a PV guest and their machine frames: the lists p2m and m2p, and
 * the operations that add and remove frames (struct xn_frame_ops). Specified in
 * xen-public/xen.h, memory.h (XENMEM_machphys_mapping) and grant_table.h
 * (GNTTABOP_setup_table, GNTTABOP_get_status_frames). Called by the OS layer of
 * a PV guest; mmu/ and grant/ call the operations.
 */
#include "pv.h"

#define LIST_MAX	(XN_PAGE_SIZE / sizeof(xen_pfn_t))

/* xn_frame_ops passes no struct xn_pv: a PV guest has only one. */
static struct xn_pv *self;

/* ---- Xen's frames ---- */

/* Xen returns all frames up to @idx. */
static int grant_frame(unsigned int idx, xen_pfn_t *mfn)
{
	struct gnttab_setup_table x = {
		.dom = DOMID_SELF, .nr_frames = idx + 1,
	};
	unsigned long flags = xn_lock(&self->lock);
	int err;

	set_xen_guest_handle(x.frame_list, self->list);
	err = xn_hc_grant_table(GNTTABOP_setup_table, &x, 1);
	if (!err && x.status)
		err = -ENOSPC;
	*mfn = self->list[idx];
	xn_unlock(&self->lock, flags);
	return err;
}

static int status_frame(unsigned int idx, xen_pfn_t *mfn)
{
	struct gnttab_get_status_frames x = {
		.dom = DOMID_SELF, .nr_frames = idx + 1,
	};
	unsigned long flags = xn_lock(&self->lock);
	int err;

	set_xen_guest_handle(x.frame_list, (uint64_t *)self->list);
	err = xn_hc_grant_table(GNTTABOP_get_status_frames, &x, 1);
	if (!err && x.status)
		err = -ENOSPC;
	*mfn = self->list[idx];
	xn_unlock(&self->lock, flags);
	return err;
}

static int pv_add(unsigned int space, xen_ulong_t idx, xen_pfn_t gfn, void *va)
{
	xen_pfn_t mfn = self->shared_info >> XN_PAGE_SHIFT;
	int err = 0;

	if (idx >= LIST_MAX)
		return -ENOSPC;
	if (space == XENMAPSPACE_grant_table)
		err = grant_frame(idx, &mfn);
	else if (space == XN_MAPSPACE_GRANT_STATUS)
		err = status_frame(idx, &mfn);
	else if (space != XENMAPSPACE_shared_info || idx)
		err = -EINVAL;
	if (!err && mfn > XN_PTE_FRAME >> XN_PAGE_SHIFT)
		err = -EIO;
	if (err)
		return err;
	return xn_pv_set(va, (uint64_t)mfn << XN_PAGE_SHIFT | XN_PTE_PAGE |
			     XN_PTE_WRITE);
}

static int pv_remove(xen_pfn_t gfn, void *va)
{
	return xn_pv_set(va, 0);
}

/* An address is enough, because Xen walks the page tables itself. */
static uint64_t pv_grant_addr(xen_pfn_t gfn, void *va)
{
	return (uintptr_t)va;
}

/* ---- the guest's own ---- */

/* A page of RAM will do, because no other kernel follows in a PV guest. */
static int pv_keep(unsigned int i, void **va, xen_pfn_t *frame)
{
	if (!*va)
		*va = xn_os_page_alloc();
	if (!*va)
		return -ENOMEM;
	*frame = xn_pv_mfn(self, *va);
	return 0;
}

static void pv_leave(void *va)
{
	/* Xen goes on using the page. */
}

static xen_pfn_t pv_ram_gfn(const void *va)
{
	return ((uintptr_t)va - self->offset) >> XN_PAGE_SHIFT;
}

static int pv_ram_out(void *va, xen_pfn_t *frame)
{
	xen_pfn_t mfn = xn_pv_mfn(self, va);
	int err;

	if (mfn == XN_NO_FRAME)
		return -EINVAL;
	err = xn_pv_set(va, 0);
	if (err)
		return err;
	XN_WRITE_ONCE(self->p2m[pv_ram_gfn(va)], XN_NO_FRAME);
	*frame = mfn;
	return 0;
}

static int pv_ram_in(void *va, xen_pfn_t frame)
{
	xen_pfn_t pfn = pv_ram_gfn(va);
	int err;

	/* Xen has entered the frame in m2p. */
	if (pfn >= self->nr_pages || xn_pv_mfn(self, va) != XN_NO_FRAME ||
	    frame >= self->nr_frames || XN_READ_ONCE(self->m2p[frame]) != pfn)
		return -EIO;
	err = xn_pv_set(va, (uint64_t)frame << XN_PAGE_SHIFT | XN_PTE_PAGE |
			    XN_PTE_WRITE);
	if (!err)
		XN_WRITE_ONCE(self->p2m[pfn], frame);
	return err;
}

static const struct xn_frame_ops pv_ops = {
	.add = pv_add,
	.remove = pv_remove,
	.frames_go = true,
	.grant_addr = pv_grant_addr,
	.keep = pv_keep,
	.leave = pv_leave,
	.ram_gfn = pv_ram_gfn,
	.ram_out = pv_ram_out,
	.ram_in = pv_ram_in,
};

/* ---- start ---- */

int xn_pv_find_lists(struct xn_pv *pv)
{
	struct xen_machphys_mapping x;
	int err = xn_hc_memory(XENMEM_machphys_mapping, &x);

	if (err)
		return err;
	/* The list lies in Xen's part of the address space. */
	if (x.v_start < MACH2PHYS_VIRT_START || x.v_end > MACH2PHYS_VIRT_END ||
	    x.v_start >= x.v_end ||
	    x.max_mfn >= (x.v_end - x.v_start) / sizeof(xen_pfn_t))
		return -EINVAL;
	pv->m2p = (const xen_pfn_t *)x.v_start;
	pv->nr_frames = x.max_mfn + 1;
	/* Check both lists against each other, for the root page table. */
	return xn_pv_page(pv, pv->p2m[pv->root]) == xn_pv_va(pv, pv->root) ?
	       0 : -EINVAL;
}

int xn_pv_init(struct xn_pv *pv, const struct xn_boot_pv *boot,
	       uintptr_t offset)
{
	static xen_pfn_t list[LIST_MAX] __attribute__((aligned(XN_PAGE_SIZE)));
	int err;

	pv->offset = offset;
	pv->nr_pages = boot->nr_pages;
	pv->p2m = (xen_pfn_t *)(offset + boot->p2m);
	pv->root = boot->page_root >> XN_PAGE_SHIFT;
	pv->next_table = boot->tables >> XN_PAGE_SHIFT;
	pv->nr_tables = boot->nr_tables;
	pv->shared_info = boot->shared_info;
	pv->start_info = (struct start_info *)(offset + boot->start_info);
	pv->list = list;
	xn_lock_init(&pv->lock);

	err = xn_pv_find_lists(pv);
	if (err) {
		xn_os_log(XN_ERR, "xenion: Xen's list of machine frames is invalid (error %d)",
			  err);
		return err;
	}
	self = pv;
	xn_frame_ops = &pv_ops;
	return 0;
}
