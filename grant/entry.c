// SPDX-License-Identifier: MIT
/*
 * The entries that give other domains access to our pages: GTF_*, struct
 * grant_entry_v1, union grant_entry_v2 (xen-public/grant_table.h). Called by
 * frontends for every page that they share.
 *
 * In version 1 Xen records in the entry's flags that a page is mapped: one
 * compare-and-exchange checks that and ends the grant. In version 2 Xen records
 * it in a separate status word. We revoke the grant, then read the word; Xen
 * writes the word, then reads the grant again; each with a barrier in between.
 * At least one of the two sees what the other has written.
 */
#include "gnttab.h"

/* Attempts to clear a version 1 entry while Xen changes its flags. */
#define END_TRIES	8

#define IN_USE		(GTF_reading | GTF_writing)

static struct grant_entry_v1 *entry_v1(struct xn_gnttab *gt, grant_ref_t ref)
{
	return (struct grant_entry_v1 *)gt->frames.va + ref;
}

static union grant_entry_v2 *entry_v2(struct xn_gnttab *gt, grant_ref_t ref)
{
	return (union grant_entry_v2 *)gt->frames.va + ref;
}

static uint16_t status_v2(struct xn_gnttab *gt, grant_ref_t ref)
{
	/* Acquire: later accesses to the page stay behind this load. */
	return __atomic_load_n((grant_status_t *)gt->status.va + ref,
			       __ATOMIC_ACQUIRE);
}

bool xn_gref_in_use(struct xn_gnttab *gt, grant_ref_t ref)
{
	if (gt->version == 1)
		return XN_READ_ONCE(entry_v1(gt, ref)->flags);
	return XN_READ_ONCE(entry_v2(gt, ref)->hdr.flags) & GTF_type_mask ||
	       status_v2(gt, ref) & IN_USE;
}

bool xn_gnttab_in_use(struct xn_gnttab *gt, grant_ref_t ref)
{
	if (gt->version == 1)
		return XN_READ_ONCE(entry_v1(gt, ref)->flags) & IN_USE;
	return status_v2(gt, ref) & IN_USE;
}

/* ---- granting ---- */

static uint16_t flags_of(unsigned int type, bool readonly)
{
	return type | (unsigned int)readonly << _GTF_readonly;
}

/* Write the flags last: they make the entry valid. */
static void publish_v2(union grant_entry_v2 *e, domid_t remote, uint16_t flags)
{
	XN_WRITE_ONCE(e->hdr.domid, remote);
	xn_wmb();
	XN_WRITE_ONCE(e->hdr.flags, flags);
	xn_stat_inc(XN_STAT_GRANT);
}

/* Out of line, to keep version 1's path short. */
static __attribute__((__noinline__))
void grant_v2(struct xn_gnttab *gt, grant_ref_t ref, domid_t remote,
	      xen_pfn_t gfn, bool readonly)
{
	union grant_entry_v2 *e = entry_v2(gt, ref);

	if (gt->version != 2)
		return;
	XN_WRITE_ONCE(e->full_page.frame, gfn);
	publish_v2(e, remote, flags_of(GTF_permit_access, readonly));
}

void xn_gnttab_grant(struct xn_gnttab *gt, grant_ref_t ref, domid_t remote,
		     xen_pfn_t gfn, bool readonly)
{
	struct grant_entry_v1 *e = entry_v1(gt, ref);

	/* With a version 2 table v1_gfns is 0: every frame goes this way. */
	if (__builtin_expect(gfn >= gt->v1_gfns, 0)) {
		grant_v2(gt, ref, remote, gfn, readonly);
		return;
	}
	XN_WRITE_ONCE(e->frame, (uint32_t)gfn);
	XN_WRITE_ONCE(e->domid, remote);
	/* Write the flags last: they make the entry valid. */
	xn_wmb();
	XN_WRITE_ONCE(e->flags, flags_of(GTF_permit_access, readonly));
	xn_stat_inc(XN_STAT_GRANT);
}

int xn_gnttab_grant_sub_page(struct xn_gnttab *gt, grant_ref_t ref,
			     domid_t remote, xen_pfn_t gfn, unsigned int offset,
			     unsigned int len, bool readonly)
{
	union grant_entry_v2 *e = entry_v2(gt, ref);

	if (gt->version != 2)
		return -EOPNOTSUPP;
	if (offset > XN_PAGE_SIZE || len > XN_PAGE_SIZE - offset)
		return -EINVAL;
	XN_WRITE_ONCE(e->sub_page.frame, gfn);
	XN_WRITE_ONCE(e->sub_page.page_off, (uint16_t)offset);
	XN_WRITE_ONCE(e->sub_page.length, (uint16_t)len);
	publish_v2(e, remote, flags_of(GTF_permit_access | GTF_sub_page,
				       readonly));
	return 0;
}

int xn_gnttab_grant_transitive(struct xn_gnttab *gt, grant_ref_t ref,
			       domid_t remote, domid_t owner,
			       grant_ref_t owner_ref, bool readonly)
{
	union grant_entry_v2 *e = entry_v2(gt, ref);

	if (gt->version != 2)
		return -EOPNOTSUPP;
	XN_WRITE_ONCE(e->transitive.trans_domid, owner);
	XN_WRITE_ONCE(e->transitive.gref, owner_ref);
	publish_v2(e, remote, flags_of(GTF_transitive, readonly));
	return 0;
}

/* ---- ending ---- */

/*
 * Xen lets a domain that already maps a page map it again without checking the
 * entry's type, but it does check GTF_readonly. Keep that flag, or a domain
 * that may only read could map the page writable.
 */
static int end_v2(struct xn_gnttab *gt, grant_ref_t ref)
{
	XN_WRITE_ONCE(entry_v2(gt, ref)->hdr.flags,
		      (uint16_t)(GTF_invalid | GTF_readonly));
	xn_mb();
	if (status_v2(gt, ref) & IN_USE)
		return -EBUSY;
	xn_stat_inc(XN_STAT_GRANT_END);
	return 0;
}

static bool clear_v1(uint16_t *flags, uint16_t *old)
{
	return __atomic_compare_exchange_n(flags, old, 0, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int end_v1(struct xn_gnttab *gt, grant_ref_t ref)
{
	uint16_t *flags = &entry_v1(gt, ref)->flags;
	uint16_t old = XN_READ_ONCE(*flags);
	unsigned int tries;

	for (tries = 0; tries < END_TRIES && !(old & IN_USE); tries++)
		if (clear_v1(flags, &old)) {
			xn_stat_inc(XN_STAT_GRANT_END);
			return 0;
		}
	return -EBUSY;
}

int xn_gref_end(struct xn_gnttab *gt, grant_ref_t ref)
{
	return gt->version == 1 ? end_v1(gt, ref) : end_v2(gt, ref);
}

static __attribute__((__noinline__))
int end_slow(struct xn_gnttab *gt, grant_ref_t ref)
{
	int err = xn_gref_end(gt, ref);

	if (err)
		xn_stat_inc(XN_STAT_GRANT_BUSY);
	return err;
}

int xn_gnttab_end(struct xn_gnttab *gt, grant_ref_t ref)
{
	uint16_t *flags = &entry_v1(gt, ref)->flags, old;

	if (__builtin_expect(gt->version != 1, 0))
		return end_slow(gt, ref);
	/* The common case: a version 1 entry that is not in use. */
	old = XN_READ_ONCE(*flags);
	if (__builtin_expect(old & IN_USE || !clear_v1(flags, &old), 0))
		return end_slow(gt, ref);
	xn_stat_inc(XN_STAT_GRANT_END);
	return 0;
}
