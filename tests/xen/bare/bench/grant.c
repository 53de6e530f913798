// SPDX-License-Identifier: MIT
/*
 * Grants (xen-public/grant_table.h). The granter's half: a page is granted and
 * the grant ended, with a reference that a driver keeps, and with one that is
 * allocated and freed each time; neither makes a hypercall. The other half:
 * pages that the domain granted to itself are copied, or mapped and unmapped,
 * one by one and many by one hypercall. Only a PV guest can map its own.
 */
#include "bench.h"

#define GRANTS		1000u
#define PAGES		32u

static grant_ref_t refs[PAGES];
static struct xn_gntmap_req req[PAGES];
static struct gnttab_copy ops[PAGES];
static struct xn_gntmap room;

BENCH(grant, 0)
{
	struct xn_gnttab *gt = &bare_guest.gnttab;
	void *page = xn_os_page_alloc();
	xen_pfn_t gfn = xn_os_gfn(page);
	unsigned int run, i, bad = 0;
	uint64_t begin, end;
	grant_ref_t ref;

	REQUIRE(page && !xn_gnttab_get(gt, &ref), "a page and a reference");
	for (run = 0; run < BENCH_RUNS; run++) {
		begin = xn_cycles();
		for (i = 0; i < GRANTS; i++) {
			xn_gnttab_grant(gt, ref, 0, gfn, false);
			bad += !!xn_gnttab_end(gt, ref);
		}
		end = xn_cycles();
		bench_row(end - begin, GRANTS, "grant-end");
	}
	xn_gnttab_free(gt, ref);
	for (run = 0; run < BENCH_RUNS; run++) {
		begin = xn_cycles();
		for (i = 0; i < GRANTS; i++) {
			bad += !!xn_gnttab_grant_page(gt, 0, page, false, &ref);
			bad += !!xn_gnttab_end_page(gt, ref, page, NULL);
		}
		end = xn_cycles();
		bench_row(end - begin, GRANTS, "grant-page-end-page");
	}
	CHECK(!bad, "%u grants, all ended", 2 * BENCH_RUNS * GRANTS);
	xn_os_page_free(page);
}

static int grant_pages(domid_t self)
{
	char *pages = bare_pages(2 * PAGES, 1);
	unsigned int i;
	int err = pages ? 0 : -ENOMEM;

	for (i = 0; !err && i < PAGES; i++) {
		char *page = pages + i * XN_PAGE_SIZE;

		err = xn_gnttab_grant_page(&bare_guest.gnttab, self, page,
					   false, &refs[i]);
		req[i] = (struct xn_gntmap_req){
			.slot = i, .domid = self, .ref = refs[i],
		};
		xn_gntcopy_from(&ops[i], self, refs[i], 0,
				page + PAGES * XN_PAGE_SIZE, XN_PAGE_SIZE);
	}
	return err;
}

static bool copy_pages(unsigned int n)
{
	uint64_t begin = xn_cycles(), end;
	int err = xn_gnttab_copy(ops, n);

	end = xn_cycles();
	bench_row(end - begin, n, "grant-copy-%u", n);
	return !err;
}

static bool map_pages(unsigned int n)
{
	uint64_t begin = xn_cycles(), end;
	int err = xn_gntmap_map(&room, req, n);

	if (!err)
		err = xn_gntmap_unmap(&room, req, n);
	end = xn_cycles();
	bench_row(end - begin, n, "grant-map-%u", n);
	return !err;
}

BENCH(grant_use, 0)
{
	bool good = true, maps = bare_info->kind == XN_PV;
	unsigned int run, i;
	domid_t self;
	int err;

	err = xn_domid(&self);
	if (!err)
		err = grant_pages(self);
	if (!err && maps)
		err = xn_gntmap_init(&room, PAGES);
	REQUIRE(!err, "%u grants to ourselves (error %d)", PAGES, err);
	for (run = 0; run < BENCH_RUNS && good; run++) {
		good = copy_pages(1) && copy_pages(PAGES);
		if (good && maps)
			good = map_pages(1) && map_pages(PAGES);
	}
	CHECK(good, "all were copied%s", maps ? " and mapped" : "");
	if (maps)
		xn_gntmap_fini(&room);
	for (i = 0; i < PAGES; i++)
		xn_gnttab_end_page(&bare_guest.gnttab, refs[i], NULL, NULL);
}
