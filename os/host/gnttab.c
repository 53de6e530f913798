// SPDX-License-Identifier: MIT
/*
 * A simulated Xen's grant tables, versions 1 and 2 (xen-public/grant_table.h):
 * which domain may use a page, and what a backend does with its grants. Use is
 * recorded as Xen does it, in the entry's flags or in the status word:
 * GTF_reading while a domain uses the page, GTF_writing while one may write it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define IN_USE		(GTF_reading | GTF_writing)

/* How often Xen tries an entry whose flags change meanwhile. */
#define TRIES		5

/* One entry of either version. */
struct view {
	uint16_t *flags;
	uint16_t *status;		/* where use is recorded */
	domid_t domid;
	struct host_access access;
};

/* The last guest's pins, for the next guest with as many references. */
static struct host_pin *spare;
static unsigned int nr_spare;

static struct host_pin *pins_new(unsigned int n)
{
	struct host_pin *pins = spare;

	if (!pins || nr_spare != n)
		return calloc(n, sizeof(*pins));
	spare = NULL;
	return memset(pins, 0, n * sizeof(*pins));
}

void host_gnttab_init(struct host_guest *g)
{
	g->gnttab_version = g->cfg.gnttab_version == 2 ? 1 :
							 g->cfg.gnttab_version;
	g->nr_grant_frames = 1;
	g->pins = pins_new(HOST_NR_REFS(g->cfg.max_grant_frames));
	g->maps = calloc(g->cfg.max_maps, sizeof(*g->maps));
}

void host_gnttab_restore(struct host_guest *g)
{
	host_gnttab_maps_drop(g);
	g->gnttab_version = 1;
	g->nr_grant_frames = 1;
	g->nr_status_frames = 0;
	g->nr_pinned = 0;
	memset(g->pins, 0, HOST_NR_REFS(g->cfg.max_grant_frames) *
			   sizeof(*g->pins));
}

void host_gnttab_fini(struct host_guest *g)
{
	free(spare);
	spare = g->pins;
	nr_spare = HOST_NR_REFS(g->cfg.max_grant_frames);
	free(g->maps);
}

int host_gnttab_grow(struct host_guest *g, unsigned int frames)
{
	if (frames > g->cfg.max_grant_frames)
		return -EINVAL;
	if (frames > g->nr_grant_frames)
		g->nr_grant_frames = frames;
	if (g->gnttab_version == 2)
		g->nr_status_frames = HOST_NR_STATUS(g->nr_grant_frames);
	return 0;
}

/* Grow the table to as many frames as have @frames status frames. */
int host_gnttab_grow_status(struct host_guest *g, unsigned int frames)
{
	if (frames <= g->nr_status_frames)
		return 0;
	return host_gnttab_grow(g, frames * 8);
}

unsigned int host_gnttab_refs(const struct host_guest *g)
{
	return g->gnttab_version == 2 ? HOST_NR_REFS_V2(g->nr_grant_frames) :
					HOST_NR_REFS(g->nr_grant_frames);
}

unsigned int host_gnttab_version(const struct host_guest *g)
{
	return g->gnttab_version;
}

/* The frames are consecutive in Xen's view. */
struct grant_entry_v1 *host_gnttab_entry(struct host_guest *g,
					 grant_ref_t ref)
{
	if (g->gnttab_version == 2)
		host_bug("version 1 entry in a version 2 table");
	return ref < host_gnttab_refs(g) ?
	       (struct grant_entry_v1 *)host_grant_frame(g, 0) + ref : NULL;
}

union grant_entry_v2 *host_gnttab_entry_v2(struct host_guest *g,
					   grant_ref_t ref)
{
	if (g->gnttab_version != 2)
		host_bug("version 2 entry in a version 1 table");
	return ref < host_gnttab_refs(g) ?
	       (union grant_entry_v2 *)host_grant_frame(g, 0) + ref : NULL;
}

grant_status_t *host_gnttab_status(struct host_guest *g, grant_ref_t ref)
{
	return (grant_status_t *)host_status_frame(g, 0) + ref;
}

static bool gnttab_look(struct host_guest *g, grant_ref_t ref, struct view *v)
{
	struct host_access *a = &v->access;

	if (ref >= host_gnttab_refs(g))
		return false;
	*a = (struct host_access){ .owner = g, .len = XN_PAGE_SIZE };
	if (g->gnttab_version == 2) {
		union grant_entry_v2 *e = host_gnttab_entry_v2(g, ref);

		v->flags = &e->hdr.flags;
		v->status = host_gnttab_status(g, ref);
		v->domid = e->hdr.domid;
		a->gfn = e->full_page.frame;
		a->sub = e->hdr.flags & GTF_sub_page;
		if (a->sub) {
			a->offset = e->sub_page.page_off;
			a->len = e->sub_page.length;
		}
	} else {
		struct grant_entry_v1 *e = host_gnttab_entry(g, ref);

		v->flags = &e->flags;
		v->status = &e->flags;
		v->domid = e->domid;
		a->gfn = e->frame;
	}
	return true;
}

uint16_t host_gnttab_flags(struct host_guest *g, grant_ref_t ref)
{
	struct view v;

	return gnttab_look(g, ref, &v) ? *v.flags | *v.status : 0;
}

unsigned int host_gnttab_active(const struct host_guest *g)
{
	uint16_t used = GTF_type_mask | IN_USE;
	unsigned int n = 0;
	grant_ref_t ref;

	for (ref = 2; ref < host_gnttab_refs(g); ref++)
		n += g->pins[ref].readers ||
		     host_gnttab_flags((struct host_guest *)g, ref) & used;
	return n;
}

unsigned int host_gnttab_leaks(struct host_guest *g)
{
	unsigned int n = host_gnttab_active(g), maps = host_gnttab_maps(g);

	if (n + maps)
		fprintf(stderr, "# leak: %u grants, %u mappings of others'\n",
			n, maps);
	return n + maps;
}

/*
 * Does one of @n entries grant a frame? This runs for each page that the guest
 * frees, so it is built without the sanitizers' checks, which would make the
 * loops slow. The entries are in Xen's own frames.
 */
#define UNCHECKED	__attribute__((no_sanitize("address", "undefined")))

static UNCHECKED bool granted_v1(const struct grant_entry_v1 *e,
				 unsigned int n, xen_pfn_t gfn)
{
	bool found = false;

	for (; n; n--, e++)
		found |= e->frame == gfn &&
			 (e->flags & GTF_type_mask) == GTF_permit_access;
	return found;
}

static UNCHECKED bool granted_v2(const union grant_entry_v2 *e,
				 unsigned int n, xen_pfn_t gfn)
{
	bool found = false;

	for (; n; n--, e++)
		found |= e->full_page.frame == gfn &&
			 (e->hdr.flags & GTF_type_mask) == GTF_permit_access;
	return found;
}

bool host_gnttab_uses(struct host_guest *g, xen_pfn_t gfn)
{
	unsigned int n = host_gnttab_refs(g), used = g->nr_pinned;
	grant_ref_t ref;

	for (ref = 0; used && ref < n; ref++) {
		const struct host_pin *p = &g->pins[ref];

		if (!p->readers)
			continue;
		used--;
		if (p->access.owner == g && p->access.gfn == gfn)
			return true;
	}
	if (g->gnttab_version == 2)
		return granted_v2(host_grant_frame(g, 0), n, gfn);
	return granted_v1(host_grant_frame(g, 0), n, gfn);
}

/* ---- use ---- */

static bool gnttab_allowed(const struct view *v, const struct host_pin *p,
			   domid_t dom, uint16_t flags, bool write, bool map)
{
	unsigned int type = flags & GTF_type_mask;

	if (write && flags & GTF_readonly)
		return false;
	/* A domain that uses the page already is not checked again. */
	if (p->readers)
		return true;
	if (v->domid != dom || (map && flags & GTF_sub_page))
		return false;
	return type == GTF_permit_access ||
	       (type == GTF_transitive && v->status != v->flags);
}

/* Record the use where the guest sees it. False: it is not allowed. */
static bool gnttab_note(const struct view *v, const struct host_pin *p,
			domid_t dom, bool write, bool map)
{
	uint16_t set = GTF_reading | (write ? GTF_writing : 0);
	uint16_t flags = __atomic_load_n(v->flags, __ATOMIC_SEQ_CST);
	unsigned int tries;

	if (v->status != v->flags) {
		if (!gnttab_allowed(v, p, dom, flags, write, map))
			return false;
		__atomic_fetch_or(v->status, set, __ATOMIC_SEQ_CST);
		flags = __atomic_load_n(v->flags, __ATOMIC_SEQ_CST);
		return gnttab_allowed(v, p, dom, flags, write, map);
	}
	for (tries = 0; tries < TRIES; tries++) {
		if (!gnttab_allowed(v, p, dom, flags, write, map))
			return false;
		if (__atomic_compare_exchange_n(v->flags, &flags, flags | set,
						false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

static void gnttab_unnote(const struct view *v, const struct host_pin *p)
{
	uint16_t clear = (p->readers ? 0 : GTF_reading) |
			 (p->writers ? 0 : GTF_writing);

	__atomic_fetch_and(v->status, (uint16_t)~clear, __ATOMIC_SEQ_CST);
}

/* Pin the third domain's page to which a transitive grant leads. */
static int16_t pin_transitive(struct host_guest *g, grant_ref_t ref, bool write,
			      struct host_access *a)
{
	union grant_entry_v2 *e = host_gnttab_entry_v2(g, ref);
	struct host_guest *owner = host_guest_find(e->transitive.trans_domid);
	grant_ref_t owner_ref = e->transitive.gref;
	int16_t status;
	struct view v;

	if (!owner || owner == g || !gnttab_look(owner, owner_ref, &v) ||
	    (*v.flags & GTF_type_mask) == GTF_transitive)
		return GNTST_general_error;
	status = host_gnttab_pin(owner, g->domid, owner_ref, write, false, a);
	a->sub = true;
	a->owner_ref = owner_ref;
	return status;
}

int16_t host_gnttab_pin(struct host_guest *g, domid_t dom, grant_ref_t ref,
			bool write, bool map, struct host_access *access)
{
	int16_t status = GNTST_okay;
	struct host_pin *p;
	struct view v;

	if (!gnttab_look(g, ref, &v))
		return GNTST_bad_gntref;
	p = &g->pins[ref];
	if (p->readers && (p->domid != dom || (map && p->access.sub)))
		return GNTST_general_error;
	if ((!p->readers || (write && !p->writers)) &&
	    !gnttab_note(&v, p, dom, write, map)) {
		if (v.status != v.flags)
			gnttab_unnote(&v, p);
		return GNTST_general_error;
	}
	if ((*v.flags & GTF_type_mask) == GTF_transitive)
		status = map ? GNTST_general_error :
			       pin_transitive(g, ref, write, &v.access);
	else if (!p->readers && !host_ram(g, v.access.gfn))
		status = GNTST_bad_page;
	if (status != GNTST_okay) {
		gnttab_unnote(&v, p);
		return status;
	}
	if (!p->readers) {
		g->nr_pinned++;
		p->domid = dom;
		p->access = v.access;
	}
	p->readers++;
	p->writers += write;
	*access = p->access;
	return GNTST_okay;
}

void host_gnttab_unpin(struct host_guest *g, grant_ref_t ref, bool write)
{
	struct host_pin *p = &g->pins[ref];
	struct host_access a = p->access;
	struct view v;

	if (!gnttab_look(g, ref, &v) || !p->readers || (write && !p->writers))
		host_bug("grant %u given back that was not used", ref);
	p->readers--;
	p->writers -= write;
	g->nr_pinned -= !p->readers;
	gnttab_unnote(&v, p);
	if (a.owner != g)
		host_gnttab_unpin(a.owner, a.owner_ref, write);
}

/* ---- the other end ---- */

void *host_gnttab_map(struct host_guest *g, domid_t dom, grant_ref_t ref,
		      bool write)
{
	struct host_access a;
	void *page = NULL;

	host_lock();
	if (host_gnttab_pin(g, dom, ref, write, true, &a) == GNTST_okay)
		page = host_ram(g, a.gfn);
	host_unlock();
	return page;
}

void host_gnttab_unmap(struct host_guest *g, grant_ref_t ref, bool write)
{
	host_lock();
	host_gnttab_unpin(g, ref, write);
	host_unlock();
}

static int gnttab_copy(struct host_guest *g, domid_t dom, grant_ref_t ref,
		       unsigned int offset, void *buf, unsigned int len,
		       bool write)
{
	struct host_access a;
	uint8_t *page;
	int err = 0;

	if (offset > XN_PAGE_SIZE || len > XN_PAGE_SIZE - offset)
		return -EINVAL;
	host_lock();
	if (host_gnttab_pin(g, dom, ref, write, false, &a) != GNTST_okay) {
		host_unlock();
		return -EACCES;
	}
	page = host_ram(a.owner, a.gfn);
	if (offset < a.offset || offset + len > a.offset + a.len)
		err = -EACCES;
	else if (write)
		memcpy(page + offset, buf, len);
	else
		memcpy(buf, page + offset, len);
	host_gnttab_unpin(g, ref, write);
	host_unlock();
	return err;
}

int host_gnttab_read(struct host_guest *g, domid_t dom, grant_ref_t ref,
		     unsigned int offset, void *to, unsigned int len)
{
	return gnttab_copy(g, dom, ref, offset, to, len, false);
}

int host_gnttab_write(struct host_guest *g, domid_t dom, grant_ref_t ref,
		      unsigned int offset, const void *from, unsigned int len)
{
	return gnttab_copy(g, dom, ref, offset, (void *)from, len, true);
}
