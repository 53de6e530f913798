// SPDX-License-Identifier: MIT
/*
 * The address space of a simulated guest: its RAM, Xen's frames and the hole in
 * which they appear. Most of a guest's cost is to make these and to touch them
 * for the first time, so the last guest's are kept for the next guest of the
 * same size. Called by memory.c.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static struct {
	uint8_t *ram, *xen, *hole;
	int ram_fd, xen_fd;
	unsigned int ram_pages, nr_xen;
} spare;

static void *map_new(size_t pages, int prot)
{
	void *p = mmap(NULL, pages * XN_PAGE_SIZE, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		host_bug("out of address space");
	return p;
}

/* Memory that can be mapped in several places. */
static uint8_t *map_shared(size_t pages, int *fd)
{
	uint8_t *p;

	*fd = memfd_create("guest", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, pages * XN_PAGE_SIZE))
		host_bug("no memory for a guest");
	p = mmap(NULL, pages * XN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		 *fd, 0);
	if (p == MAP_FAILED)
		host_bug("no memory for a guest");
	return p;
}

static void drop_spare(void)
{
	if (!spare.ram)
		return;
	ASAN_UNPOISON_MEMORY_REGION(spare.ram,
				    (size_t)spare.ram_pages * XN_PAGE_SIZE);
	munmap(spare.ram, (size_t)spare.ram_pages * XN_PAGE_SIZE);
	munmap(spare.hole, HOST_HOLE_PAGES * XN_PAGE_SIZE);
	munmap(spare.xen, spare.nr_xen * XN_PAGE_SIZE);
	close(spare.xen_fd);
	close(spare.ram_fd);
	spare.ram = NULL;
}

bool host_mappings_get(struct host_guest *g)
{
	if (spare.ram && spare.ram_pages == g->cfg.ram_pages &&
	    spare.nr_xen == g->nr_xen) {
		g->ram = spare.ram;
		g->ram_fd = spare.ram_fd;
		g->xen = spare.xen;
		g->xen_fd = spare.xen_fd;
		g->hole = spare.hole;
		spare.ram = NULL;
		memset(g->xen, 0, g->nr_xen * XN_PAGE_SIZE);
		return true;
	}
	g->ram = map_shared(g->cfg.ram_pages, &g->ram_fd);
	g->xen = map_shared(g->nr_xen, &g->xen_fd);
	g->hole = map_new(HOST_HOLE_PAGES, PROT_NONE);
	return false;
}

void host_mappings_put(struct host_guest *g)
{
	drop_spare();
	spare.ram = g->ram;
	spare.ram_fd = g->ram_fd;
	spare.ram_pages = g->cfg.ram_pages;
	spare.xen = g->xen;
	spare.xen_fd = g->xen_fd;
	spare.nr_xen = g->nr_xen;
	spare.hole = g->hole;
}
