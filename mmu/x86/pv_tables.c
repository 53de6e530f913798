// SPDX-License-Identifier: MIT
/*
 * Page tables of a PV guest, which Xen checks and writes
 * (HYPERVISOR_mmu_update, HYPERVISOR_update_va_mapping and HYPERVISOR_mmuext_op
 * in xen-public/xen.h). Called by the OS layer of a PV guest and by pv.c.
 */
#include "pv.h"

#define LEVELS		4u
#define PER_TABLE	512u
#define TABLE_SPAN	((uint64_t)PER_TABLE << XN_PAGE_SHIFT)
/* The non-canonical hole and Xen's own addresses lie above this. */
#define MAX_ADDRESS	(1ull << 47)

/* ---- updates ---- */

int xn_mmu_flush(struct xn_mmu_batch *b)
{
	unsigned int count = b->count;
	long err;

	b->count = 0;
	b->done = 0;
	if (!count)
		return 0;
	err = xn_hypercall(__HYPERVISOR_mmu_update, (unsigned long)b->update,
			   count, (unsigned long)&b->done, DOMID_SELF, 0);
	return err < 0 ? err : 0;
}

int xn_mmu_queue(struct xn_mmu_batch *b, uint64_t ptr, uint64_t val)
{
	int err = b->count == XN_MMU_BATCH ? xn_mmu_flush(b) : 0;

	if (!err)
		b->update[b->count++] = (struct mmu_update){
			.ptr = ptr, .val = val,
		};
	return err;
}

int xn_pv_set(const void *va, uint64_t pte)
{
	return xn_hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)va, pte,
			    UVMF_INVLPG | UVMF_ALL, 0, 0);
}

/* ---- reading ---- */

void *xn_pv_page(const struct xn_pv *pv, xen_pfn_t mfn)
{
	unsigned long pfn;

	if (mfn >= pv->nr_frames)
		return NULL;
	pfn = XN_READ_ONCE(pv->m2p[mfn]);
	if (pfn >= pv->nr_pages || XN_READ_ONCE(pv->p2m[pfn]) != mfn)
		return NULL;
	return xn_pv_va(pv, pfn);
}

const uint64_t *xn_pv_entry(const struct xn_pv *pv, const void *va,
			    unsigned int level, uint64_t *ptr)
{
	xen_pfn_t mfn = pv->p2m[pv->root];
	const uint64_t *table, *e;
	unsigned int l, index;

	if ((uintptr_t)va >= MAX_ADDRESS)
		return NULL;
	for (l = LEVELS;; l--) {
		table = xn_pv_page(pv, mfn);
		if (!table)
			return NULL;
		index = (uintptr_t)va >> (XN_PAGE_SHIFT + 9 * (l - 1)) &
			(PER_TABLE - 1);
		e = table + index;
		if (l == level)
			break;
		if (!(*e & XN_PTE_PRESENT))
			return NULL;
		mfn = (*e & XN_PTE_FRAME) >> XN_PAGE_SHIFT;
	}
	if (ptr)
		*ptr = ((uint64_t)mfn << XN_PAGE_SHIFT) + index * sizeof(*e);
	return e;
}

static bool is_mapped(const struct xn_pv *pv, const void *va)
{
	const uint64_t *e = xn_pv_entry(pv, va, 1, NULL);

	return e && *e & XN_PTE_PRESENT;
}

/* ---- tables ---- */

int xn_pv_protect(const struct xn_pv *pv, const void *page, bool readonly)
{
	xen_pfn_t mfn = xn_pv_mfn(pv, page);

	if (mfn == XN_NO_FRAME)
		return -EINVAL;
	return xn_pv_set(page, (uint64_t)mfn << XN_PAGE_SHIFT | XN_PTE_PAGE |
			       (readonly ? 0 : XN_PTE_WRITE));
}

static int tables_mmuext(unsigned int cmd, xen_pfn_t mfn)
{
	struct mmuext_op x = { .cmd = cmd, .arg1.mfn = mfn };
	long err;

	if (mfn == XN_NO_FRAME)
		return -EINVAL;
	err = xn_hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&x, 1, 0,
			   DOMID_SELF, 0);
	return err < 0 ? err : 0;
}

int xn_pv_pin(const struct xn_pv *pv, const void *table, unsigned int level)
{
	if (level < 1 || level > LEVELS)
		return -EINVAL;
	return tables_mmuext(MMUEXT_PIN_L1_TABLE + level - 1,
			     xn_pv_mfn(pv, table));
}

int xn_pv_unpin(const struct xn_pv *pv, const void *table)
{
	return tables_mmuext(MMUEXT_UNPIN_TABLE, xn_pv_mfn(pv, table));
}

/* Let the entry of @level for @va point to @table, which becomes read-only. */
static int link_table(struct xn_pv *pv, struct xn_mmu_batch *b,
		      const void *va, unsigned int level, const void *table)
{
	uint64_t mfn = (uint64_t)xn_pv_mfn(pv, table) << XN_PAGE_SHIFT;
	uint64_t own, above;
	int err;

	if (!xn_pv_entry(pv, table, 1, &own) ||
	    !xn_pv_entry(pv, va, level, &above))
		return -EINVAL;
	err = xn_mmu_queue(b, own, mfn | XN_PTE_PAGE);
	if (!err)
		err = xn_mmu_queue(b, above, mfn | XN_PTE_TABLE);
	return err;
}

static int add_table(struct xn_pv *pv, const void *va, unsigned int level)
{
	struct xn_mmu_batch b = { 0 };
	void *table = xn_os_page_alloc();
	unsigned long flags;
	const uint64_t *e;
	bool used = false;
	int err = 0;

	if (!table)
		return -ENOMEM;
	flags = xn_lock(&pv->lock);
	e = xn_pv_entry(pv, va, level, NULL);
	/* Another CPU may have linked a table meanwhile. */
	if (!e) {
		err = -EINVAL;
	} else if (!(*e & XN_PTE_PRESENT)) {
		err = link_table(pv, &b, va, level, table);
		if (!err)
			err = xn_mmu_flush(&b);
		/* The first update may have made the new table read-only. */
		used = !err || xn_pv_protect(pv, table, false);
	}
	xn_unlock(&pv->lock, flags);
	if (!used)
		xn_os_page_free(table);
	return err;
}

static int tables_extend(struct xn_pv *pv, const void *va)
{
	unsigned int level;
	int err = 0;

	for (level = LEVELS; !err && level > 1; level--) {
		const uint64_t *e = xn_pv_entry(pv, va, level, NULL);

		if (!e || !(*e & XN_PTE_PRESENT))
			err = add_table(pv, va, level);
	}
	return err;
}

int xn_pv_extend(struct xn_pv *pv, const void *va, unsigned int count)
{
	uint64_t at = (uintptr_t)va & ~(TABLE_SPAN - 1);
	uint64_t end = (uintptr_t)va + ((uint64_t)count << XN_PAGE_SHIFT);
	int err = 0;

	if ((uintptr_t)va >= MAX_ADDRESS || end > MAX_ADDRESS)
		return -EINVAL;
	for (; !err && at < end; at += TABLE_SPAN)
		err = tables_extend(pv, (void *)at);
	return err;
}

/* ---- the guest's own memory ---- */

/* Take a reserved page; the table that maps it may still be in the batch. */
static uint64_t *tables_take(struct xn_pv *pv, struct xn_mmu_batch *b)
{
	uint64_t *table = xn_pv_va(pv, pv->next_table);

	if (!pv->nr_tables)
		return NULL;
	if (!is_mapped(pv, table) &&
	    (xn_mmu_flush(b) || !is_mapped(pv, table)))
		return NULL;
	pv->next_table++;
	pv->nr_tables--;
	memset(table, 0, XN_PAGE_SIZE);
	return table;
}

static void tables_fill(const struct xn_pv *pv, uint64_t *table,
			unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < PER_TABLE && pfn + i < pv->nr_pages; i++)
		if (pv->p2m[pfn + i] != XN_NO_FRAME)
			table[i] = (uint64_t)pv->p2m[pfn + i] << XN_PAGE_SHIFT |
				   XN_PTE_PAGE | XN_PTE_WRITE;
}

/* Link the tables that map these pages, the highest level first. */
static int map_some(struct xn_pv *pv, struct xn_mmu_batch *b,
		    unsigned long pfn)
{
	const void *va = xn_pv_va(pv, pfn);
	unsigned int level;
	int err;

	for (level = LEVELS; level > 1; level--) {
		const uint64_t *e = xn_pv_entry(pv, va, level, NULL);
		uint64_t *table;

		if (e && *e & XN_PTE_PRESENT)
			continue;
		table = tables_take(pv, b);
		if (!table)
			return -ENOSPC;
		if (level == 2)
			tables_fill(pv, table, pfn);
		err = link_table(pv, b, va, level, table);
		/* The next level is found through this entry. */
		if (!err && level > 2)
			err = xn_mmu_flush(b);
		if (err)
			return err;
	}
	return 0;
}

static int map_up_to(struct xn_pv *pv, unsigned long end)
{
	struct xn_mmu_batch b = { 0 };
	unsigned long pfn = pv->mapped;
	int err = 0;

	for (; !err && pfn < end; pfn += PER_TABLE)
		err = map_some(pv, &b, pfn);
	if (!err)
		err = xn_mmu_flush(&b);
	if (!err)
		__atomic_store_n(&pv->mapped, pfn, __ATOMIC_RELEASE);
	return err;
}

int xn_pv_map(struct xn_pv *pv, unsigned long end)
{
	unsigned long flags;
	int err = 0;

	if (end > pv->nr_pages)
		return -EINVAL;
	if (__atomic_load_n(&pv->mapped, __ATOMIC_ACQUIRE) >= end)
		return 0;
	flags = xn_lock(&pv->lock);
	if (pv->mapped < end)
		err = map_up_to(pv, end);
	xn_unlock(&pv->lock, flags);
	if (err)
		xn_os_log(XN_ERR, "xenion: memory from page 0x%lx on cannot be mapped (error %d)",
			  pv->mapped, err);
	return err;
}
