// SPDX-License-Identifier: MIT
/*
 * Frames that Xen owns, made to appear in a hole of the guest-physical map:
 * XENMEM_add_to_physmap and XENMEM_remove_from_physmap (xen-public/memory.h).
 * Called by the port for shared info and by grant/ for the table, and for room
 * where other domains' pages appear.
 */
#include <xenion/hypercall.h>
#include <xenion/mmu.h>

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

int xn_physmap_add(struct xn_physmap *pm)
{
	struct xen_add_to_physmap x = {
		.domid = DOMID_SELF,
		.space = pm->space,
		.idx = pm->used,
		.gpfn = pm->gfn + pm->used,
	};
	int err;

	if (pm->used == pm->count)
		return -ENOSPC;
	if (pm->space == XN_MAPSPACE_GRANT_STATUS) {
		x.space = XENMAPSPACE_grant_table;
		x.idx |= XENMAPIDX_grant_table_status;
	}
	err = xn_hc_memory(XENMEM_add_to_physmap, &x);
	if (!err)
		pm->used++;
	return err;
}

uint64_t xn_physmap_grant_addr(const struct xn_physmap *pm, unsigned int i)
{
	return (uint64_t)(pm->gfn + i) << XN_PAGE_SHIFT;
}

void xn_physmap_fini(struct xn_physmap *pm)
{
	struct xen_remove_from_physmap x = { .domid = DOMID_SELF };
	int err, why = 0;

	if (!pm->count)
		return;
	xn_os_unmap(pm->va, pm->count);
	while (pm->used) {
		x.gpfn = pm->gfn + --pm->used;
		err = xn_hc_memory(XENMEM_remove_from_physmap, &x);
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
