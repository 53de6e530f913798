/* SPDX-License-Identifier: MIT */
/*
 * vCPUs: where Xen keeps the events and the time of each of them, struct
 * vcpu_info (xen-public/xen.h). The shared info page has room for the first
 * XEN_LEGACY_MAX_VCPUS; each of the others registers a place in pages of the
 * guest (VCPUOP_register_vcpu_info in xen-public/vcpu.h).
 *
 * "vcpu" is always Xen's number of a vCPU.
 */
#ifndef XENION_VCPUS_H
#define XENION_VCPUS_H

#include <xenion/boot.h>
#include <xenion/decls.h>
#include <xenion/mmu.h>

XN_DECLS_BEGIN

struct xn_vcpus {
	struct xn_physmap map;
	struct shared_info *shared;	/* the page, mapped there */
	unsigned int nr;	/* vCPUs 0 ... nr - 1 exist, or may */
	/* Pages for the vCPUs for which the shared page has no room. */
	void *kept[XN_KEPT_PAGES];
	xen_pfn_t kept_frame[XN_KEPT_PAGES];
	/* NULL: none (yet). Read without a lock. */
	struct vcpu_info *info[XN_MAX_VCPUS];
};

/**
 * xn_vcpus_init - map the shared info page, and the places in it
 * @v: filled in; owned by the caller, lives until nothing uses events or time
 * @nr: how many vCPUs there are, 1 ... XN_MAX_VCPUS; see xn_vcpu_count()
 *
 * XENMAPSPACE_shared_info, xn_physmap_add(). On failure nothing is left.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL, or as xn_physmap_init() and xn_physmap_add().
 */
int xn_vcpus_init(struct xn_vcpus *v, unsigned int nr);

/**
 * xn_vcpu_enter - give a vCPU its place, if the shared info page has none
 * @v: the vCPUs
 * @vcpu: which; the one that runs this, or one that is down
 *
 * Until then the vCPU takes no events. Xen accepts a place only once in a
 * domain's life. So it lies in a page that is kept (struct xn_frame_ops), where
 * the next kernel, or this one when the library is loaded again, finds it.
 *
 * Context: may sleep; the caller serialises calls.
 * Return: 0 (also if it had one), -EINVAL (no such vCPU), -ENOMEM (no page),
 * -EBUSY (another kernel has registered a place of its own), or Xen's error.
 */
int xn_vcpu_enter(struct xn_vcpus *v, unsigned int vcpu);

/**
 * xn_vcpus_suspend - the shared info page is used no more until xn_vcpus_resume()
 * @v: the vCPUs
 *
 * The last thing to be called before a PV guest is suspended: xn_physmap_suspend().
 * Other guests need not.
 *
 * Context: raw. In a PV guest upcalls are disabled, and by a byte that is elsewhere.
 */
void xn_vcpus_suspend(struct xn_vcpus *v);

/**
 * xn_vcpus_resume - map the shared info page of a new domain, and the places
 * @v: the vCPUs; only the one that runs this is up
 * @anew: the domain is a new one; if not, xn_vcpus_suspend() is undone
 *
 * For a guest that was saved and restored, or has moved (xn_evtchn_survived()):
 * the first of all to be called, and only once when it has succeeded. The page is
 * mapped by xn_physmap_resume(). Each place that was registered is registered
 * again, in the same page. If Xen refuses, the vCPU has none, as before its first
 * xn_vcpu_enter(), which must be called for it again: Xen accepts the place of a
 * vCPU that is not down only from that vCPU itself. So an OS layer calls
 * xn_vcpu_enter() whenever a vCPU comes up. The new domain may have fewer vCPUs:
 * the OS layer does not bring the others up.
 *
 * VCPUOP_register_vcpu_info.
 *
 * Context: raw.
 * Return: 0, or Xen's error when there is no shared info page: then no event and
 * no time can be read, and nothing else of the library may be called. The call
 * may be repeated; if it goes on failing, the guest has to stop: SCHEDOP_shutdown
 * needs no page.
 */
int xn_vcpus_resume(struct xn_vcpus *v, bool anew);

/**
 * xn_vcpus_fini - unmap the page; places that were registered stay Xen's
 * @v: the vCPUs; a second call, or one after a failed init, does nothing
 *
 * Context: may sleep.
 */
void xn_vcpus_fini(struct xn_vcpus *v);

XN_DECLS_END

#endif /* XENION_VCPUS_H */
