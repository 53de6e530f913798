/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Pages that large kmalloc() calls return: pages as others are, before. The flags of a
 * mapping: a field, before.
 */
#ifndef XENION_COMPAT_MM_H
#define XENION_COMPAT_MM_H

#include_next <linux/mm.h>

#include <xnl_have.h>

#if !XNL_HAVE_PAGE_LARGE_KMALLOC
static inline int PageLargeKmalloc(const struct page *page)
{
	return 0;
}
#endif

#if !XNL_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#endif /* XENION_COMPAT_MM_H */
