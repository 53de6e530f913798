// SPDX-License-Identifier: MIT
/*
 * Pages, frame numbers and holes: the memory functions of <xenion/os.h>. Pages
 * come from RAM below 4 GiB, which the entry code's identity map covers. Holes
 * lie above 4 GiB, where the memory map has no entry.
 */
#include "bare.h"

#define MAX_HOLES	16

/* With fewer pages, nothing works. */
#define MIN_PAGES	64

struct bare_memory bare_memory;

static struct xn_lock lock;
static const struct xn_memmap *map;
static unsigned int range;		/* the range of the map in use */
static uint64_t next;			/* its unused pages begin here */
static void *free_pages;		/* list */

static struct {
	xen_pfn_t gfn;
	unsigned int count;		/* 0: no hole */
} holes[MAX_HOLES];

static uint64_t align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static uint64_t end_of(const struct xn_mem_range *r)
{
	return r->end < BARE_REACH ? r->end : BARE_REACH;
}

/* Called under the lock, as memory_take() is. */
static void count_pages(unsigned int count)
{
	bare_memory.used += count;
	if (bare_memory.used > bare_memory.peak)
		bare_memory.peak = bare_memory.used;
}

static void *memory_take(unsigned int count, unsigned int align_pages)
{
	uint64_t size = (uint64_t)count * XN_PAGE_SIZE;

	for (; range < map->nr; range++, next = 0) {
		const struct xn_mem_range *r = &map->range[range];
		uint64_t end = end_of(r);
		uint64_t start = align_up(r->start > next ? r->start : next,
					  (uint64_t)align_pages * XN_PAGE_SIZE);

		if (r->type != XN_MEM_RAM || start >= end || end - start < size)
			continue;
		if (!bare_arch_memory(start + size))
			break;
		/* Pages that are skipped for the alignment are lost. */
		next = start + size;
		count_pages(count);
		return (void *)start;
	}
	return NULL;
}

void bare_memory_init(const struct xn_boot_info *info)
{
	unsigned int i;

	map = &info->map;
	for (i = 0; i < map->nr; i++) {
		const struct xn_mem_range *r = &map->range[i];

		if (r->type == XN_MEM_RAM && r->start < BARE_REACH)
			bare_memory.total += (end_of(r) - r->start) / XN_PAGE_SIZE;
	}
	if (bare_memory.total < MIN_PAGES)
		bare_panic("bare: %u pages of RAM are too few: give the domain more memory",
			   bare_memory.total);
}

void *bare_pages(unsigned int count, unsigned int align_pages)
{
	unsigned long flags = xn_lock(&lock);
	unsigned int old_range = range;
	uint64_t old_next = next;
	void *pages = memory_take(count, align_pages);

	/* Ranges that are too small for @count pages may do for one. */
	if (!pages) {
		range = old_range;
		next = old_next;
	}
	xn_unlock(&lock, flags);
	if (pages)
		memset(pages, 0, (size_t)count * XN_PAGE_SIZE);
	return pages;
}

void *xn_os_page_alloc(void)
{
	unsigned long flags = xn_lock(&lock);
	void *page = free_pages;

	if (page) {
		free_pages = *(void **)page;
		count_pages(1);
	} else {
		page = memory_take(1, 1);
	}
	xn_unlock(&lock, flags);
	if (page)
		memset(page, 0, XN_PAGE_SIZE);
	return page;
}

void xn_os_page_free(void *page)
{
	unsigned long flags;

	if (!page)
		return;
	flags = xn_lock(&lock);
	*(void **)page = free_pages;
	free_pages = page;
	bare_memory.used--;
	xn_unlock(&lock, flags);
}

xen_pfn_t xn_os_gfn(const void *va)
{
	return bare_arch_gfn(va);
}

void *xn_os_map(xen_pfn_t gfn, unsigned int count)
{
	return bare_arch_map(gfn, count);
}

void xn_os_unmap(void *va, unsigned int count)
{
	bare_arch_unmap(va, count);
}

/* Is nothing there? Else @after is the first frame behind what is there. */
static bool is_hole(xen_pfn_t gfn, unsigned int count, xen_pfn_t *after)
{
	uint64_t start = gfn << XN_PAGE_SHIFT;
	uint64_t end = start + (uint64_t)count * XN_PAGE_SIZE;
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		if (start < map->range[i].end && map->range[i].start < end) {
			*after = align_up(map->range[i].end, XN_PAGE_SIZE) >>
				 XN_PAGE_SHIFT;
			return false;
		}
	for (i = 0; i < MAX_HOLES; i++)
		if (holes[i].count && gfn < holes[i].gfn + holes[i].count &&
		    holes[i].gfn < gfn + count) {
			*after = holes[i].gfn + holes[i].count;
			return false;
		}
	return true;
}

int xn_os_hole_get(unsigned int count, xen_pfn_t *gfn)
{
	xen_pfn_t at = BARE_REACH >> XN_PAGE_SHIFT;
	xen_pfn_t end = 1ull << (bare_arch_address_bits() - XN_PAGE_SHIFT);
	unsigned long flags = xn_lock(&lock);
	int err = -ENOSPC;
	unsigned int i;

	while (at + count <= end && !is_hole(at, count, &at))
		;
	for (i = 0; i < MAX_HOLES && at + count <= end; i++)
		if (!holes[i].count) {
			holes[i].gfn = *gfn = at;
			holes[i].count = count;
			err = 0;
			break;
		}
	xn_unlock(&lock, flags);
	return err;
}

void xn_os_hole_put(xen_pfn_t gfn, unsigned int count)
{
	unsigned long flags = xn_lock(&lock);
	unsigned int i;

	for (i = 0; i < MAX_HOLES; i++)
		if (holes[i].count == count && holes[i].gfn == gfn)
			holes[i].count = 0;
	xn_unlock(&lock, flags);
}
