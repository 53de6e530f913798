// SPDX-License-Identifier: MIT
/*
 * GNTTABOP_query_size and the frames of a grant table
 * (xen-public/grant_table.h): the table grows frame by frame to the limit that
 * Xen reports, with version 2 its status frames as well; then there is no
 * reference left until one is freed.
 *
 * Known by counting, and by the last reference, which works like the first.
 */
#include "grant.h"

static unsigned int max_frames(void)
{
	struct gnttab_query_size size = { .dom = DOMID_SELF };

	return xn_hc_grant_table(GNTTABOP_query_size, &size, 1) ||
	       size.status != GNTST_okay ? 0 : size.max_nr_frames;
}

static void last_works(grant_ref_t ref)
{
	uint32_t *page = xn_os_page_alloc();
	struct xn_gntmap_req req = { .domid = selftest_domid(), .ref = ref };
	struct xn_gntmap m;
	int err;

	if (!page || !selftest_room(&m, 1))
		return;
	*page = 0x600d;
	xn_gnttab_grant(GT, ref, req.domid, xn_os_gfn(page), false);
	err = xn_gntmap_map(&m, &req, 1);
	CHECK(!err && XN_READ_ONCE(*(uint32_t *)xn_gntmap_va(&m, 0)) == 0x600d,
	      "by the last one a page is mapped (error %d)", err);
	CHECK(xn_gnttab_end(GT, ref) == -EBUSY, "which is seen");
	xn_gntmap_fini(&m);
	err = xn_gnttab_end(GT, ref);
	CHECK(!err, "and ended (error %d)", err);
	selftest_give_up(page);
}

static void to_the_limit(void)
{
	unsigned int per_frame = GT->version == 1 ? 512 : 256;
	unsigned int frames = max_frames(), n = 0, i;
	grant_ref_t ref, last = 0;
	int err;

	CHECK(frames > 0, "Xen allows %u frames", frames);
	CHECK(GT->nr_refs == per_frame, "the first one has %u references",
	      per_frame);
	while (!(err = xn_gnttab_get(GT, &ref))) {
		if (ref > last)
			last = ref;
		n++;
	}
	CHECK(err == -ENOSPC, "references run out (error %d)", err);
	CHECK(GT->frames.used == frames && GT->nr_refs == frames * per_frame,
	      "at %u frames, %u references", GT->frames.used, GT->nr_refs);
	if (GT->version == 2)
		CHECK(GT->status.used == (frames + 7) / 8,
		      "with %u of status", GT->status.used);
	CHECK(n + GT->nr_kept == GT->nr_refs &&
	      GT->nr_kept == GNTTAB_NR_RESERVED_ENTRIES,
	      "%u were ours, the first %u are not", n, GT->nr_kept);
	CHECK(last == GT->nr_refs - 1, "the last one among them");
	last_works(last);
	xn_gnttab_free(GT, last);
	CHECK(!xn_gnttab_get(GT, &ref) && ref == last,
	      "one is freed: it can be had again");
	CHECK(xn_gnttab_get(GT, &ref) == -ENOSPC, "and no other");
	for (i = GNTTAB_NR_RESERVED_ENTRIES; i < GT->nr_refs; i++)
		xn_gnttab_free(GT, i);
	CHECK(!xn_gnttab_used(GT), "all are given back");
}

SELFTEST(grant, limit_v1, 0)
{
	selftest_gnttab(1, to_the_limit);
}

SELFTEST(grant, limit_v2, 0)
{
	selftest_gnttab(2, to_the_limit);
}
