// SPDX-License-Identifier: MIT
/*
 * Maps frames that Xen owns into a hole of the guest-physical map:
 * XENMEM_add_to_physmap and XENMEM_remove_from_physmap (xen-public/memory.h),
 * or their equivalents in a PV guest (x86/pv.c). Called by the OS layer for
 * shared info, and by grant/ for the table and for the holes in which other
 * domains' pages appear.
 */
#include <xenion/hypercall.h>
#include <xenion/mmu.h>

static int hvm_add(unsigned int space, xen_ulong_t idx, xen_pfn_t gfn, void *va)
{
	struct xen_add_to_physmap x = {
		.domid = DOMID_SELF,
		.space = space,
		.idx = idx,
		.gpfn = gfn,
	};

	if (space == XN_MAPSPACE_GRANT_STATUS) {
		x.space = XENMAPSPACE_grant_table;
		x.idx |= XENMAPIDX_grant_table_status;
	}
	return xn_hc_memory(XENMEM_add_to_physmap, &x);
}

static int hvm_remove(xen_pfn_t gfn, void *va)
{
	struct xen_remove_from_physmap x = {
		.domid = DOMID_SELF,
		.gpfn = gfn,
	};

	return xn_hc_memory(XENMEM_remove_from_physmap, &x);
}

static uint64_t hvm_grant_addr(xen_pfn_t gfn, void *va)
{
	return (uint64_t)gfn << XN_PAGE_SHIFT;
}

/* Populate a frame only once: a second time would put another page there. */
static int hvm_populate(xen_pfn_t gfn)
{
	struct xen_hvm_get_mem_type type = { .domid = DOMID_SELF, .pfn = gfn };
	struct xen_memory_reservation x = {
		.nr_extents = 1, .domid = DOMID_SELF,
	};
	long ret = xn_hc_hvm(HVMOP_get_mem_type, &type);

	if (ret || type.mem_type == HVMMEM_ram_rw)
		return ret;
	set_xen_guest_handle(x.extent_start, &gfn);
	ret = xn_hc_memory(XENMEM_populate_physmap, &x);
	return ret < 0 ? ret : ret == 1 ? 0 : -ENOMEM;
}

static int hvm_keep(unsigned int i, void **va, xen_pfn_t *frame)
{
	int err = hvm_populate(xn_kept_gfn + i);

	if (err)
		return err;
	*frame = xn_kept_gfn + i;
	if (!*va)
		*va = xn_os_map(*frame, 1);
	return *va ? 0 : -ENOMEM;
}

static void hvm_leave(void *va)
{
	xn_os_unmap(va, 1);
}

static xen_pfn_t hvm_ram_gfn(const void *va)
{
	return xn_os_gfn(va);
}

static int hvm_ram_out(void *va, xen_pfn_t *frame)
{
	*frame = xn_os_gfn(va);
	return 0;
}

/* Xen maps the frame at the number that we gave; there is nothing to do. */
static int hvm_ram_in(void *va, xen_pfn_t frame)
{
	return 0;
}

static const struct xn_frame_ops hvm_ops = {
	.add = hvm_add,
	.remove = hvm_remove,
	.grant_addr = hvm_grant_addr,
	.own_moves = true,
	.keep = hvm_keep,
	.leave = hvm_leave,
	.ram_gfn = hvm_ram_gfn,
	.ram_out = hvm_ram_out,
	.ram_in = hvm_ram_in,
};

const struct xn_frame_ops *xn_frame_ops = &hvm_ops;

int xn_physmap_init(struct xn_physmap *pm, unsigned int space,
		    unsigned int count)
{
	int err;

	memset(pm, 0, sizeof(*pm));
	err = xn_os_hole_get(count, &pm->gfn);
	if (err)
		return err;
	pm->va = xn_os_map(pm->gfn, count);
	if (!pm->va) {
		xn_os_hole_put(pm->gfn, count);
		return -ENOMEM;
	}
	pm->space = space;
	pm->count = count;
	return 0;
}

static void *frame_va(const struct xn_physmap *pm, unsigned int i)
{
	return (char *)pm->va + (size_t)i * XN_PAGE_SIZE;
}

int xn_physmap_add(struct xn_physmap *pm)
{
	int err;

	if (pm->used == pm->count)
		return -ENOSPC;
	err = xn_frame_ops->add(pm->space, pm->used, pm->gfn + pm->used,
				frame_va(pm, pm->used));
	if (!err)
		pm->used++;
	return err;
}

void xn_physmap_suspend(struct xn_physmap *pm)
{
	unsigned int i;

	for (i = 0; xn_frame_ops->frames_go && i < pm->used; i++)
		(void)xn_frame_ops->remove(pm->gfn + i, frame_va(pm, i));
}

int xn_physmap_resume(struct xn_physmap *pm, bool anew)
{
	unsigned int i;
	int err = 0;

	if (!anew && !xn_frame_ops->frames_go)
		return 0;
	for (i = 0; !err && i < pm->used; i++)
		err = xn_frame_ops->add(pm->space, i, pm->gfn + i,
					frame_va(pm, i));
	return err;
}

uint64_t xn_physmap_grant_addr(const struct xn_physmap *pm, unsigned int i)
{
	return xn_frame_ops->grant_addr(pm->gfn + i, frame_va(pm, i));
}

void xn_physmap_fini(struct xn_physmap *pm)
{
	int err, why = 0;

	if (!pm->count)
		return;
	xn_os_unmap(pm->va, pm->count);
	while (pm->used) {
		pm->used--;
		err = xn_frame_ops->remove(pm->gfn + pm->used,
					   frame_va(pm, pm->used));
		if (err) {
			pm->stuck++;
			why = err;
		}
	}
	if (pm->stuck)
		xn_os_log(XN_WARN,
			  "xenion: Xen keeps %u frames mapped (error %d), their frame numbers are lost",
			  pm->stuck, why);
	else
		xn_os_hole_put(pm->gfn, pm->count);
	memset(pm, 0, sizeof(*pm));
}
