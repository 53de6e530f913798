// SPDX-License-Identifier: MIT
/*
 * The table of places for struct vcpu_info (xen-public/xen.h): in the shared
 * info page, or registered by VCPUOP_register_vcpu_info (xen-public/vcpu.h).
 * Called by the OS layer at its start and when a vCPU starts; events/ and time/
 * read the table.
 */
#include <xenion/hypercall.h>
#include <xenion/vcpus.h>

/* A cache line for each, so that none crosses a page, which Xen refuses. */
#define INFO_SIZE	64u
#define INFOS_PER_PAGE	(XN_PAGE_SIZE / INFO_SIZE)
#define MORE_VCPUS	(XN_MAX_VCPUS - XEN_LEGACY_MAX_VCPUS)

_Static_assert(sizeof(struct vcpu_info) <= INFO_SIZE, "fits its line");
_Static_assert(XN_KEPT_PAGES * INFOS_PER_PAGE >= MORE_VCPUS, "all fit");

int xn_vcpus_init(struct xn_vcpus *v, unsigned int nr)
{
	unsigned int i;
	int err;

	memset(v, 0, sizeof(*v));
	if (!nr || nr > XN_MAX_VCPUS)
		return -EINVAL;
	err = xn_physmap_init(&v->map, XENMAPSPACE_shared_info, 1);
	if (!err)
		err = xn_physmap_add(&v->map);
	if (err) {
		xn_physmap_fini(&v->map);
		return err;
	}
	v->shared = v->map.va;
	v->nr = nr;
	for (i = 0; i < nr && i < XEN_LEGACY_MAX_VCPUS; i++)
		v->info[i] = &v->shared->vcpu_info[i];
	return 0;
}

/* Has Xen written to this place? Then it is registered. */
static bool vcpu_info_lives(const struct vcpu_info *info)
{
	return XN_READ_ONCE(info->time.version) ||
	       XN_READ_ONCE(info->evtchn_upcall_pending);
}

int xn_vcpu_enter(struct xn_vcpus *v, unsigned int vcpu)
{
	unsigned int slot = vcpu - XEN_LEGACY_MAX_VCPUS;
	unsigned int page = slot / INFOS_PER_PAGE;
	struct vcpu_register_vcpu_info x = {
		.offset = slot % INFOS_PER_PAGE * INFO_SIZE,
	};
	struct vcpu_info *info;
	int err;

	if (vcpu >= v->nr)
		return -EINVAL;
	if (v->info[vcpu])
		return 0;
	if (!v->kept[page]) {
		err = xn_frame_ops->keep(page, &v->kept[page],
					 &v->kept_frame[page]);
		if (err)
			return err;
	}
	info = (void *)((uint8_t *)v->kept[page] + x.offset);
	x.mfn = v->kept_frame[page];
	err = xn_hc_vcpu(VCPUOP_register_vcpu_info, vcpu, &x);
	/* It is registered already, perhaps by us before we were reloaded. */
	if (err == -EINVAL)
		err = vcpu_info_lives(info) ? 0 : -EBUSY;
	if (!err)
		__atomic_store_n(&v->info[vcpu], info, __ATOMIC_RELEASE);
	return err;
}

void xn_vcpus_fini(struct xn_vcpus *v)
{
	unsigned int i;

	for (i = 0; i < XN_KEPT_PAGES; i++)
		if (v->kept[i])
			xn_frame_ops->leave(v->kept[i]);
	xn_physmap_fini(&v->map);
	memset(v, 0, sizeof(*v));
}
