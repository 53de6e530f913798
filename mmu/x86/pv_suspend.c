// SPDX-License-Identifier: MIT
/*
 * A PV guest that is saved, restored or moved. The toolstack reads the p2m list, and
 * puts other machine frames into it and into all page tables of the new domain; the
 * start info page, whose frame is the third argument of SCHEDOP_shutdown, gets what
 * the new domain has (xen-public/xen.h, struct start_info, "filled in on resume";
 * struct arch_shared_info in xen-public/arch-x86/xen.h). Called by the OS layer.
 */
#include "pv.h"

/* In place of a list in three levels: the list is where p2m_vaddr says. */
#define NO_LIST_OF_LISTS	(~(xen_pfn_t)0)

void xn_pv_publish(const struct xn_pv *pv, struct shared_info *shared)
{
	struct arch_shared_info *arch = &shared->arch;

	XN_WRITE_ONCE(arch->p2m_cr3, 0);
	xn_wmb();
	XN_WRITE_ONCE(arch->max_pfn, pv->nr_pages);
	XN_WRITE_ONCE(arch->pfn_to_mfn_frame_list_list, NO_LIST_OF_LISTS);
	XN_WRITE_ONCE(arch->p2m_vaddr, (uintptr_t)pv->p2m);
	/* The list stays where it is. */
	XN_WRITE_ONCE(arch->p2m_generation, 0);
	xn_wmb();
	XN_WRITE_ONCE(arch->p2m_cr3, xen_pfn_to_cr3(pv->p2m[pv->root]));
}

int xn_pv_suspend(struct xn_pv *pv, const struct xn_boot_channel *store,
		  const struct xn_boot_channel *console)
{
	struct sched_shutdown x = { .reason = SHUTDOWN_suspend };
	struct start_info *si = pv->start_info;

	/* The toolstack wants the pages' own numbers, and gives frames back. */
	si->store_mfn = store->gpa >> XN_PAGE_SHIFT;
	si->console.domU.mfn = console->gpa >> XN_PAGE_SHIFT;
	return xn_hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
			    (unsigned long)&x, xn_pv_mfn(pv, si), 0, 0);
}

static void channel_resume(const struct xn_pv *pv, xen_pfn_t mfn, uint32_t port,
			   struct xn_boot_channel *c)
{
	const void *page = port ? xn_pv_page(pv, mfn) : NULL;

	*c = (struct xn_boot_channel){ };
	if (!page)
		return;
	c->gpa = (uintptr_t)page - pv->offset;
	c->port = port;
}

int xn_pv_resume(struct xn_pv *pv, struct xn_boot_channel *store,
		 struct xn_boot_channel *console)
{
	const struct start_info *si = pv->start_info;
	uint64_t shared_info = XN_READ_ONCE(si->shared_info);
	int err = xn_pv_find_lists(pv);

	if (err)
		return err;
	if (!shared_info || shared_info % XN_PAGE_SIZE)
		return -EINVAL;
	pv->shared_info = shared_info;
	channel_resume(pv, XN_READ_ONCE(si->store_mfn),
		       XN_READ_ONCE(si->store_evtchn), store);
	channel_resume(pv, XN_READ_ONCE(si->console.domU.mfn),
		       XN_READ_ONCE(si->console.domU.evtchn), console);
	return 0;
}
