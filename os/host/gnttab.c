// SPDX-License-Identifier: MIT
/*
 * A simulated Xen's grant table, version 1 (xen-public/grant_table.h): the
 * operations of the guest, and what a backend does with its grants. Flags are
 * kept as Xen keeps them: GTF_reading while anyone maps, GTF_writing while
 * anyone maps to write.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

void host_gnttab_init(struct host_guest *g)
{
	g->nr_grant_frames = 1;
	g->pins = calloc(HOST_NR_REFS(g->cfg.max_grant_frames),
			 sizeof(*g->pins));
}

void host_gnttab_fini(struct host_guest *g)
{
	free(g->pins);
}

int host_gnttab_grow(struct host_guest *g, unsigned int frames)
{
	if (frames > g->cfg.max_grant_frames)
		return -EINVAL;
	if (frames > g->nr_grant_frames)
		g->nr_grant_frames = frames;
	return 0;
}

struct grant_entry_v1 *host_gnttab_entry(struct host_guest *g,
					 grant_ref_t ref)
{
	if (ref >= HOST_NR_REFS(g->nr_grant_frames))
		return NULL;
	/* The frames follow one another in Xen's view. */
	return (struct grant_entry_v1 *)host_grant_frame(g, 0) + ref;
}

unsigned int host_gnttab_active(const struct host_guest *g)
{
	struct host_guest *h = (struct host_guest *)g;
	grant_ref_t ref;
	unsigned int n = 0;

	for (ref = 2; ref < HOST_NR_REFS(g->nr_grant_frames); ref++)
		n += host_gnttab_entry(h, ref)->flags || g->pins[ref].readers;
	return n;
}

unsigned int host_gnttab_leaks(struct host_guest *g)
{
	unsigned int n = host_gnttab_active(g);

	if (n)
		fprintf(stderr, "# leak: %u grants\n", n);
	return n;
}

bool host_gnttab_uses(struct host_guest *g, xen_pfn_t gfn)
{
	grant_ref_t ref;

	for (ref = 0; ref < HOST_NR_REFS(g->nr_grant_frames); ref++) {
		const struct grant_entry_v1 *e = host_gnttab_entry(g, ref);

		if ((g->pins[ref].readers && g->pins[ref].gfn == gfn) ||
		    ((e->flags & GTF_type_mask) == GTF_permit_access &&
		     e->frame == gfn))
			return true;
	}
	return false;
}

long host_gnttab_op(struct host_guest *g, unsigned int cmd, void *arg,
		    unsigned int count)
{
	struct gnttab_query_size *size = arg;
	struct gnttab_get_version *version = arg;

	switch (cmd) {
	case GNTTABOP_query_size:
		if (count != 1)
			return -EINVAL;
		size->status = size->dom == DOMID_SELF ? GNTST_okay :
							 GNTST_bad_domain;
		size->nr_frames = g->nr_grant_frames;
		size->max_nr_frames = g->cfg.max_grant_frames;
		return 0;
	case GNTTABOP_get_version:
		if (version->dom != DOMID_SELF)
			return -EPERM;
		version->version = g->cfg.gnttab_version;
		return 0;
	default:
		return -ENOSYS;
	}
}

/* ---- the other end ---- */

static void *pin(struct host_guest *g, domid_t dom, grant_ref_t ref,
		 bool write)
{
	struct grant_entry_v1 *e = host_gnttab_entry(g, ref);
	struct host_pin *p;
	uint16_t flags, set;
	void *page;

	if (!e)
		return NULL;
	p = &g->pins[ref];
	flags = __atomic_load_n(&e->flags, __ATOMIC_SEQ_CST);
	set = GTF_reading | (write ? GTF_writing : 0);
	do {
		if ((flags & GTF_type_mask) != GTF_permit_access ||
		    e->domid != dom || (write && flags & GTF_readonly))
			return NULL;
	} while (!__atomic_compare_exchange_n(&e->flags, &flags, flags | set,
					      false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	page = host_ram(g, e->frame);
	if (!page) {
		if (!p->readers)
			__atomic_fetch_and(&e->flags, ~set, __ATOMIC_SEQ_CST);
		return NULL;
	}
	p->gfn = e->frame;
	p->readers++;
	p->writers += write;
	return page;
}

static void unpin(struct host_guest *g, grant_ref_t ref, bool write)
{
	struct grant_entry_v1 *e = host_gnttab_entry(g, ref);
	struct host_pin *p = &g->pins[ref];
	uint16_t clear = 0;

	if (!p->readers || (write && !p->writers))
		host_bug("grant %u unmapped that was not mapped", ref);
	p->writers -= write;
	if (!--p->readers)
		clear |= GTF_reading;
	if (!p->writers)
		clear |= GTF_writing;
	__atomic_fetch_and(&e->flags, ~clear, __ATOMIC_SEQ_CST);
}

void *host_gnttab_map(struct host_guest *g, domid_t dom, grant_ref_t ref,
		      bool write)
{
	void *page;

	host_lock();
	page = pin(g, dom, ref, write);
	host_unlock();
	return page;
}

void host_gnttab_unmap(struct host_guest *g, grant_ref_t ref, bool write)
{
	host_lock();
	unpin(g, ref, write);
	host_unlock();
}

static int copy(struct host_guest *g, domid_t dom, grant_ref_t ref,
		unsigned int offset, void *buf, unsigned int len, bool write)
{
	uint8_t *page;

	if (offset > XN_PAGE_SIZE || len > XN_PAGE_SIZE - offset)
		return -EINVAL;
	page = host_gnttab_map(g, dom, ref, write);
	if (!page)
		return -EACCES;
	if (write)
		memcpy(page + offset, buf, len);
	else
		memcpy(buf, page + offset, len);
	host_gnttab_unmap(g, ref, write);
	return 0;
}

int host_gnttab_read(struct host_guest *g, domid_t dom, grant_ref_t ref,
		     unsigned int offset, void *to, unsigned int len)
{
	return copy(g, dom, ref, offset, to, len, false);
}

int host_gnttab_write(struct host_guest *g, domid_t dom, grant_ref_t ref,
		      unsigned int offset, const void *from, unsigned int len)
{
	return copy(g, dom, ref, offset, (void *)from, len, true);
}
