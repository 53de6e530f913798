/* SPDX-License-Identifier: MIT */
/*
 * A simulated Xen for a PV guest's memory: machine frames in disorder, page
 * tables of four levels in the process's memory, and Xen's checks of each
 * update. Includes the code under test, mmu/x86/pv.c, pv_suspend.c and pv_tables.c, whose
 * hypercalls and page allocations go to functions here.
 */
#ifndef XENION_PV_XEN_H
#define XENION_PV_XEN_H

#include <stdlib.h>
#include <sys/mman.h>

#define xn_hypercall_raw	pv_xen_hypercall
#define xn_os_page_alloc	pv_page_alloc
#define xn_os_page_free		pv_page_free

#include "unit.h"
#include <xenion/x86/pv.h>
#include <xen-public/errno.h>

/*
 * The address of page 0: 8 MiB below an address at which every level of the
 * page tables needs another table. The process maps nothing else there.
 */
#define RAM_START	(0x208000000000ull - (8ull << 20))
#define RAM_PAGES	4096u			/* 16 MiB */
#define MAPPED_PAGES	2048u			/* by the builder: 8 MiB */

#define FIRST_FRAME	0x1000u			/* of the guest's frames */
#define NR_FRAMES	0x3000u			/* of the machine */
#define SHARED_FRAME	0x2f00u			/* Xen's, as those below */
#define GRANT_FRAME	0x2f10u
#define STATUS_FRAME	0x2f20u
#define MAX_GRANT	4u

#define START_PAGE	255u			/* struct start_info */
/* Pages in use at the start, in order: the p2m list, the tables, room for more */
#define P2M_PAGE	256u
#define P2M_PAGES	(RAM_PAGES * sizeof(xen_pfn_t) / XN_PAGE_SIZE)
#define ROOT_PAGE	(P2M_PAGE + P2M_PAGES)
#define NR_BUILT	7u			/* L4, L3, L2, four L1 */
#define ROOM_PAGE	(ROOT_PAGE + NR_BUILT)
#define NR_ROOM		6u			/* L3, L2, four L1 */

static struct {
	xen_pfn_t m2p[NR_FRAMES];
	uint8_t level[RAM_PAGES];	/* of a table; 0: not a table */
	uint8_t pins[RAM_PAGES];
	struct xen_machphys_mapping mapping;	/* Xen's answer */
	unsigned int calls[64];
	unsigned int fail_in;		/* fail the n-th update; 0: none */
	int grant_status;
	xen_pfn_t grant_frame;
	unsigned int pages;		/* left for pv_page_alloc() */
	unsigned int suspends;
	xen_pfn_t start_info;		/* as the last one said */
} xen;

static uint64_t *page_at(unsigned long pfn)
{
	return (uint64_t *)(RAM_START + (pfn << XN_PAGE_SHIFT));
}

static xen_pfn_t *p2m(void)
{
	return (xen_pfn_t *)page_at(P2M_PAGE);
}

/* In no order: 2741 and 4096 have no common divisor. */
static xen_pfn_t frame_of(unsigned long pfn)
{
	return FIRST_FRAME + pfn * 2741 % RAM_PAGES;
}

static unsigned long pfn_of(xen_pfn_t mfn)
{
	unsigned long pfn;

	for (pfn = 0; pfn < RAM_PAGES; pfn++)
		if (frame_of(pfn) == mfn)
			return pfn;
	return RAM_PAGES;
}

/* ---- page tables, as Xen sees them ---- */

static uint64_t *walk(uint64_t va, unsigned int level)
{
	uint64_t *table = page_at(ROOT_PAGE);
	unsigned int l;

	for (l = 4;; l--) {
		uint64_t *e = table + (va >> (12 + 9 * (l - 1)) & 511);

		if (l == level)
			return e;
		if (!(*e & XN_PTE_PRESENT))
			return NULL;
		table = page_at(pfn_of((*e & XN_PTE_FRAME) >> 12));
	}
}

static bool is_special(xen_pfn_t mfn)
{
	return mfn == SHARED_FRAME ||
	       (mfn >= GRANT_FRAME && mfn < GRANT_FRAME + MAX_GRANT) ||
	       (mfn >= STATUS_FRAME && mfn < STATUS_FRAME + MAX_GRANT);
}

static int make_table(unsigned long pfn, unsigned int level);

/* May a table of this level have that entry? */
static int check_entry(unsigned int level, uint64_t e)
{
	xen_pfn_t mfn = (e & XN_PTE_FRAME) >> 12;
	unsigned long pfn = pfn_of(mfn);

	if (!(e & XN_PTE_PRESENT))
		return 0;
	if (level == 1 && is_special(mfn))
		return 0;
	if (pfn == RAM_PAGES)
		return -XEN_EINVAL;
	if (level > 1)
		return make_table(pfn, level - 1);
	return e & XN_PTE_WRITE && xen.level[pfn] ? -XEN_EBUSY : 0;
}

static int make_table(unsigned long pfn, unsigned int level)
{
	const uint64_t *own = walk(RAM_START + (pfn << 12), 1);
	unsigned int i;
	int err = 0;

	if (xen.level[pfn])
		return xen.level[pfn] == level ? 0 : -XEN_EINVAL;
	if (own && *own & XN_PTE_WRITE)
		return -XEN_EBUSY;
	for (i = 0; !err && i < 512; i++)
		err = check_entry(level, page_at(pfn)[i]);
	if (!err)
		xen.level[pfn] = level;
	return err;
}

static int update(uint64_t ptr, uint64_t val)
{
	unsigned long pfn = pfn_of(ptr >> 12);
	int err;

	if (xen.fail_in && !--xen.fail_in)
		return -XEN_ENOMEM;
	if (pfn == RAM_PAGES || !xen.level[pfn] || ptr & 7)
		return -XEN_EINVAL;
	err = check_entry(xen.level[pfn], val);
	if (!err)
		page_at(pfn)[(ptr & 4095) / 8] = val;
	return err;
}

/* ---- hypercalls ---- */

static long mmu_update(const struct mmu_update *u, unsigned int count,
		       unsigned int *done)
{
	int err = 0;

	for (*done = 0; *done < count; (*done)++) {
		if ((u[*done].ptr & 3) == MMU_NORMAL_PT_UPDATE)
			err = update(u[*done].ptr, u[*done].val);
		if (err)
			return err;
	}
	return 0;
}

static long update_va(uint64_t va, uint64_t val)
{
	uint64_t *e = walk(va, 1);
	int err;

	if (!e)
		return -XEN_EINVAL;
	if (xen.fail_in && !--xen.fail_in)
		return -XEN_ENOMEM;
	err = check_entry(1, val);
	if (!err)
		*e = val;
	return err;
}

static long xen_mmuext(const struct mmuext_op *op)
{
	unsigned long pfn = pfn_of(op->arg1.mfn);
	int err;

	if (pfn == RAM_PAGES)
		return -XEN_EINVAL;
	if (op->cmd == MMUEXT_UNPIN_TABLE) {
		if (!xen.pins[pfn])
			return -XEN_EINVAL;
		xen.pins[pfn] = xen.level[pfn] = 0;
		return 0;
	}
	err = make_table(pfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
	if (!err)
		xen.pins[pfn] = 1;
	return err;
}

static long grant_table(unsigned int cmd, void *arg)
{
	struct gnttab_setup_table *t = arg;
	struct gnttab_get_status_frames *s = arg;
	unsigned int i;

	if (cmd == GNTTABOP_setup_table) {
		t->status = t->nr_frames > MAX_GRANT ? GNTST_general_error :
						       xen.grant_status;
		for (i = 0; !t->status && i < t->nr_frames; i++)
			t->frame_list.p[i] = xen.grant_frame + i;
		return 0;
	}
	s->status = xen.grant_status;
	for (i = 0; !s->status && i < s->nr_frames; i++)
		s->frame_list.p[i] = STATUS_FRAME + i;
	return 0;
}

long pv_xen_hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5)
{
	xen.calls[nr]++;
	switch (nr) {
	case __HYPERVISOR_sched_op:
		if (a1 != SCHEDOP_shutdown ||
		    ((struct sched_shutdown *)a2)->reason != SHUTDOWN_suspend)
			return -XEN_ENOSYS;
		xen.suspends++;
		xen.start_info = a3;
		return 0;
	case __HYPERVISOR_memory_op:
		assert_int_equal(a1, XENMEM_machphys_mapping);
		*(struct xen_machphys_mapping *)a2 = xen.mapping;
		return xen.mapping.max_mfn ? 0 : -XEN_ENOSYS;
	case __HYPERVISOR_mmu_update:
		assert_int_equal(a4, DOMID_SELF);
		return mmu_update((void *)a1, a2, (void *)a3);
	case __HYPERVISOR_update_va_mapping:
		assert_int_equal(a3, UVMF_INVLPG | UVMF_ALL);
		return update_va(a1, a2);
	case __HYPERVISOR_mmuext_op:
		return xen_mmuext((void *)a1);
	case __HYPERVISOR_grant_table_op:
		return grant_table(a1, (void *)a2);
	}
	return -XEN_ENOSYS;
}

/* ---- the OS layer's pages: from the end of memory ---- */

void *pv_page_alloc(void)
{
	return xen.pages ? memset(page_at(RAM_PAGES - xen.pages--), 0,
				  XN_PAGE_SIZE) : NULL;
}

void pv_page_free(void *page)
{
	xen.pages++;
	assert_ptr_equal(page, page_at(RAM_PAGES - xen.pages));
}

/* The addresses that the code under test takes for Xen's. */
#undef MACH2PHYS_VIRT_START
#undef MACH2PHYS_VIRT_END
#define MACH2PHYS_VIRT_START	((uintptr_t)xen.m2p)
#define MACH2PHYS_VIRT_END	((uintptr_t)(xen.m2p + NR_FRAMES))

#include "mmu/x86/pv.c"
#include "mmu/x86/pv_tables.c"
#include "mmu/x86/pv_suspend.c"

/* ---- what the domain builder does ---- */

static void build_entry(unsigned long table, uint64_t va, unsigned int level,
			unsigned long pfn, uint64_t flags)
{
	page_at(table)[va >> (12 + 9 * (level - 1)) & 511] =
		(uint64_t)frame_of(pfn) << 12 | flags;
}

static void build(void)
{
	unsigned long pfn, l1 = ROOT_PAGE + 3;
	unsigned int i;

	memset(&xen, 0, sizeof(xen));
	memset(page_at(0), 0, (size_t)RAM_PAGES << 12);
	memset(xen.m2p, 0xff, sizeof(xen.m2p));
	for (pfn = 0; pfn < RAM_PAGES; pfn++) {
		p2m()[pfn] = frame_of(pfn);
		xen.m2p[frame_of(pfn)] = pfn;
	}
	build_entry(ROOT_PAGE, RAM_START, 4, ROOT_PAGE + 1, XN_PTE_TABLE);
	build_entry(ROOT_PAGE + 1, RAM_START, 3, ROOT_PAGE + 2, XN_PTE_TABLE);
	for (pfn = 0; pfn < MAPPED_PAGES; pfn++) {
		uint64_t va = RAM_START + (pfn << 12);
		bool table = pfn >= ROOT_PAGE && pfn < ROOM_PAGE;

		build_entry(ROOT_PAGE + 2, va, 2, l1 + pfn / 512, XN_PTE_TABLE);
		build_entry(l1 + pfn / 512, va, 1, pfn,
			    XN_PTE_PAGE | (table ? 0 : XN_PTE_WRITE));
	}
	for (i = 0; i < NR_BUILT; i++)
		xen.level[ROOT_PAGE + i] = i < 3 ? 4 - i : 1;
	xen.mapping.v_start = MACH2PHYS_VIRT_START;
	xen.mapping.v_end = MACH2PHYS_VIRT_END;
	xen.mapping.max_mfn = NR_FRAMES - 1;
	xen.grant_frame = GRANT_FRAME;
	xen.pages = 16;
}

static const struct xn_boot_pv boot = {
	.nr_pages = RAM_PAGES,
	.p2m = (uint64_t)P2M_PAGE << 12,
	.page_root = (uint64_t)ROOT_PAGE << 12,
	.tables = (uint64_t)ROOM_PAGE << 12,
	.nr_tables = NR_ROOM,
	.shared_info = (uint64_t)SHARED_FRAME << 12,
	.start_info = (uint64_t)START_PAGE << 12,
};

#endif /* XENION_PV_XEN_H */
