// SPDX-License-Identifier: MIT
/*
 * The runstate of vCPUs without a hypercall: Xen writes struct vcpu_runstate_info
 * (xen-public/vcpu.h) into our memory each time a vCPU starts or stops running.
 * Called by the OS layer.
 */
#include "runstate.h"

/* Attempts to read a consistent copy before falling back to a hypercall. */
#define TRIES	8u

#define AREAS_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct xn_runstate_area))

_Static_assert(AREAS_PER_PAGE * XN_RUNSTATE_PAGES >= XN_MAX_VCPUS, "all fit");

static int register_area(unsigned int vcpu, struct vcpu_runstate_info *info)
{
	struct vcpu_register_runstate_memory_area x = { .addr.v = info };

	return xn_hc_vcpu(VCPUOP_register_runstate_memory_area, vcpu, &x);
}

static struct vcpu_runstate_info *area_of(const struct xn_runstate *r,
					  unsigned int vcpu)
{
	return &r->page[vcpu / AREAS_PER_PAGE][vcpu % AREAS_PER_PAGE].info;
}

static int area_add(struct xn_runstate *r)
{
	unsigned int vcpu = r->nr_vcpus;
	int err;

	if (vcpu % AREAS_PER_PAGE == 0) {
		r->page[vcpu / AREAS_PER_PAGE] = xn_os_page_alloc();
		if (!r->page[vcpu / AREAS_PER_PAGE])
			return -ENOMEM;
	}
	err = register_area(vcpu, area_of(r, vcpu));
	if (!err)
		r->nr_vcpus++;
	return err;
}

/* If Xen keeps an area, it may still write to it: the page is lost. */
static void area_remove(struct xn_runstate *r, unsigned int vcpu)
{
	int err = register_area(vcpu, NULL);

	if (!err)
		return;
	xn_os_log(XN_WARN,
		  "xenion: Xen keeps the runstate area of vCPU %u (error %d): a page is lost",
		  vcpu, err);
	r->page[vcpu / AREAS_PER_PAGE] = NULL;
}

int xn_runstate_init(struct xn_runstate *r, unsigned int nr_vcpus)
{
	int err = 0;

	memset(r, 0, sizeof(*r));
	if (!nr_vcpus || nr_vcpus > XN_MAX_VCPUS)
		return -EINVAL;
	/* Without the mark, a copy may mix two of Xen's updates. */
	if (xn_hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag))
		return 0;
	while (!err && r->nr_vcpus < nr_vcpus)
		err = area_add(r);
	if (err)
		xn_runstate_fini(r);
	return err;
}

void xn_runstate_fini(struct xn_runstate *r)
{
	unsigned int i;

	while (r->nr_vcpus)
		area_remove(r, --r->nr_vcpus);
	for (i = 0; i < XN_RUNSTATE_PAGES; i++)
		xn_os_page_free(r->page[i]);
	memset(r, 0, sizeof(*r));
}

static bool runstate_snapshot(const struct vcpu_runstate_info *from,
			      struct vcpu_runstate_info *to)
{
	unsigned int i, k;

	for (i = 0; i < TRIES; i++) {
		uint64_t then = XN_READ_ONCE(from->state_entry_time);

		xn_rmb();
		to->state = XN_READ_ONCE(from->state);
		to->state_entry_time = then;
		for (k = 0; k < XN_ARRAY_SIZE(to->time); k++)
			to->time[k] = XN_READ_ONCE(from->time[k]);
		xn_rmb();
		if (!(then & XEN_RUNSTATE_UPDATE) &&
		    XN_READ_ONCE(from->state_entry_time) == then)
			return true;
	}
	return false;
}

int xn_runstate_read(const struct xn_runstate *r, unsigned int vcpu,
		     uint64_t now, struct vcpu_runstate_info *info)
{
	if (vcpu >= r->nr_vcpus || !runstate_snapshot(area_of(r, vcpu), info) ||
	    xn_runstate_check(info))
		return xn_runstate_get(vcpu, info);
	/* Xen adds up a state when it ends; the hypercall adds it up to now. */
	if (now > info->state_entry_time)
		info->time[info->state] += now - info->state_entry_time;
	return 0;
}
