/* SPDX-License-Identifier: MIT */
/*
 * grant/: the grant table (xen-public/grant_table.h), which says which of our
 * pages another domain may map or copy; and mapping and copying of pages that
 * others granted to us.
 *
 * A reference is allocated, then granted any number of times, each grant ended
 * before the next, and freed. A page that another domain still maps is never
 * reused: ending its grant reports -EBUSY, and the page waits.
 *
 * The table has version 1 or 2; other domains see no difference. Version 2
 * supports frame numbers above 32 bits, grants of parts of pages and of others'
 * grants, and needs twice the space per reference.
 */
#ifndef XENION_GRANT_H
#define XENION_GRANT_H

#include <xenion/decls.h>
#include <xenion/hypercall.h>
#include <xenion/mmu.h>

XN_DECLS_BEGIN

#define XN_GRANT_INVALID	0u	/* a reserved one: never allocated */

struct xn_gnttab_waiter {
	/*
	 * Called under the table's lock: it may take locks of its own and
	 * schedule works, but not use the grant table.
	 */
	void (*fn)(struct xn_gnttab_waiter *w);
	/* private: */
	unsigned int need;
	bool queued;
	struct xn_gnttab_waiter *next;
};

struct xn_gnttab_shrinker {
	/*
	 * Free up to @want references that are not in use: now, or soon if
	 * another context must do it. Returns how many were freed. May sleep,
	 * but not for long; must not allocate references.
	 */
	unsigned int (*fn)(struct xn_gnttab_shrinker *s, unsigned int want);
	/* private: */
	struct xn_gnttab_shrinker *next;
};

/* All fields are private. */
struct xn_gnttab {
	struct xn_physmap frames;
	struct xn_physmap status;	/* of the same references, version 2 */
	uint64_t v1_gfns;		/* lower numbers fit; version 2: 0 */
	unsigned int version;
	struct xn_lock lock;
	uint32_t max_refs;		/* the limit of the table */
	uint32_t nr_refs;		/* of these, those that frames hold now */
	uint32_t nr_kept;		/* of these, in use by others */
	uint32_t nr_free;		/* on the list, not in a cache */
	uint32_t nr_deferred;		/* ended, but another domain maps them */
	grant_ref_t free_head;
	void **info;			/* table.c: page of pointers to pages */
	void **caches;			/* cache.c: page of pointers to pages */
	struct xn_gnttab_waiter *waiters;	/* first come, first served */
	struct xn_gnttab_shrinker *shrinkers;
	bool walking;			/* a thread uses the list */
	struct xn_waitq walk_ended;
	struct xn_work grow;		/* asked for when few are left */
	struct xn_work reclaim;		/* looks at deferred references */
	uint64_t reclaim_ns;		/* until it looks again */
	bool full;			/* no frame can be added */
};

/**
 * xn_gnttab_init - start using the grant table
 * @gt: zeroed; owned by the caller, lives until xn_gnttab_fini()
 * @version: 1 or 2, the version that is wanted. gt->version is the one in use:
 *           Xen may not offer version 2, and does not change the version while
 *           another domain maps a page that a previous kernel granted
 *
 * Entries that are already in use (the toolstack's for console and xenstore,
 * those of a previous kernel that another domain still maps) are not touched.
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -ENOSPC (no hole in the physmap), -ENODEV (a version that
 * is neither 1 nor 2), or Xen's error.
 */
int xn_gnttab_init(struct xn_gnttab *gt, unsigned int version);

/**
 * xn_gnttab_fini - stop using the grant table
 * @gt: the table; every reference was freed or handed to
 *      xn_gnttab_end_page()
 *
 * Waits about a second for other domains to unmap pages. Pages that they still
 * map then are lost; their number is logged. Otherwise the table has version 1
 * again, which the next kernel may expect.
 *
 * Context: may sleep.
 * Return: the number of references that are still allocated or mapped.
 */
unsigned int xn_gnttab_fini(struct xn_gnttab *gt);

/**
 * xn_gnttab_suspend - the table's own works do nothing from now on
 * @gt: the table
 *
 * To be called before SCHEDOP_shutdown with SHUTDOWN_suspend, when no frontend
 * grants or ends anything: between a restore and xn_gnttab_resume() there is no
 * table.
 *
 * Context: may sleep.
 */
void xn_gnttab_suspend(struct xn_gnttab *gt);

/**
 * xn_gnttab_unmap - the table is not accessed until xn_gnttab_resume()
 * @gt: the table, after xn_gnttab_suspend()
 *
 * A PV guest calls this just before it is suspended, when no event comes any more that
 * could end a grant: xn_physmap_suspend(). Other guests need not.
 *
 * Context: raw; upcalls disabled.
 */
void xn_gnttab_unmap(struct xn_gnttab *gt);

/**
 * xn_gnttab_resume - undo xn_gnttab_suspend(), perhaps in a new domain
 * @gt: the table
 * @anew: the domain is a new one: xn_evtchn_survived() has returned 0
 *
 * In a new domain the table is empty: nobody maps or can map our pages. Its
 * version is set and its frames are mapped again. References stay allocated, and
 * those that were granted stay so for their owners, who end them as always; that
 * succeeds now. What was deferred is released soon. If the new Xen does not offer
 * version 2, the table continues with version 1. The new table's limit counts,
 * up to that of xn_gnttab_init(). References that another domain had kept in use
 * since before xn_gnttab_init() remain out of use.
 *
 * Pages that we had mapped of other domains: xn_gntmap_resume().
 *
 * Context: may sleep.
 * Return: 0; Xen's error; -EIO: the version cannot be set, or Xen names no limit;
 * -ENOSPC: the new table has fewer frames than are in use. On error no reference
 * can be granted or ended: no device may go on, not even be lost or removed. The
 * call may be repeated, which does not help with -ENOSPC: give the new domain as
 * large a table as the old one had (max_grant_frames).
 */
int xn_gnttab_resume(struct xn_gnttab *gt, bool anew);

/**
 * xn_gnttab_alloc - allocate a reference
 * @gt: the table
 * @ref: the reference
 *
 * Takes it from this CPU's cache, whose lock is rarely contended. When few
 * references are left, a work extends the table. Fails only if no reference is
 * free, in any cache or on the list.
 *
 * Context: any.
 * Return: 0, or -ENOSPC.
 */
int xn_gnttab_alloc(struct xn_gnttab *gt, grant_ref_t *ref);

/**
 * xn_gnttab_get - allocate a reference, growing the table if needed
 * @gt: the table
 * @ref: the reference
 *
 * For the set-up of a ring, when other frontends may take references as well.
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC (the table is at its limit), -ENOMEM, or Xen's error.
 */
int xn_gnttab_get(struct xn_gnttab *gt, grant_ref_t *ref);

/**
 * xn_gnttab_alloc_spare - allocate a reference that is not strictly needed
 * @gt: the table
 * @ref: the reference
 *
 * For a device that has its minimum and would be faster with more. An eighth of
 * the table stays free for other devices, and waiters have precedence.
 *
 * Context: any.
 * Return: 0, or -ENOSPC, which may be temporary.
 */
int xn_gnttab_alloc_spare(struct xn_gnttab *gt, grant_ref_t *ref);

/**
 * xn_gnttab_reserve - make sure that enough references are free
 * @gt: the table
 * @count: how many must be free
 *
 * For a frontend that knows its minimum. Grows the table if needed; at its
 * limit, asks other devices to free unused references. Does not allocate
 * anything.
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC (then xn_gnttab_wait()), -ENOMEM, or Xen's error.
 */
int xn_gnttab_reserve(struct xn_gnttab *gt, unsigned int count);

/**
 * xn_gnttab_size - how many references the table can have
 * @gt: the table
 *
 * The limit comes from the toolstack's max_grant_frames.
 *
 * Context: any.
 * Return: a count of references.
 */
unsigned int xn_gnttab_size(struct xn_gnttab *gt);

/**
 * xn_gnttab_unused - how many references can still be allocated
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
 * Deferred ones are not counted. A statistic: the number changes at any time.
 *
 * Context: any.
 * Return: a count of references.
 */
unsigned int xn_gnttab_used(struct xn_gnttab *gt);

/**
 * xn_gnttab_wait - call a function when enough references are free
 * @gt: the table
 * @w: owned by the caller, w->fn set; queued once until called
 * @need: how many must be free
 *
 * Context: any. w->fn is called once, perhaps before this returns.
 */
void xn_gnttab_wait(struct xn_gnttab *gt, struct xn_gnttab_waiter *w,
		    unsigned int need);

/**
 * xn_gnttab_wait_cancel - make sure that @w's function is not called
 * @gt: the table
 * @w: from xn_gnttab_wait(), or never queued
 *
 * When this returns, the function does not run on another CPU either.
 *
 * Context: any, except from the function itself.
 */
void xn_gnttab_wait_cancel(struct xn_gnttab *gt, struct xn_gnttab_waiter *w);

/**
 * xn_gnttab_shrinker_add - register a function that frees unused references
 * @gt: the table
 * @s: owned by the caller until removed, s->fn set
 *
 * Context: may sleep; not from a shrinker.
 */
void xn_gnttab_shrinker_add(struct xn_gnttab *gt, struct xn_gnttab_shrinker *s);

/**
 * xn_gnttab_shrinker_remove - make sure that @s's function is not called
 * @gt: the table
 * @s: from xn_gnttab_shrinker_add(), or never added
 *
 * Waits while another thread runs it. Does nothing if it was not added.
 *
 * Context: may sleep; not from a shrinker.
 */
void xn_gnttab_shrinker_remove(struct xn_gnttab *gt,
			       struct xn_gnttab_shrinker *s);

/**
 * xn_gnttab_shrink - ask all devices to free unused references
 * @gt: the table
 * @want: references, at most
 *
 * The table does this itself for xn_gnttab_reserve() and xn_gnttab_wait().
 *
 * Context: may sleep.
 * Return: how many were freed; more may be, soon.
 */
unsigned int xn_gnttab_shrink(struct xn_gnttab *gt, unsigned int want);

/**
 * xn_gnttab_free - free a reference that is not granted
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
 * GTF_permit_access; no hypercall. Version 1 has no room for a frame number
 * above 32 bits: such a page is not granted, and the other domain gets an
 * error.
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
 * GTF_sub_page: for GNTTABOP_copy only; Xen does not map it.
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
 * GTF_transitive: for GNTTABOP_copy only; Xen does not map it.
 *
 * Context: any.
 * Return: 0, or -EOPNOTSUPP on a version 1 table.
 */
int xn_gnttab_grant_transitive(struct xn_gnttab *gt, grant_ref_t ref,
			       domid_t remote, domid_t owner,
			       grant_ref_t owner_ref, bool readonly);

/**
 * xn_gnttab_end - revoke access to a page
 * @gt: the table
 * @ref: a granted reference
 *
 * Context: any.
 * Return: 0: no other domain can access the page, and @ref can be granted again
 * or freed. -EBUSY: the page is still mapped and must not be reused. Try again
 * until it succeeds, or call xn_gnttab_end_page(). With a version 2 table no
 * new access is possible after -EBUSY.
 */
int xn_gnttab_end(struct xn_gnttab *gt, grant_ref_t ref);

/**
 * xn_gnttab_in_use - does another domain map or copy the page just now?
 * @gt: the table
 * @ref: a granted reference
 *
 * A hint that may be stale at once: only xn_gnttab_end() is reliable. For
 * callers that end a grant only if that is likely to succeed.
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
 * @page: passed to @release; the table's from now on
 * @release: called once no other domain can access the page: now, or later if
 *           it is still mapped (from a context that may sleep), or never. For
 *           example xn_os_page_free. It may be called until xn_gnttab_fini()
 *           ends, even if the caller no longer exists. NULL: nothing to release
 *
 * Context: any.
 * Return: 0 if done, -EBUSY if deferred: neither @ref nor @page is reused
 * before the other domain has unmapped the page.
 */
int xn_gnttab_end_page(struct xn_gnttab *gt, grant_ref_t ref, void *page,
		       void (*release)(void *page));

/* ---- what others granted to us ---- */

#define XN_GNTMAP_MAX	1024u

/*
 * Address space for other domains' pages: slots of one page, in guest frames
 * without RAM. Their content can change at any time. All fields are private.
 */
struct xn_gntmap {
	struct xn_physmap room;
	domid_t refused;		/* our own, or DOMID_INVALID */
	grant_handle_t *handle;		/* per slot: a page of them */
};

/* One page to map or to unmap. */
struct xn_gntmap_req {
	unsigned int slot;
	domid_t domid;		/* the granting domain; not DOMID_SELF: xn_domid() */
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
 * Return: 0, -EINVAL, -ENOSPC (no hole in the physmap), -ENOMEM, or Xen's
 * error.
 */
int xn_gntmap_init(struct xn_gntmap *m, unsigned int count);

/**
 * xn_gntmap_fini - unmap all pages and give the room back
 * @m: the room; a second call, or one after a failed init, does nothing
 *
 * If Xen does not unmap a page, all of the address space is lost, which is
 * logged.
 *
 * Context: may sleep.
 */
void xn_gntmap_fini(struct xn_gntmap *m);

/**
 * xn_gntmap_resume - use the room in a new domain
 * @m: the room
 *
 * For a guest that was saved and restored, or has moved: what was mapped is gone,
 * with its content, and nothing is there that may be accessed. All slots are
 * empty again. The granting domains do not know of our new one: whoever needs
 * their pages asks them for new grants.
 *
 * Context: any; no other function uses @m.
 * Return: 0, or as xn_domid(): then call it again before xn_gntmap_map().
 */
int xn_gntmap_resume(struct xn_gntmap *m);

/**
 * xn_gntmap_map - map pages that other domains granted to this one
 * @m: the room; different slots may be used at once
 * @req: what to map where; req[].err is the result of each, 0 or as below
 * @n: how many
 *
 * GNTTABOP_map_grant_ref, several pages per hypercall. A failed page does not
 * affect the others. A PV guest can map its own grants; in an HVM or PVH guest,
 * Xen would move the page away from its guest frame.
 *
 * Context: any.
 * Return: 0, or the first error: -EINVAL (no such slot), -EBUSY (a page is
 * there, or stuck there), -EOPNOTSUPP (our own page, see above), -EACCES (not
 * granted to us, or read-only), -ENOENT (no such reference), -ESRCH (no such
 * domain), -ENOSPC (Xen has no handle left), -EAGAIN (the page is paged out:
 * try again later), or Xen's error; -EIO if the status is invalid.
 */
int xn_gntmap_map(struct xn_gntmap *m, struct xn_gntmap_req *req,
		  unsigned int n);

/**
 * xn_gntmap_unmap - undo xn_gntmap_map()
 * @m: the room
 * @req: only req[].slot is used; req[].err is the result
 * @n: how many
 *
 * GNTTABOP_unmap_grant_ref. Ignores empty slots. A slot that Xen fails to unmap
 * can be tried again.
 *
 * Context: any.
 * Return: 0, or the first error: -EINVAL (no such slot), -EBUSY (a page is
 * stuck there), or Xen's error.
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
 * xn_gntmap_gfn - which guest frame the page of a slot is
 * @m: the room
 * @slot: one that is mapped
 *
 * For an OS that maps it a second time, for example for a program: before
 * xn_gntmap_unmap() and xn_gntmap_fini() that mapping must end. In a PV guest the
 * number means nothing.
 *
 * Context: any.
 * Return: the guest frame number; there is no RAM of the guest's.
 */
static inline xen_pfn_t xn_gntmap_gfn(const struct xn_gntmap *m,
				      unsigned int slot)
{
	return m->room.gfn + slot;
}

/**
 * xn_gntcopy_from - fill in one operation: copy from a granted page
 * @op: filled in
 * @domid: the granting domain; may be DOMID_SELF
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
 * @domid: the granting domain; may be DOMID_SELF
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
 * GNTTABOP_copy, all by one hypercall. A failed operation does not affect the
 * others. Sub-page and transitive grants can be used in this way only.
 *
 * Context: any.
 * Return: 0, or the first error: -EACCES (not granted to us, read-only, or
 * outside the part that is granted), -EINVAL (beyond a page, or no page),
 * others as for xn_gntmap_map().
 */
int xn_gnttab_copy(struct gnttab_copy *op, unsigned int n);

XN_DECLS_END

#endif /* XENION_GRANT_H */
