// SPDX-License-Identifier: MIT
/*
 * The guest's memory map and the window through which its memory is read. Hosts
 * provide maps that are unsorted and overlap; xn_memmap_add() builds a sorted,
 * disjoint one. Called by the entry code in boot/ and by the Linux boot shim.
 */
#include <xenion/boot.h>

/* Make room for one range before range[i]. */
static int open_gap(struct xn_memmap *map, unsigned int i)
{
	unsigned int j;

	if (map->nr == XN_MEMMAP_MAX)
		return -E2BIG;
	for (j = map->nr++; j > i; j--)
		map->range[j] = map->range[j - 1];
	return 0;
}

static int memmap_insert(struct xn_memmap *map, unsigned int i, uint64_t start,
			 uint64_t end, enum xn_mem_type type)
{
	int ret = open_gap(map, i);

	if (!ret)
		map->range[i] = (struct xn_mem_range){ start, end, type };
	return ret;
}

/* Split range[i] at an address inside it. */
static int memmap_split(struct xn_memmap *map, unsigned int i, uint64_t at)
{
	int ret = open_gap(map, i);

	if (!ret) {
		map->range[i] = map->range[i + 1];
		map->range[i].end = at;
		map->range[i + 1].start = at;
	}
	return ret;
}

/* The first range that ends after an address, or map->nr. */
static unsigned int find_after(const struct xn_memmap *map, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		if (map->range[i].end > addr)
			break;
	return i;
}

static void merge_neighbours(struct xn_memmap *map)
{
	unsigned int i, kept = 0;

	for (i = 1; i < map->nr; i++) {
		struct xn_mem_range *last = &map->range[kept];

		if (last->end == map->range[i].start &&
		    last->type == map->range[i].type)
			last->end = map->range[i].end;
		else
			map->range[++kept] = map->range[i];
	}
	if (map->nr)
		map->nr = kept + 1;
}

/*
 * Each iteration handles the part of [start, end) up to the next border of an
 * existing range.
 */
static int memmap_add(struct xn_memmap *map, uint64_t start, uint64_t end,
		      enum xn_mem_type type)
{
	int ret;

	while (start < end) {
		unsigned int i = find_after(map, start);
		struct xn_mem_range *r = &map->range[i];

		if (i == map->nr || r->start >= end)
			return memmap_insert(map, i, start, end, type);
		if (r->start > start) {
			uint64_t next = r->start;

			ret = memmap_insert(map, i, start, next, type);
			if (ret)
				return ret;
			start = next;
			continue;
		}
		if (r->type >= type) {
			start = r->end;
			continue;
		}
		if (r->start < start) {
			ret = memmap_split(map, i, start);
			if (ret)
				return ret;
			r = &map->range[++i];
		}
		if (r->end > end) {
			ret = memmap_split(map, i, end);
			if (ret)
				return ret;
		}
		r->type = type;
		start = r->end;
	}
	return 0;
}

int xn_memmap_add(struct xn_memmap *map, uint64_t start, uint64_t size,
		  unsigned int type)
{
	int ret;

	if (start + size < start)
		return -EINVAL;
	if (type < XN_MEM_RAM || type > XN_MEM_UNUSABLE)
		type = XN_MEM_RESERVED;
	ret = memmap_add(map, start, start + size, type);
	merge_neighbours(map);
	return ret;
}

bool xn_memmap_covers(const struct xn_memmap *map, uint64_t start,
		      uint64_t size, unsigned int types)
{
	unsigned int i = find_after(map, start);

	if (start + size < start)
		return false;
	for (; i < map->nr; i++) {
		const struct xn_mem_range *r = &map->range[i];

		if (r->start > start || !(types & 1u << r->type))
			return false;
		if (r->end - start >= size)
			return true;
		size -= r->end - start;
		start = r->end;
	}
	return false;
}

int xn_memmap_find(const struct xn_memmap *map, uint64_t from, uint64_t limit,
		   uint64_t size, uint64_t align, uint64_t *addr)
{
	unsigned int i;

	for (i = find_after(map, from); i < map->nr; i++) {
		const struct xn_mem_range *r = &map->range[i];
		uint64_t start = r->start > from ? r->start : from;
		uint64_t end = r->end < limit ? r->end : limit;

		if (r->type != XN_MEM_RAM || start + align - 1 < start)
			continue;
		start = (start + align - 1) & ~(align - 1);
		if (start < end && end - start >= size) {
			*addr = start;
			return 0;
		}
	}
	return -ENOSPC;
}

void *xn_window_ptr(const struct xn_window *win, uint64_t addr, uint64_t size)
{
	uint64_t offset = addr - win->start;

	if (!addr || addr < win->start || offset > win->size ||
	    size > win->size - offset)
		return NULL;
	return (char *)win->base + offset;
}
