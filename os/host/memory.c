// SPDX-License-Identifier: MIT
/*
 * A simulated guest's memory: RAM, of which pages are allocated one by one;
 * a hole without RAM, where Xen's frames (XENMEM_add_to_physmap) and pages that
 * other guests granted can be mapped; and the toolstack's special frames. Pages
 * that are not allocated are poisoned for AddressSanitizer, and frames that do
 * not exist fault. Serves the memory part of <xenion/os.h>.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

const xen_pfn_t xn_kept_gfn = HOST_KEPT_GFN;

void host_memory_init(struct host_guest *g)
{
	unsigned int i, pages = g->cfg.ram_pages;

	/* Shared info, grants, their status, special and kept ones. */
	g->nr_xen = 1 + g->cfg.max_grant_frames +
		    HOST_NR_STATUS(g->cfg.max_grant_frames) + HOST_NR_SPECIAL +
		    HOST_NR_KEPT;
	if (!host_mappings_get(g))
		ASAN_POISON_MEMORY_REGION(g->ram, (size_t)pages * XN_PAGE_SIZE);
	g->shared = (void *)g->xen;
	g->page_used = calloc(pages, 1);
	g->page_gone = calloc(pages, 1);
	host_memory_quota(g, UINT32_MAX, UINT32_MAX);
	g->page_queue = calloc(pages, sizeof(*g->page_queue));
	for (i = 0; i < pages; i++)
		g->page_queue[i] = i;
	g->queue_len = pages;

	for (i = 0; i < HOST_HOLE_PAGES; i++)
		g->hole_frame[i] = HOST_FRAME_NONE;
}

static void hole_clear(struct host_guest *g, unsigned int i)
{
	void *at = g->hole + (size_t)i * XN_PAGE_SIZE;

	mmap(at, XN_PAGE_SIZE, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	g->hole_frame[i] = HOST_FRAME_NONE;
}

/* Restore the memory for the next guest to its first state. */
void host_memory_fini(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->cfg.ram_pages; i++) {
		void *page = g->ram + (size_t)i * XN_PAGE_SIZE;

		if (g->page_gone[i])
			mprotect(page, XN_PAGE_SIZE, PROT_READ | PROT_WRITE);
		if (g->page_used[i])
			ASAN_POISON_MEMORY_REGION(page, XN_PAGE_SIZE);
	}
	for (i = 0; i < HOST_HOLE_PAGES; i++)
		if (g->hole_frame[i] != HOST_FRAME_NONE)
			hole_clear(g, i);
	host_mappings_put(g);
	free(g->page_used);
	free(g->page_gone);
	free(g->page_queue);
}

unsigned int host_memory_leaks(struct host_guest *g)
{
	unsigned int i, holes = 0, maps = 0, frames = 0;

	for (i = 0; i < HOST_HOLE_PAGES; i++) {
		holes += g->hole_used[i];
		maps += g->hole_mapped[i];
		frames += g->hole_frame[i] != HOST_FRAME_NONE;
	}
	maps += g->special_mapped;
	if (g->nr_pages + holes + maps + frames)
		fprintf(stderr,
			"# leak: %u pages, %u hole frames, %u mappings, %u of Xen's frames\n",
			g->nr_pages, holes, maps, frames);
	return g->nr_pages + holes + maps + frames;
}

void *host_ram(struct host_guest *g, xen_pfn_t gfn)
{
	xen_pfn_t i = gfn - HOST_RAM_GFN;

	if (gfn < HOST_RAM_GFN || i >= g->cfg.ram_pages || !g->page_used[i] ||
	    g->page_gone[i])
		return NULL;
	return g->ram + i * XN_PAGE_SIZE;
}

void *host_grant_frame(struct host_guest *g, unsigned int i)
{
	return g->xen + (size_t)(1 + i) * XN_PAGE_SIZE;
}

void *host_status_frame(struct host_guest *g, unsigned int i)
{
	return host_grant_frame(g, g->cfg.max_grant_frames + i);
}

void *host_special(struct host_guest *g, unsigned int i)
{
	return host_status_frame(g, HOST_NR_STATUS(g->cfg.max_grant_frames) +
				    i);
}

void *host_kept(struct host_guest *g, xen_pfn_t gfn)
{
	xen_pfn_t i = gfn - xn_kept_gfn;

	if (gfn < xn_kept_gfn || i >= HOST_NR_KEPT || !g->kept[i])
		return NULL;
	return host_special(g, HOST_NR_SPECIAL + i);
}

unsigned int host_pages(const struct host_guest *g)
{
	return g->nr_pages;
}

/* Check that a page that its owner gives away is in no other use. */
static void page_must_be_free(struct host_guest *g, const void *page,
			      xen_pfn_t gfn)
{
	if (host_gnttab_uses(g, gfn))
		host_bug("page freed that is still granted: gfn %#lx",
			 (unsigned long)gfn);
	if (host_evtchn_uses(g, gfn))
		host_bug("page freed that Xen uses for events: gfn %#lx",
			 (unsigned long)gfn);
	if (host_time_uses(g, page))
		host_bug("page freed that Xen writes runstates to: gfn %#lx",
			 (unsigned long)gfn);
}

/* ---- hypercalls ---- */

/* Map a page of @fd, which counts as @frame, at frame @i of the hole. */
static int hole_show(struct host_guest *g, unsigned int i, int frame, int fd,
		     size_t page, int prot)
{
	void *at = g->hole + (size_t)i * XN_PAGE_SIZE, *p;

	p = mmap(at, XN_PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED, fd,
		 page * XN_PAGE_SIZE);
	if (p == MAP_FAILED)
		return -ENOMEM;
	g->hole_frame[i] = frame;
	return 0;
}

/* Index of a frame in the hole. A guest that uses another frame is at fault. */
static unsigned int hole_index(struct host_guest *g, xen_pfn_t gfn)
{
	unsigned int i = gfn - HOST_HOLE_GFN;

	if (gfn < HOST_HOLE_GFN || i >= HOST_HOLE_PAGES)
		host_bug("frame added at %#lx, not in a hole: loses RAM",
			 (unsigned long)gfn);
	if (!g->hole_used[i])
		host_bug("frame added at %#lx, which was not reserved",
			 (unsigned long)gfn);
	if (g->hole_frame[i] == HOST_FRAME_GRANTED)
		host_bug("frame added at %#lx, where a granted page is",
			 (unsigned long)gfn);
	return i;
}

/* Remove a frame of Xen's from the hole: it can be in one place only. */
static void hole_drop(struct host_guest *g, int frame)
{
	unsigned int i;

	for (i = 0; i < HOST_HOLE_PAGES; i++)
		if (g->hole_frame[i] == frame)
			hole_clear(g, i);
}

void host_hole_drop_status(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < HOST_NR_STATUS(g->cfg.max_grant_frames); i++)
		hole_drop(g, 1 + g->cfg.max_grant_frames + i);
}

void host_hole_empty(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < HOST_HOLE_PAGES; i++)
		if (g->hole_frame[i] != HOST_FRAME_NONE)
			hole_clear(g, i);
}

bool host_hole_map(struct host_guest *g, xen_pfn_t gfn,
		   const struct host_access *page, bool write)
{
	unsigned int i = hole_index(g, gfn);

	if (g->hole_frame[i] != HOST_FRAME_NONE)
		host_bug("granted page mapped at %#lx, over one of Xen's frames",
			 (unsigned long)gfn);
	return !hole_show(g, i, HOST_FRAME_GRANTED, page->owner->ram_fd,
			  page->gfn - HOST_RAM_GFN,
			  write ? PROT_READ | PROT_WRITE : PROT_READ);
}

void host_hole_unmap(struct host_guest *g, xen_pfn_t gfn)
{
	hole_clear(g, gfn - HOST_HOLE_GFN);
}

/* Returns: Xen's frame for an index of XENMAPSPACE_grant_table. */
static int grant_frame(struct host_guest *g, unsigned long idx)
{
	if (g->gnttab_version != 2 || !(idx & XENMAPIDX_grant_table_status))
		return host_gnttab_grow(g, idx + 1) ? HOST_FRAME_NONE :
						      1 + (int)idx;
	idx &= ~(unsigned long)XENMAPIDX_grant_table_status;
	if (host_gnttab_grow_status(g, idx + 1))
		return HOST_FRAME_NONE;
	return 1 + g->cfg.max_grant_frames + idx;
}

static long add_to_physmap(struct host_guest *g,
			   const struct xen_add_to_physmap *x)
{
	unsigned int i;
	int frame;

	if (x->domid != DOMID_SELF)
		return -EPERM;
	switch (x->space) {
	case XENMAPSPACE_shared_info:
		frame = x->idx ? HOST_FRAME_NONE : 0;
		break;
	case XENMAPSPACE_grant_table:
		frame = grant_frame(g, x->idx);
		break;
	default:
		return -ENOSYS;
	}
	if (frame == HOST_FRAME_NONE)
		return -EINVAL;
	i = hole_index(g, x->gpfn);
	hole_drop(g, frame);
	return hole_show(g, i, frame, g->xen_fd, frame, PROT_READ | PROT_WRITE);
}

static long remove_from_physmap(struct host_guest *g,
				const struct xen_remove_from_physmap *x)
{
	unsigned int i = x->gpfn - HOST_HOLE_GFN;

	if (x->domid != DOMID_SELF)
		return -EPERM;
	if (x->gpfn < HOST_HOLE_GFN || i >= HOST_HOLE_PAGES ||
	    g->hole_frame[i] < 0)
		return -ENOENT;
	hole_clear(g, i);
	return 0;
}

/* ---- ballooning ---- */

void host_memory_quota(struct host_guest *g, unsigned int free_pages,
		       unsigned int per_call)
{
	g->free_pages = free_pages;
	g->per_call = per_call;
}

void host_memory_lie(struct host_guest *g, long answer)
{
	g->lie = answer;
}

unsigned int host_pages_gone(const struct host_guest *g)
{
	return g->nr_gone;
}

static unsigned int memory_reserved(const struct host_guest *g)
{
	return g->cfg.ram_pages - g->nr_gone;
}

static bool page_out(struct host_guest *g, xen_pfn_t gfn)
{
	void *page = host_ram(g, gfn);
	unsigned int i = gfn - HOST_RAM_GFN;

	if (!page)
		return false;
	page_must_be_free(g, page, gfn);
	mprotect(page, XN_PAGE_SIZE, PROT_NONE);
	madvise(page, XN_PAGE_SIZE, MADV_DONTNEED);
	g->page_gone[i] = 1;
	g->nr_gone++;
	if (g->free_pages != UINT32_MAX)
		g->free_pages++;
	return true;
}

static bool kept_in(struct host_guest *g, xen_pfn_t gfn)
{
	if (host_kept(g, gfn))
		host_bug("memory populated over a kept page: gfn %#lx",
			 (unsigned long)gfn);
	if (!g->free_pages)
		return false;
	g->kept[gfn - xn_kept_gfn] = true;
	return true;
}

static bool page_in(struct host_guest *g, xen_pfn_t gfn)
{
	unsigned int i = gfn - HOST_RAM_GFN;
	void *page = g->ram + (size_t)i * XN_PAGE_SIZE;

	if (gfn >= xn_kept_gfn && gfn < xn_kept_gfn + HOST_NR_KEPT)
		return kept_in(g, gfn);
	if (gfn < HOST_RAM_GFN || i >= g->cfg.ram_pages || !g->page_gone[i])
		host_bug("memory populated where there is some: gfn %#lx",
			 (unsigned long)gfn);
	if (!g->free_pages || memory_reserved(g) >= g->cfg.max_pages)
		return false;
	if (g->free_pages != UINT32_MAX)
		g->free_pages--;
	mprotect(page, XN_PAGE_SIZE, PROT_READ | PROT_WRITE);
	/* Another domain has used it meanwhile. */
	memset(page, 0xa5, XN_PAGE_SIZE);
	g->page_gone[i] = 0;
	g->nr_gone--;
	return true;
}

static long memory_change(struct host_guest *g,
			  const struct xen_memory_reservation *x,
			  bool (*one)(struct host_guest *g, xen_pfn_t gfn))
{
	unsigned int i;

	if (x->domid != DOMID_SELF || x->extent_order)
		return -EPERM;
	for (i = 0; i < x->nr_extents && i < g->per_call; i++)
		if (!one(g, x->extent_start.p[i]))
			break;
	return g->lie ? g->lie : i;
}

long host_memory_op(struct host_guest *g, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case XENMEM_add_to_physmap:
		return add_to_physmap(g, arg);
	case XENMEM_remove_from_physmap:
		return remove_from_physmap(g, arg);
	case XENMEM_decrease_reservation:
		return memory_change(g, arg, page_out);
	case XENMEM_populate_physmap:
		return memory_change(g, arg, page_in);
	case XENMEM_current_reservation:
		return memory_reserved(g);
	case XENMEM_maximum_reservation:
		return g->cfg.max_pages;
	default:
		return -ENOSYS;
	}
}

/* ---- <xenion/os.h> ---- */

static struct host_guest *guest_of(const void *va, unsigned int *page)
{
	struct host_guest *g;

	for (g = host_guests; g; g = g->next) {
		size_t off = (const uint8_t *)va - g->ram;

		if ((const uint8_t *)va >= g->ram &&
		    off < (size_t)g->cfg.ram_pages * XN_PAGE_SIZE) {
			*page = off / XN_PAGE_SIZE;
			return g;
		}
	}
	return NULL;
}

void *xn_os_page_alloc(void)
{
	struct host_guest *g = host_guest_current();
	void *page = NULL;
	unsigned int i;

	/* This checks that the caller may sleep. */
	host_deadline(0);
	host_lock();
	if (!host_fault_due(HOST_FAULT_PAGE, 0, 0, NULL) && g->queue_len) {
		i = g->page_queue[g->queue_head];
		g->queue_head = (g->queue_head + 1) % g->cfg.ram_pages;
		g->queue_len--;
		g->nr_pages++;
		g->page_used[i] = 1;
		page = g->ram + (size_t)i * XN_PAGE_SIZE;
		ASAN_UNPOISON_MEMORY_REGION(page, XN_PAGE_SIZE);
		memset(page, 0, XN_PAGE_SIZE);
	}
	host_unlock();
	return page;
}

void xn_os_page_free(void *page)
{
	struct host_guest *g;
	xen_pfn_t gfn;
	unsigned int i;

	host_not_raw("page freed");
	if (!page)
		return;
	host_lock();
	g = guest_of(page, &i);
	if (!g || (uintptr_t)page % XN_PAGE_SIZE || !g->page_used[i])
		host_bug("page freed that is not allocated: %p", page);
	gfn = HOST_RAM_GFN + i;
	if (g->page_gone[i])
		host_bug("page freed that has no memory: gfn %#lx",
			 (unsigned long)gfn);
	page_must_be_free(g, page, gfn);
	ASAN_POISON_MEMORY_REGION(page, XN_PAGE_SIZE);
	g->page_used[i] = 0;
	g->nr_pages--;
	g->page_queue[(g->queue_head + g->queue_len) % g->cfg.ram_pages] = i;
	g->queue_len++;
	host_unlock();
}

xen_pfn_t xn_os_gfn(const void *va)
{
	unsigned int i;
	struct host_guest *g = guest_of(va, &i);

	if (!g || !g->page_used[i])
		host_bug("no frame number for %p: not a page of the guest's",
			 va);
	return HOST_RAM_GFN + i;
}

int xn_os_hole_get(unsigned int count, xen_pfn_t *gfn)
{
	struct host_guest *g = host_guest_current();
	unsigned int i, run = 0;

	host_deadline(0);
	if (host_fault_due(HOST_FAULT_HOLE, 0, 0, NULL))
		return -ENOSPC;
	for (i = 0; i < HOST_HOLE_PAGES; i++) {
		run = g->hole_used[i] ? 0 : run + 1;
		if (run == count) {
			memset(&g->hole_used[i + 1 - count], 1, count);
			*gfn = HOST_HOLE_GFN + i + 1 - count;
			return 0;
		}
	}
	return -ENOSPC;
}

void xn_os_hole_put(xen_pfn_t gfn, unsigned int count)
{
	struct host_guest *g = host_guest_current();
	unsigned int i = gfn - HOST_HOLE_GFN;

	host_deadline(0);
	for (; count; count--, i++) {
		if (i >= HOST_HOLE_PAGES || !g->hole_used[i])
			host_bug("hole given back that was not reserved");
		if (g->hole_mapped[i] || g->hole_frame[i] != HOST_FRAME_NONE)
			host_bug("hole given back that is in use");
		g->hole_used[i] = 0;
	}
}

void *xn_os_map(xen_pfn_t gfn, unsigned int count)
{
	struct host_guest *g = host_guest_current();
	unsigned int i = gfn - HOST_HOLE_GFN, k;

	host_deadline(0);
	if (host_fault_due(HOST_FAULT_PAGE, 0, 0, NULL))
		return NULL;
	if (gfn >= HOST_SPECIAL_GFN &&
	    gfn + count <= HOST_SPECIAL_GFN + HOST_NR_SPECIAL) {
		g->special_mapped += count;
		return host_special(g, gfn - HOST_SPECIAL_GFN);
	}
	if (count == 1 && host_kept(g, gfn)) {
		g->special_mapped++;
		return host_kept(g, gfn);
	}
	for (k = i; k < i + count; k++) {
		if (k >= HOST_HOLE_PAGES || !g->hole_used[k])
			host_bug("frame mapped that is not there: %#lx",
				 (unsigned long)gfn);
		g->hole_mapped[k] = 1;
	}
	return g->hole + (size_t)i * XN_PAGE_SIZE;
}

void xn_os_unmap(void *va, unsigned int count)
{
	struct host_guest *g = host_guest_current();
	size_t i;

	host_deadline(0);
	if ((uint8_t *)va >= g->xen &&
	    (uint8_t *)va < g->xen + g->nr_xen * XN_PAGE_SIZE) {
		g->special_mapped -= count;
		return;
	}
	for (i = ((uint8_t *)va - g->hole) / XN_PAGE_SIZE; count; count--, i++) {
		if (i >= HOST_HOLE_PAGES || !g->hole_mapped[i])
			host_bug("unmapped what was not mapped: %p", va);
		g->hole_mapped[i] = 0;
	}
}
