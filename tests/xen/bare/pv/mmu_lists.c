// SPDX-License-Identifier: MIT
/*
 * The lists p2m (start_info's mfn_list) and m2p (XENMEM_machphys_mapping) of a
 * PV guest, xen-public/xen.h and memory.h: each page of the guest has a machine
 * frame, and that frame's entry in Xen's list is the page's number. The guest
 * may change that entry for its own frames (MMU_MACHPHYS_UPDATE).
 *
 * Known by looking up each page both ways; a frame whose two entries differ
 * does not count as the guest's.
 */
#include "pv.h"

SELFTEST(mmu, pv_lists, NEEDS_PV)
{
	const struct xn_pv *pv = &bare_pv;
	unsigned long pfn, missing = 0, wrong = 0;

	for (pfn = 0; pfn < pv->nr_pages; pfn++) {
		void *va = (void *)(pfn << XN_PAGE_SHIFT);

		if (xn_pv_mfn(pv, va) == XN_NO_FRAME)
			missing++;
		else if (xn_pv_page(pv, xn_pv_mfn(pv, va)) != va)
			wrong++;
	}
	CHECK(!wrong, "of %lu pages, none leads elsewhere (%lu)",
	      pv->nr_pages, wrong);
	CHECK(!missing, "and all are there (%lu are not)", missing);
	CHECK(xn_pv_mfn(pv, (void *)(pv->nr_pages << XN_PAGE_SHIFT)) ==
	      XN_NO_FRAME, "behind the last one there is none");
	CHECK(!xn_pv_page(pv, bare_info->pv->shared_info >> XN_PAGE_SHIFT),
	      "the shared info's frame is Xen's");
	CHECK(!xn_pv_page(pv, pv->nr_frames) && !xn_pv_page(pv, XN_NO_FRAME),
	      "no machine has those frames");
}

SELFTEST(mmu, pv_m2p_update, NEEDS_PV)
{
	void *page = xn_os_page_alloc();
	xen_pfn_t mfn = xn_pv_mfn(&bare_pv, page);
	uint64_t ptr = (uint64_t)mfn << XN_PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
	struct xn_mmu_batch b = { 0 };
	int err;

	err = xn_mmu_queue(&b, ptr, 1);
	if (!err)
		err = xn_mmu_flush(&b);
	REQUIRE(!err, "Xen's entry is made another page's (error %d)", err);
	CHECK(!xn_pv_page(&bare_pv, mfn), "the frame is taken for nobody's");
	err = xn_mmu_queue(&b, ptr, (uintptr_t)page >> XN_PAGE_SHIFT);
	if (!err)
		err = xn_mmu_flush(&b);
	CHECK(!err && xn_pv_page(&bare_pv, mfn) == page,
	      "and is the page's again (error %d)", err);
	xn_os_page_free(page);
}
