// SPDX-License-Identifier: MIT
/*
 * The memory of a simulated guest that is a User-Mode Linux: its frame N is the
 * N-th page of the physical memory of that kernel. In place of os/host/memory.c
 * and mappings.c. Xen's own frames appear in a hole above 4 GiB, where
 * os/linux/core/os.c looks for one; before and after that an access faults.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "um.h"

#define HOLE_GFN	0x100000ul

static void hole_clear(struct host_guest *g, unsigned int i)
{
	void *at = g->hole + (size_t)i * XN_PAGE_SIZE;

	if (mmap(at, XN_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		host_bug("no hole");
	g->hole_frame[i] = HOST_FRAME_NONE;
}

void host_memory_init(struct host_guest *g)
{
	unsigned int i;
	size_t size;

	/* Shared info, grant, status and special frames, in this order. */
	g->nr_xen = 1 + g->cfg.max_grant_frames +
		    HOST_NR_STATUS(g->cfg.max_grant_frames) + HOST_NR_SPECIAL;
	size = (size_t)g->nr_xen * XN_PAGE_SIZE;
	g->xen_fd = memfd_create("xen", MFD_CLOEXEC);
	if (g->xen_fd < 0 || ftruncate(g->xen_fd, size))
		host_bug("no memory for Xen's frames");
	g->xen = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      g->xen_fd, 0);
	g->hole = mmap(NULL, HOST_HOLE_PAGES * XN_PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (g->xen == MAP_FAILED || g->hole == MAP_FAILED)
		host_bug("no address space for Xen's frames");
	for (i = 0; i < HOST_HOLE_PAGES; i++)
		g->hole_frame[i] = HOST_FRAME_NONE;
	g->shared = (void *)g->xen;
}

void host_memory_fini(struct host_guest *g)
{
	munmap(g->hole, HOST_HOLE_PAGES * XN_PAGE_SIZE);
	munmap(g->xen, (size_t)g->nr_xen * XN_PAGE_SIZE);
	close(g->xen_fd);
}

unsigned int host_memory_leaks(struct host_guest *g)
{
	unsigned int i, frames = 0, maps = g->special_mapped;

	for (i = 0; i < HOST_HOLE_PAGES; i++) {
		frames += g->hole_frame[i] != HOST_FRAME_NONE;
		maps += g->hole_mapped[i];
	}
	if (frames + maps)
		um_fail("leak: %u mappings, %u of Xen's frames", maps, frames);
	return frames + maps;
}

void *host_ram(struct host_guest *g, xen_pfn_t gfn)
{
	if (gfn >= physmem_size / XN_PAGE_SIZE)
		return NULL;
	return (void *)(uml_physmem + gfn * XN_PAGE_SIZE);
}

void *host_grant_frame(struct host_guest *g, unsigned int i)
{
	return g->xen + (size_t)(1 + i) * XN_PAGE_SIZE;
}

void *host_status_frame(struct host_guest *g, unsigned int i)
{
	return host_grant_frame(g, g->cfg.max_grant_frames + i);
}

/* A guest with one vCPU keeps no pages. */
void *host_kept(struct host_guest *g, xen_pfn_t gfn)
{
	return NULL;
}

void *host_special(struct host_guest *g, unsigned int i)
{
	return host_status_frame(g, HOST_NR_STATUS(g->cfg.max_grant_frames) +
				    i);
}

/* Each of Xen's frames is mapped in one place only. */
static void hole_drop(struct host_guest *g, int frame)
{
	unsigned int i;

	for (i = 0; i < HOST_HOLE_PAGES; i++)
		if (g->hole_frame[i] == frame)
			hole_clear(g, i);
}

static unsigned int hole_index(xen_pfn_t gfn)
{
	if (gfn < HOLE_GFN || gfn - HOLE_GFN >= HOST_HOLE_PAGES)
		host_bug("frame %#lx is not in the hole", (unsigned long)gfn);
	return gfn - HOLE_GFN;
}

static long add_to_physmap(struct host_guest *g,
			   const struct xen_add_to_physmap *x)
{
	unsigned int i = hole_index(x->gpfn);
	int frame;

	if (x->space == XENMAPSPACE_shared_info && !x->idx)
		frame = 0;
	else if (x->space == XENMAPSPACE_grant_table &&
		 !host_gnttab_grow(g, x->idx + 1))
		frame = 1 + (int)x->idx;
	else
		return -EINVAL;
	hole_drop(g, frame);
	if (mmap(g->hole + (size_t)i * XN_PAGE_SIZE, XN_PAGE_SIZE,
		 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, g->xen_fd,
		 (off_t)frame * XN_PAGE_SIZE) == MAP_FAILED)
		return -ENOMEM;
	g->hole_frame[i] = frame;
	return 0;
}

static long remove_from_physmap(struct host_guest *g,
				const struct xen_remove_from_physmap *x)
{
	unsigned int i = hole_index(x->gpfn);

	if (g->hole_frame[i] < 0)
		return -ENOENT;
	hole_clear(g, i);
	return 0;
}

long host_memory_op(struct host_guest *g, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case XENMEM_add_to_physmap:
		return add_to_physmap(g, arg);
	case XENMEM_remove_from_physmap:
		return remove_from_physmap(g, arg);
	default:
		return -ENOSYS;
	}
}

/* ---- for the kernel's memremap() ---- */

void *um_host_map(unsigned long gfn, unsigned int count)
{
	struct host_guest *g = host_guest_current();
	unsigned int i;

	if (gfn >= HOST_SPECIAL_GFN &&
	    gfn + count <= HOST_SPECIAL_GFN + HOST_NR_SPECIAL) {
		g->special_mapped += count;
		return host_special(g, gfn - HOST_SPECIAL_GFN);
	}
	i = hole_index(gfn);
	hole_index(gfn + count - 1);
	/* Any number of pages, which are unmapped at once. */
	g->hole_mapped[i] = 1;
	return g->hole + (size_t)i * XN_PAGE_SIZE;
}

void um_host_unmap(void *va)
{
	struct host_guest *g = host_guest_current();
	size_t i = ((uint8_t *)va - g->hole) / XN_PAGE_SIZE;

	if ((uint8_t *)va >= g->xen &&
	    (uint8_t *)va < g->xen + (size_t)g->nr_xen * XN_PAGE_SIZE) {
		g->special_mapped--;
		return;
	}
	if (i >= HOST_HOLE_PAGES || !g->hole_mapped[i])
		host_bug("unmapped what was not mapped: %p", va);
	g->hole_mapped[i] = 0;
}

/* ---- others' grants and version 2: no frontend uses them ---- */

void host_hole_drop_status(struct host_guest *g)
{
}

bool host_hole_map(struct host_guest *g, xen_pfn_t gfn,
		   const struct host_access *page, bool write)
{
	host_bug("grants of others cannot be mapped here");
}

void host_hole_unmap(struct host_guest *g, xen_pfn_t gfn)
{
	host_bug("grants of others cannot be mapped here");
}
