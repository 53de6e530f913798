/* SPDX-License-Identifier: MIT */
/*
 * grant/: the grant table (xen-public/grant_table.h): which of our pages
 * another domain may map or copy; and the use of what others granted to us.
 *
 * A reference is allocated, then granted any number of times, each grant
 * ended before the next, and freed. What another domain still maps is never
 * handed to anyone else: ending says so, and the page waits.
 *
 * The table is of version 1 or 2, which other domains do not notice. Version 2
 * takes frame numbers above 32 bits, parts of pages and grants of others'
 * grants, at twice the room per reference.
 */
#ifndef XENION_GRANT_H
#define XENION_GRANT_H

#include <xenion/hypercall.h>
#include <xenion/mmu.h>

#define XN_GRANT_INVALID	0u	/* a reserved one: never allocated */

struct xn_gnttab_waiter {
	/* Upcalls disabled; may use the grant table, but not cancel itself. */
	void (*fn)(struct xn_gnttab_waiter *w);
	/* the room's own: */
	unsigned int need;
	unsigned int running;
	bool queued;
	struct xn_gnttab_waiter *next;
};

struct xn_gnttab_shrinker {
	/*
	 * Give back up to @want references that nobody uses at the moment: now,
	 * or soon, when that must be done elsewhere. Returns: how many were freed.
	 * May sleep, but not for long; may free references, not allocate any.
	 */
	unsigned int (*fn)(struct xn_gnttab_shrinker *s, unsigned int want);
	/* the room's own: */
	struct xn_gnttab_shrinker *next;
};

/* All fields are the room's own. */
struct xn_gnttab {
	struct xn_physmap frames;
	struct xn_physmap status;	/* of the same references, version 2 */
	uint64_t v1_gfns;		/* numbers below fit; version 2: 0 */
	unsigned int version;
	struct xn_lock lock;
	uint32_t max_refs;		/* references that there may be */
	uint32_t nr_refs;		/* of these, those that frames hold now */
	uint32_t nr_kept;		/* of these, others': left alone */
	uint32_t nr_free;		/* on the list, not in a cache */
	uint32_t nr_deferred;		/* ended, but another domain maps them */
	grant_ref_t free_head;
	void **info;			/* table.c: page of pointers to pages */
	void **caches;			/* cache.c: page of pointers to pages */
	struct xn_gnttab_waiter *waiters;	/* first come, first served */
	struct xn_gnttab_shrinker *shrinkers;
	bool walking;			/* somebody is at the shrinkers */
	struct xn_waitq walk_ended;
	struct xn_work grow;		/* asked for when few are left */
	struct xn_work reclaim;		/* looks at deferred ones, */
	uint64_t reclaim_ns;		/* again after so long */
	bool full;			/* there may be no more frames */
};

/**
 * xn_gnttab_init - start to use the grant table
 * @gt: zeroed; owned by the caller, lives until xn_gnttab_fini()
 * @version: 1, or 2 for what only that offers; gt->version is what it became:
 *           Xen may not offer version 2, and does not change it while another
 *           domain maps a page that an earlier user had to leave behind
 *
 * Entries that are in use already (the toolstack's for console and xenstore, or
 * ones that an earlier user of the table had to leave behind) are left alone.
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -ENOSPC (no hole in the physmap), -ENODEV (a table of
 * neither version), or what Xen answered.
 */
int xn_gnttab_init(struct xn_gnttab *gt, unsigned int version);

/**
 * xn_gnttab_fini - stop to use the grant table
 * @gt: the table; every reference was freed or handed to
 *      xn_gnttab_end_page()
 *
 * Gives other domains a second or so to let go of pages that they still map.
 * What remains then is lost to the guest, for ever: logged with its number.
 * Otherwise the table is of version 1 again, as every user of it may expect.
 *
 * Context: may sleep.
 * Return: the number of references that are still allocated or mapped.
 */
unsigned int xn_gnttab_fini(struct xn_gnttab *gt);

/**
 * xn_gnttab_alloc - allocate a reference
 * @gt: the table
 * @ref: the reference
 *
 * From this CPU's cache, whose lock hardly anyone else takes. When few are left
 * the table grows soon after, in the background. It fails only when not one
 * reference is free, whatever the caches hold.
 *
 * Context: any.
 * Return: 0, or -ENOSPC.
 */
int xn_gnttab_alloc(struct xn_gnttab *gt, grant_ref_t *ref);

/**
 * xn_gnttab_get - allocate a reference, for which the table may grow
 * @gt: the table
 * @ref: the reference
 *
 * For a frontend that sets up a ring while others do.
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC (the table cannot grow any more), -ENOMEM, or what Xen
 * answered.
 */
int xn_gnttab_get(struct xn_gnttab *gt, grant_ref_t *ref);

/**
 * xn_gnttab_alloc_spare - allocate a reference that is not strictly needed
 * @gt: the table
 * @ref: the reference
 *
 * For a device that has the least that it needs, and would do better with more.
 * An eighth of the table is left for devices that have not, and nothing is
 * taken from under the eyes of those who wait.
 *
 * Context: any.
 * Return: 0, or -ENOSPC: now, at least.
 */
int xn_gnttab_alloc_spare(struct xn_gnttab *gt, grant_ref_t *ref);

/**
 * xn_gnttab_reserve - see to it that references are there
 * @gt: the table
 * @count: how many are wanted, more than are allocated now
 *
 * For a frontend that knows what it needs at least. Grows the table when
 * needed, and at its limit has others give back what they do not use; does not
 * set the references aside.
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC (then xn_gnttab_wait()), -ENOMEM, or what Xen answered.
 */
int xn_gnttab_reserve(struct xn_gnttab *gt, unsigned int count);

/**
 * xn_gnttab_size - how many references the table can have
 * @gt: the table
 *
 * By the toolstack's max_grant_frames, and what Xen made of it.
 *
 * Context: any.
 * Return: a count of references.
 */
unsigned int xn_gnttab_size(struct xn_gnttab *gt);

/**
 * xn_gnttab_unused - how many of these are to be had
 * @gt: the table
 *
 * A statistic, as xn_gnttab_used().
 *
 * Context: any.
 * Return: a count of references, at most xn_gnttab_size().
 */
unsigned int xn_gnttab_unused(struct xn_gnttab *gt);

/**
 * xn_gnttab_used - how many references are allocated now
 * @gt: the table
 *
 * Deferred ones are not counted. A statistic: others allocate and free
 * meanwhile.
 *
 * Context: any.
 * Return: a count of references.
 */
unsigned int xn_gnttab_used(struct xn_gnttab *gt);

/**
 * xn_gnttab_wait - be called when references are there again
 * @gt: the table
 * @w: owned by the caller, w->fn set; queued once until called
 * @need: how many must be free
 *
 * Context: any. w->fn is called once, perhaps before this returns.
 */
void xn_gnttab_wait(struct xn_gnttab *gt, struct xn_gnttab_waiter *w,
		    unsigned int need);

/**
 * xn_gnttab_wait_cancel - @w's function will not be called any more
 * @gt: the table
 * @w: from xn_gnttab_wait(), or never queued
 *
 * Waits while another CPU runs it.
 *
 * Context: any, but not from the function.
 */
void xn_gnttab_wait_cancel(struct xn_gnttab *gt, struct xn_gnttab_waiter *w);

/**
 * xn_gnttab_shrinker_add - can give back references when others need some
 * @gt: the table
 * @s: owned by the caller until removed, s->fn set
 *
 * Context: may sleep; not from a shrinker.
 */
void xn_gnttab_shrinker_add(struct xn_gnttab *gt, struct xn_gnttab_shrinker *s);

/**
 * xn_gnttab_shrinker_remove - @s's function will not be called any more
 * @gt: the table
 * @s: from xn_gnttab_shrinker_add(), or never added
 *
 * Waits while somebody runs it; nothing if it was not added.
 *
 * Context: may sleep; not from a shrinker.
 */
void xn_gnttab_shrinker_remove(struct xn_gnttab *gt,
			       struct xn_gnttab_shrinker *s);

/**
 * xn_gnttab_shrink - have others give back what they do not use
 * @gt: the table
 * @want: references, at most
 *
 * Done by the table itself for those who reserve and who wait.
 *
 * Context: may sleep.
 * Return: how many were freed; more may be, soon.
 */
unsigned int xn_gnttab_shrink(struct xn_gnttab *gt, unsigned int want);

/**
 * xn_gnttab_free - give an allocated reference back; it is not granted
 * @gt: the table
 * @ref: the reference
 *
 * Context: any.
 */
void xn_gnttab_free(struct xn_gnttab *gt, grant_ref_t ref);

/**
 * xn_gnttab_grant - let another domain access a page
 * @gt: the table
 * @ref: an allocated reference that is not granted now
 * @remote: the other domain
 * @gfn: the page's guest frame number
 * @readonly: it may only read
 *
 * GTF_permit_access; no hypercall. A frame number above 32 bits, which version
 * 1 cannot express, is not granted: the other domain's access is refused.
 *
 * Context: any.
 */
void xn_gnttab_grant(struct xn_gnttab *gt, grant_ref_t ref, domid_t remote,
		     xen_pfn_t gfn, bool readonly);

/**
 * xn_gnttab_grant_sub_page - let another domain copy to or from part of a page
 * @gt: the table
 * @ref: an allocated reference that is not granted now
 * @remote: the other domain
 * @gfn: the page's guest frame number
 * @offset: of the part's first byte in the page
 * @len: its length in bytes
 * @readonly: it may only copy from it
 *
 * GTF_sub_page: only for GNTTABOP_copy, cannot be mapped.
 *
 * Context: any.
 * Return: 0, -EOPNOTSUPP on a version 1 table, -EINVAL when it is not within
 * one page.
 */
int xn_gnttab_grant_sub_page(struct xn_gnttab *gt, grant_ref_t ref,
			     domid_t remote, xen_pfn_t gfn, unsigned int offset,
			     unsigned int len, bool readonly);

/**
 * xn_gnttab_grant_transitive - let another domain use what a third granted us
 * @gt: the table
 * @ref: an allocated reference that is not granted now
 * @remote: the other domain
 * @owner: the domain that granted a page to us; Xen refuses ourselves
 * @owner_ref: its reference
 * @readonly: @remote may only copy from it
 *
 * GTF_transitive: only for GNTTABOP_copy, cannot be mapped.
 *
 * Context: any.
 * Return: 0, or -EOPNOTSUPP on a version 1 table.
 */
int xn_gnttab_grant_transitive(struct xn_gnttab *gt, grant_ref_t ref,
			       domid_t remote, domid_t owner,
			       grant_ref_t owner_ref, bool readonly);

/**
 * xn_gnttab_end - take a page's access back
 * @gt: the table
 * @ref: a granted reference
 *
 * Context: any.
 * Return: 0: nobody can access the page any more, and @ref can be granted again
 * or freed. -EBUSY: it is still mapped, and the page may not be used for
 * anything else. It is to be tried again, until it succeeds, or handed to
 * xn_gnttab_end_page(); meanwhile a version 2 table lets nobody access the page
 * who does not do so now.
 */
int xn_gnttab_end(struct xn_gnttab *gt, grant_ref_t ref);

/**
 * xn_gnttab_in_use - does another domain map or copy the page just now?
 * @gt: the table
 * @ref: a granted reference
 *
 * The answer may be stale when it comes: only xn_gnttab_end() settles it. For
 * whom to end a grant is worth it only when that succeeds.
 *
 * Context: any.
 * Return: true while another domain uses the grant.
 */
bool xn_gnttab_in_use(struct xn_gnttab *gt, grant_ref_t ref);

/**
 * xn_gnttab_grant_page - allocate a reference and grant a page by it
 * @gt: the table
 * @remote: the other domain
 * @page: address of the page
 * @readonly: it may only read
 * @ref: the reference
 *
 * Context: may sleep.
 * Return: 0 or as xn_gnttab_get().
 */
int xn_gnttab_grant_page(struct xn_gnttab *gt, domid_t remote,
			 const void *page, bool readonly, grant_ref_t *ref);

/**
 * xn_gnttab_end_page - end a grant, free the reference, release the page
 * @gt: the table
 * @ref: a granted reference; the table's from now on
 * @page: handed to @release; the table's from now on
 * @release: called when no other domain can access the page: now, or later
 *           when it is still mapped (then from a context that may sleep), or
 *           never. xn_os_page_free for a page of ours. It may be called until
 *           xn_gnttab_fini() ends, when the caller may be long gone. NULL:
 *           nothing to release
 *
 * Context: any.
 * Return: 0 when it is done, -EBUSY when it was deferred: neither @ref nor
 * @page is reused before the other domain has let go.
 */
int xn_gnttab_end_page(struct xn_gnttab *gt, grant_ref_t ref, void *page,
		       void (*release)(void *page));

/* ---- what others granted to us ---- */

#define XN_GNTMAP_MAX	1024u

/*
 * Room for other domains' pages: slots of a page each, in guest frames without
 * RAM. What lies there can change under us at any time. All fields are the
 * room's own.
 */
struct xn_gntmap {
	struct xn_physmap room;
	domid_t refused;		/* whose pages: our own, or nobody's */
	grant_handle_t *handle;		/* per slot: a page of them */
};

/* One page to map or to unmap. */
struct xn_gntmap_req {
	unsigned int slot;
	domid_t domid;		/* who granted it: not DOMID_SELF, see xn_domid() */
	grant_ref_t ref;
	bool readonly;
	int err;		/* the result */
};

/**
 * xn_gntmap_init - reserve room for other domains' pages
 * @m: filled in; owned by the caller
 * @count: how many pages, 1 to XN_GNTMAP_MAX
 *
 * Context: may sleep.
 * Return: 0, -EINVAL, -ENOSPC (no hole in the physmap), -ENOMEM, or what Xen
 * answered.
 */
int xn_gntmap_init(struct xn_gntmap *m, unsigned int count);

/**
 * xn_gntmap_fini - unmap all pages and give the room back
 * @m: the room; a second call, or one after a failed init, does nothing
 *
 * A page that Xen does not unmap costs all of the room, for ever: that is
 * logged.
 *
 * Context: may sleep.
 */
void xn_gntmap_fini(struct xn_gntmap *m);

/**
 * xn_gntmap_map - map pages that other domains granted to this one
 * @m: the room; different slots may be used at once
 * @req: what to map where; req[].err tells of each, 0 or as below
 * @n: how many
 *
 * GNTTABOP_map_grant_ref, many pages by one hypercall. Pages that can be mapped
 * are, whatever becomes of the others. A PV guest can map what it granted to
 * itself; of an HVM or PVH guest Xen would take the page away from where it is.
 *
 * Context: any.
 * Return: 0, or the first error: -EINVAL (no such slot), -EBUSY (a page is
 * there, or stuck there), -EOPNOTSUPP (our own page, see above), -EACCES (not
 * granted to us, or read-only), -ENOENT (no such reference), -ESRCH (no such
 * domain), -ENOSPC (Xen has no handle left), -EAGAIN (the page is paged out:
 * try again later), or what Xen answered; -EIO when that was nonsense.
 */
int xn_gntmap_map(struct xn_gntmap *m, struct xn_gntmap_req *req,
		  unsigned int n);

/**
 * xn_gntmap_unmap - undo xn_gntmap_map()
 * @m: the room
 * @req: of each only the slot counts; req[].err tells of it
 * @n: how many
 *
 * GNTTABOP_unmap_grant_ref. A slot with nothing in it is left as it is; one
 * whose page Xen does not unmap can be tried again.
 *
 * Context: any.
 * Return: 0, or the first error: -EINVAL (no such slot), -EBUSY (a page is
 * stuck there), or what Xen answered.
 */
int xn_gntmap_unmap(struct xn_gntmap *m, struct xn_gntmap_req *req,
		    unsigned int n);

/**
 * xn_gntmap_va - where the page of a slot is accessible
 * @m: the room
 * @slot: one that is mapped
 *
 * Context: any.
 * Return: the address of its first byte.
 */
static inline void *xn_gntmap_va(const struct xn_gntmap *m, unsigned int slot)
{
	return (char *)m->room.va + (size_t)slot * XN_PAGE_SIZE;
}

/**
 * xn_gntcopy_from - fill in one operation: copy from a granted page
 * @op: filled in
 * @domid: who granted it; DOMID_SELF will do
 * @ref: the reference
 * @offset: of the first byte in the page
 * @va: where to; within one page for which xn_os_gfn() works
 * @len: bytes
 *
 * Context: any.
 */
void xn_gntcopy_from(struct gnttab_copy *op, domid_t domid, grant_ref_t ref,
		     unsigned int offset, void *va, unsigned int len);

/**
 * xn_gntcopy_to - fill in one operation: copy to a granted page
 * @op: filled in
 * @domid: who granted it; DOMID_SELF will do
 * @ref: the reference
 * @offset: of the first byte in the page
 * @va: where from; within one page for which xn_os_gfn() works
 * @len: bytes
 *
 * Context: any.
 */
void xn_gntcopy_to(struct gnttab_copy *op, domid_t domid, grant_ref_t ref,
		   unsigned int offset, const void *va, unsigned int len);

/**
 * xn_gnttab_copy - copy to and from granted pages
 * @op: filled in by the above, or by hand, also from one grant to another;
 *      op[].status is the result, for xn_gntst_errno()
 * @n: how many
 *
 * GNTTABOP_copy, all by one hypercall. What can be copied is, whatever becomes
 * of the rest. A sub-page or transitive grant is used in this way only.
 *
 * Context: any.
 * Return: 0, or the first error: -EACCES (not granted to us, read-only, or
 * outside the part that is granted), -EINVAL (beyond a page, or no page),
 * others as for xn_gntmap_map().
 */
int xn_gnttab_copy(struct gnttab_copy *op, unsigned int n);

#endif /* XENION_GRANT_H */
