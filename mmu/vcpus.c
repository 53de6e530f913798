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

/* Which kept page has the place of a vCPU, and where in it. */
static unsigned int place_page(unsigned int vcpu)
{
	return (vcpu - XEN_LEGACY_MAX_VCPUS) / INFOS_PER_PAGE;
}

static unsigned int place_offset(unsigned int vcpu)
{
	return (vcpu - XEN_LEGACY_MAX_VCPUS) % INFOS_PER_PAGE * INFO_SIZE;
}

/* The page of the place is kept. */
static struct vcpu_info *place_of(const struct xn_vcpus *v, unsigned int vcpu)
{
	return (void *)((uint8_t *)v->kept[place_page(vcpu)] +
			place_offset(vcpu));
}

static int place_register(const struct xn_vcpus *v, unsigned int vcpu)
{
	struct vcpu_register_vcpu_info x = {
		.mfn = v->kept_frame[place_page(vcpu)],
		.offset = place_offset(vcpu),
	};

	return xn_hc_vcpu(VCPUOP_register_vcpu_info, vcpu, &x);
}

int xn_vcpu_enter(struct xn_vcpus *v, unsigned int vcpu)
{
	unsigned int page;
	int err;

	if (vcpu >= v->nr)
		return -EINVAL;
	if (v->info[vcpu])
		return 0;
	page = place_page(vcpu);
	if (!v->kept[page]) {
		err = xn_frame_ops->keep(page, &v->kept[page],
					 &v->kept_frame[page]);
		if (err)
			return err;
	}
	err = place_register(v, vcpu);
	/* It is registered already, perhaps by us before we were reloaded. */
	if (err == -EINVAL)
		err = vcpu_info_lives(place_of(v, vcpu)) ? 0 : -EBUSY;
	if (!err)
		__atomic_store_n(&v->info[vcpu], place_of(v, vcpu),
				 __ATOMIC_RELEASE);
	return err;
}

void xn_vcpus_suspend(struct xn_vcpus *v)
{
	xn_physmap_suspend(&v->map);
}

/* The pages of places are RAM of a PV guest, which may have other frames now. */
static int places_resume(struct xn_vcpus *v)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && xn_frame_ops->frames_go && i < XN_KEPT_PAGES; i++)
		if (v->kept[i])
			err = xn_frame_ops->keep(i, &v->kept[i],
						 &v->kept_frame[i]);
	return err;
}

int xn_vcpus_resume(struct xn_vcpus *v, bool anew)
{
	int err = xn_physmap_resume(&v->map, anew);
	unsigned int i;

	if (!err && anew)
		err = places_resume(v);
	for (i = XEN_LEGACY_MAX_VCPUS; !err && anew && i < v->nr; i++) {
		if (!v->info[i])
			continue;
		/* What the old domain wrote must not count as a sign of life. */
		memset(v->info[i], 0, sizeof(*v->info[i]));
		if (place_register(v, i))
			__atomic_store_n(&v->info[i], NULL, __ATOMIC_RELEASE);
	}
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
