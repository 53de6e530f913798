// SPDX-License-Identifier: MIT
/*
 * A simulated Xen's grant table operations, GNTTABOP_*
 * (xen-public/grant_table.h), as a guest issues them: the table's size and
 * version, and the use of pages that other guests, or itself, granted to it.
 * Called by xn_hypercall_raw().
 */
#include <stdlib.h>

#include "internal.h"

/* ---- the guest's own table ---- */

static long query_size(struct host_guest *g, struct gnttab_query_size *x,
		       unsigned int count)
{
	if (count != 1)
		return -EINVAL;
	x->status = x->dom == DOMID_SELF ? GNTST_okay : GNTST_bad_domain;
	x->nr_frames = g->nr_grant_frames;
	x->max_nr_frames = g->cfg.max_grant_frames;
	return 0;
}

static long get_version(struct host_guest *g, struct gnttab_get_version *x)
{
	if (x->dom != DOMID_SELF)
		return -EPERM;
	x->version = g->gnttab_version;
	return 0;
}

/* Convert the reserved entries to the other version, and clear the rest. */
static long op_convert(struct host_guest *g, unsigned int version)
{
	struct grant_entry_v1 *v1 = host_grant_frame(g, 0);
	union grant_entry_v2 *v2 = host_grant_frame(g, 0);
	grant_status_t *status = host_status_frame(g, 0);
	struct grant_entry_v1 kept[GNTTAB_NR_RESERVED_ENTRIES] = { 0 };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(kept); i++) {
		unsigned int type = v2[i].hdr.flags & GTF_type_mask;

		if (version == 2) {
			kept[i] = v1[i];
			continue;
		}
		if (type == GTF_transitive ||
		    (type == GTF_permit_access && v2[i].full_page.frame >> 32))
			return -ERANGE;
		if (type != GTF_permit_access)
			continue;
		kept[i].flags = v2[i].hdr.flags | status[i];
		kept[i].domid = v2[i].hdr.domid;
		kept[i].frame = v2[i].full_page.frame;
	}
	memset(v1, 0, g->nr_grant_frames * XN_PAGE_SIZE);
	for (i = 0; i < XN_ARRAY_SIZE(kept); i++) {
		uint16_t use = kept[i].flags & (GTF_reading | GTF_writing);

		if (version == 1) {
			v1[i] = kept[i];
			continue;
		}
		status[i] = use;
		v2[i].hdr.flags = kept[i].flags & ~use;
		v2[i].hdr.domid = kept[i].domid;
		v2[i].full_page.frame = kept[i].frame;
	}
	return 0;
}

static long set_version(struct host_guest *g, struct gnttab_set_version *x)
{
	unsigned int version = x->version, ref;
	long err = 0;

	x->version = g->gnttab_version;
	if (version != 1 && version != 2)
		return -EINVAL;
	if (version > g->cfg.gnttab_max_version)
		return -ENOSYS;
	if (version == g->gnttab_version)
		return 0;
	for (ref = GNTTAB_NR_RESERVED_ENTRIES; ref < host_gnttab_refs(g); ref++)
		if (g->pins[ref].readers)
			return -EBUSY;
	if (version == 2)
		memset(host_status_frame(g, 0), 0,
		       HOST_NR_STATUS(g->cfg.max_grant_frames) * XN_PAGE_SIZE);
	err = op_convert(g, version);
	if (err)
		return err;
	if (version == 1)
		host_hole_drop_status(g);
	g->gnttab_version = version;
	g->nr_status_frames = version == 1 ? 0 :
			      HOST_NR_STATUS(g->nr_grant_frames);
	x->version = version;
	return 0;
}

/* ---- others' grants ---- */

static struct host_map *free_map(struct host_guest *g, grant_handle_t *handle)
{
	for (*handle = 0; *handle < g->cfg.max_maps; ++*handle)
		if (!g->maps[*handle].granter)
			return &g->maps[*handle];
	return NULL;
}

void host_gnttab_maps_drop(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->cfg.max_maps; i++)
		if (g->maps[i].granter)
			host_gnttab_unpin(g->maps[i].granter, g->maps[i].ref,
					  g->maps[i].write);
	memset(g->maps, 0, g->cfg.max_maps * sizeof(*g->maps));
}

unsigned int host_gnttab_maps(const struct host_guest *g)
{
	unsigned int i, n = 0;

	for (i = 0; i < g->cfg.max_maps; i++)
		n += g->maps[i].granter != NULL;
	return n;
}

static int16_t map_one(struct host_guest *g, struct gnttab_map_grant_ref *op)
{
	struct host_guest *granter = host_guest_find(op->dom);
	bool write = !(op->flags & GNTMAP_readonly);
	grant_handle_t handle;
	struct host_map *m;
	struct host_access a;
	int16_t status;

	if (op->flags & ~(GNTMAP_host_map | GNTMAP_readonly))
		return GNTST_general_error;
	if (!(op->flags & GNTMAP_host_map))
		return GNTST_bad_gntref;
	/* Xen does not accept DOMID_SELF here. */
	if (!granter)
		return GNTST_bad_domain;
	m = free_map(g, &handle);
	if (!m)
		return GNTST_no_space;
	status = host_gnttab_pin(granter, g->domid, op->ref, write, true, &a);
	if (status != GNTST_okay)
		return status;
	if (a.owner == g && !g->cfg.maps_own)
		host_bug("own page mapped: it is lost from its frame");
	m->gfn = op->host_addr >> XN_PAGE_SHIFT;
	if (!host_hole_map(g, m->gfn, &a, write)) {
		host_gnttab_unpin(granter, op->ref, write);
		return GNTST_general_error;
	}
	m->granter = granter;
	m->ref = op->ref;
	m->write = write;
	op->handle = handle;
	op->dev_bus_addr = 0xdead000;
	return GNTST_okay;
}

static int16_t unmap_one(struct host_guest *g, struct gnttab_unmap_grant_ref *op)
{
	struct host_map *m;

	if (op->handle >= g->cfg.max_maps)
		return GNTST_bad_handle;
	m = &g->maps[op->handle];
	if (!m->granter)
		return GNTST_bad_handle;
	if (op->dev_bus_addr)
		return GNTST_general_error;
	if (!op->host_addr)
		return GNTST_okay;
	if (op->host_addr >> XN_PAGE_SHIFT != m->gfn)
		return GNTST_general_error;
	host_hole_unmap(g, m->gfn);
	host_gnttab_unpin(m->granter, m->ref, m->write);
	m->granter = NULL;
	return GNTST_okay;
}

/* ---- copies ---- */

/* One side of a copy. Its a.owner is NULL while nothing is pinned. */
struct side {
	struct host_guest *granter;
	grant_ref_t ref;
	bool by_ref, write;
	struct host_access a;
};

static int16_t side_get(struct host_guest *g, const struct gnttab_copy_ptr *ptr,
			bool by_ref, bool write, struct side *s)
{
	*s = (struct side){ .by_ref = by_ref, .write = write };
	s->granter = ptr->domid == DOMID_SELF ? g : host_guest_find(ptr->domid);
	if (!by_ref && ptr->domid != DOMID_SELF)
		return GNTST_permission_denied;
	if (!s->granter)
		return GNTST_bad_domain;
	if (!by_ref) {
		s->a = (struct host_access){
			.gfn = ptr->u.gmfn, .len = XN_PAGE_SIZE,
		};
		if (!host_ram(g, ptr->u.gmfn))
			return GNTST_bad_page;
		s->a.owner = g;
		return GNTST_okay;
	}
	s->ref = ptr->u.ref;
	return host_gnttab_pin(s->granter, g->domid, s->ref, write, false,
			       &s->a);
}

static void side_put(struct side *s)
{
	if (s->by_ref && s->a.owner)
		host_gnttab_unpin(s->granter, s->ref, s->write);
}

static bool op_within(const struct side *s, unsigned int offset,
		      unsigned int len)
{
	return offset >= s->a.offset &&
	       offset + len <= s->a.offset + s->a.len;
}

static int16_t copy_one(struct host_guest *g, const struct gnttab_copy *op)
{
	struct side src = { 0 }, dst = { 0 };
	int16_t status;

	status = side_get(g, &op->source, op->flags & GNTCOPY_source_gref,
			  false, &src);
	if (status == GNTST_okay)
		status = side_get(g, &op->dest, op->flags & GNTCOPY_dest_gref,
				  true, &dst);
	if (status == GNTST_okay) {
		if (op->source.offset + op->len > XN_PAGE_SIZE ||
		    op->dest.offset + op->len > XN_PAGE_SIZE)
			status = GNTST_bad_copy_arg;
		else if (!op_within(&src, op->source.offset, op->len) ||
			 !op_within(&dst, op->dest.offset, op->len))
			status = GNTST_general_error;
		else
			memmove((char *)host_ram(dst.a.owner, dst.a.gfn) +
				op->dest.offset,
				(char *)host_ram(src.a.owner, src.a.gfn) +
				op->source.offset, op->len);
	}
	side_put(&src);
	side_put(&dst);
	return status;
}

/* Does this operation fail on demand? If so, @status is its result. */
static bool op_fails(unsigned int cmd, int16_t *status)
{
	int err;

	if (!host_fault_due(HOST_FAULT_GRANT, __HYPERVISOR_grant_table_op, cmd,
			    &err))
		return false;
	*status = err;
	return true;
}

long host_gnttab_op(struct host_guest *g, unsigned int cmd, void *arg,
		    unsigned int count)
{
	struct gnttab_unmap_grant_ref *unmap = arg;
	struct gnttab_map_grant_ref *map = arg;
	struct gnttab_copy *copy = arg;

	switch (cmd) {
	case GNTTABOP_query_size:
		return query_size(g, arg, count);
	case GNTTABOP_get_version:
		return get_version(g, arg);
	case GNTTABOP_set_version:
		return set_version(g, arg);
	case GNTTABOP_map_grant_ref:
		for (; count; count--, map++)
			if (!op_fails(cmd, &map->status))
				map->status = map_one(g, map);
		return 0;
	case GNTTABOP_unmap_grant_ref:
		for (; count; count--, unmap++)
			if (!op_fails(cmd, &unmap->status))
				unmap->status = unmap_one(g, unmap);
		return 0;
	case GNTTABOP_copy:
		for (; count; count--, copy++)
			if (!op_fails(cmd, &copy->status))
				copy->status = copy_one(g, copy);
		return 0;
	default:
		return -ENOSYS;
	}
}
