/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory that a frontend is given for data, and what the other side
 * reaches of it by grants. Each byte has a known value, which the other side
 * may change only where it may write. It must not reach a page that was not
 * given to the frontend, or that has come back from it.
 */
#ifndef XENION_FUZZ_PAGES_H
#define XENION_FUZZ_PAGES_H

#include "fuzz.h"

#define PAGES_RAM	2048u
#define PAGES_MAPS	64u

struct page_note {
	bool data;		/* allocated for the frontend */
	bool freed;		/* came back while it was held */
	bool writable;		/* the other side may write all or a piece */
	bool bounced;		/* the data is copied, the page not granted */
	unsigned int holds;
	uint16_t from, to;	/* the piece that may be written */
};

static struct {
	struct host_guest *g;
	struct page_note note[PAGES_RAM];
	struct {
		grant_ref_t ref;
		uint8_t *va;
		bool write, ring;
	} map[PAGES_MAPS];
	unsigned int nr_maps;
} pages;

static inline void pages_init(struct host_guest *g)
{
	memset(&pages, 0, sizeof(pages));
	pages.g = g;
}

static inline struct page_note *page_note(const void *va)
{
	return &pages.note[xn_os_gfn(va) - HOST_RAM_GFN];
}

static inline void *page_of(const void *va)
{
	return (void *)((uintptr_t)va & ~4095ul);
}

/* The value of a byte that nothing has written to. */
static inline uint8_t page_byte(const uint8_t *page, unsigned int at)
{
	return (xn_os_gfn(page) * 37 + at) ^ 0x5a;
}

static inline void *pages_alloc(bool writable)
{
	uint8_t *page = xn_os_page_alloc();
	unsigned int at;
	uint8_t first;

	if (!page)
		return NULL;
	first = page_byte(page, 0) ^ 0x5a;
	for (at = 0; at < 4096; at++)
		page[at] = (uint8_t)(first + at) ^ 0x5a;
	*page_note(page) = (struct page_note){
		.data = true, .writable = writable, .to = 4096,
	};
	return page;
}

/* Only this part of the page is data; @bounced: by a copy. */
static inline void pages_piece(const void *va, unsigned int len, bool bounced)
{
	struct page_note *n = page_note(va);

	n->bounced = bounced;
	n->from = (uintptr_t)va % 4096;
	n->to = n->from + len;
}

static inline void page_check(const uint8_t *page)
{
	const struct page_note *n = page_note(page);
	uint8_t first = page_byte(page, 0) ^ 0x5a;
	unsigned int at;

	for (at = 0; at < 4096; at++) {
		/* A grant is for the whole page. */
		if (n->writable && (!n->bounced ||
				    (at >= n->from && at < n->to)))
			continue;
		if (page[at] != ((uint8_t)(first + at) ^ 0x5a))
			host_bug("memory changed that was not granted: %u of page %lu",
				 at, (unsigned long)xn_os_gfn(page));
	}
}

/* The frontend is done with it. */
static inline void pages_free(void *va)
{
	uint8_t *page = page_of(va);
	struct page_note *n = page_note(page);

	assert_true(n->data && !n->freed);
	page_check(page);
	if (n->holds) {
		n->freed = true;
		return;
	}
	n->data = false;
	xn_os_page_free(page);
}

/* An OS layer's page_get and page_put. */
static inline void pages_hold(void *va)
{
	assert_true(page_note(va)->data);
	page_note(va)->holds++;
}

static inline void pages_let_go(void *va)
{
	struct page_note *n = page_note(va);

	assert_true(n->holds && n->data);
	if (--n->holds || !n->freed)
		return;
	n->data = false;
	n->freed = false;
	xn_os_page_free(page_of(va));
}

/* ---- the other side ---- */

/* Provided by the target: may the other side access the page? */
static bool page_in_flight(const uint8_t *page);

static inline void page_reached(const uint8_t *page, bool write)
{
	const struct page_note *n = page_note(page);

	if (!n->data)
		return;		/* a ring, or the engine's own */
	if (n->bounced)
		host_bug("data granted to a backend that is not trusted");
	if (write && !n->writable)
		host_bug("data granted for writing that is only sent");
	if (!n->holds && (n->freed || !page_in_flight(page)))
		host_bug("the backend gets at memory that came back");
}

static inline void *pages_map(struct host_guest *g, long long ref, bool write)
{
	uint8_t *page;

	if (ref < 0 || ref > UINT32_MAX || pages.nr_maps == PAGES_MAPS)
		return NULL;
	page = host_gnttab_map(g, 0, ref, write);
	if (!page)
		return NULL;
	page_reached(page, write);
	pages.map[pages.nr_maps].ref = ref;
	pages.map[pages.nr_maps].va = page;
	pages.map[pages.nr_maps].ring = false;
	pages.map[pages.nr_maps++].write = write;
	return page;
}

/* Maps a page until pages_unmap_all(). */
static inline void *pages_map_ring(struct host_guest *g, long long ref)
{
	void *page = pages_map(g, ref, true);

	if (page)
		pages.map[pages.nr_maps - 1].ring = true;
	return page;
}

static inline void pages_unmap(struct host_guest *g, unsigned int i)
{
	if (!pages.nr_maps)
		return;
	i %= pages.nr_maps;
	if (pages.map[i].ring)
		return;
	host_gnttab_unmap(g, pages.map[i].ref, pages.map[i].write);
	pages.map[i] = pages.map[--pages.nr_maps];
}

static inline void pages_unmap_all(struct host_guest *g)
{
	while (pages.nr_maps--)
		host_gnttab_unmap(g, pages.map[pages.nr_maps].ref,
				  pages.map[pages.nr_maps].write);
	pages.nr_maps = 0;
}

/* Write to the page of a reference, which is mapped meanwhile. */
static inline void pages_scribble(struct host_guest *g, grant_ref_t ref)
{
	uint8_t *page = host_gnttab_map(g, 0, ref, true);
	unsigned int at = fuzz_u16() % 4096;

	if (!page)
		return;
	page_reached(page, true);
	page[at] ^= 0xff;
	host_gnttab_unmap(g, ref, true);
}

/* All pages must have come back. */
static inline void pages_fini(void)
{
	unsigned int i;

	for (i = 0; i < PAGES_RAM; i++)
		if (pages.note[i].data)
			host_bug("page %u of data did not come back", i);
}

#endif /* XENION_FUZZ_PAGES_H */
