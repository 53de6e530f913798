// SPDX-License-Identifier: MIT
/*
 * Maps pages of other domains: GNTTABOP_map_grant_ref and
 * GNTTABOP_unmap_grant_ref (xen-public/grant_table.h). Called by backends, and
 * by tests of grants to oneself.
 *
 * Xen identifies each mapping by a handle. We keep one per slot, do not
 * interpret it, and only pass it back to Xen.
 */
#include <xenion/grant.h>

/* Pages per hypercall; the operations are on the stack. */
#define BATCH	16u

/* These are no handles: Xen itself uses the highest number for "none". */
#define FREE	(~(grant_handle_t)0)
#define LOST	(FREE - 1)	/* a page is there, but no handle for it */

/* A request's result while its operation is under way. */
#define PENDING	1

/* Find out whose pages cannot be mapped. */
static int map_refuse(struct xn_gntmap *m)
{
	m->refused = DOMID_INVALID;
	return xn_frame_ops->own_moves ? xn_domid(&m->refused) : 0;
}

static void slots_empty(struct xn_gntmap *m, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		m->handle[i] = FREE;
}

int xn_gntmap_init(struct xn_gntmap *m, unsigned int count)
{
	int err;

	memset(m, 0, sizeof(*m));
	if (!count || count > XN_GNTMAP_MAX)
		return -EINVAL;
	err = map_refuse(m);
	if (err)
		return err;
	m->handle = xn_os_page_alloc();
	if (!m->handle)
		return -ENOMEM;
	slots_empty(m, count);
	err = xn_physmap_init(&m->room, XN_MAPSPACE_GRANTED, count);
	if (err) {
		xn_os_page_free(m->handle);
		m->handle = NULL;
	}
	return err;
}

void xn_gntmap_fini(struct xn_gntmap *m)
{
	struct xn_gntmap_req req;

	if (!m->handle)
		return;
	for (req.slot = 0; req.slot < m->room.count; req.slot++) {
		(void)xn_gntmap_unmap(m, &req, 1);
		m->room.stuck += m->handle[req.slot] != FREE;
	}
	xn_physmap_fini(&m->room);
	xn_os_page_free(m->handle);
	m->handle = NULL;
}

int xn_gntmap_resume(struct xn_gntmap *m)
{
	slots_empty(m, m->room.count);
	return map_refuse(m);
}

/* ---- mapping ---- */

/* Returns: PENDING, or the result of a request that Xen need not see. */
static int map_begin(struct xn_gntmap *m, const struct xn_gntmap_req *req,
		     struct gnttab_map_grant_ref *op)
{
	if (req->slot >= m->room.count)
		return -EINVAL;
	if (m->handle[req->slot] != FREE)
		return -EBUSY;
	if (req->domid == m->refused)
		return -EOPNOTSUPP;
	/* Mark the slot, in case this batch names it again. */
	m->handle[req->slot] = LOST;
	memset(op, 0, sizeof(*op));
	op->host_addr = xn_physmap_grant_addr(&m->room, req->slot);
	op->flags = GNTMAP_host_map | (req->readonly ? GNTMAP_readonly : 0);
	op->ref = req->ref;
	op->dom = req->domid;
	/* Operations that Xen does not reach have failed. */
	op->status = GNTST_general_error;
	op->handle = FREE;
	return PENDING;
}

static int map_end(grant_handle_t *handle,
		   const struct gnttab_map_grant_ref *op, long err)
{
	if (op->status != GNTST_okay) {
		*handle = FREE;
		return err < 0 ? err : xn_gntst_errno(op->status);
	}
	/* Mapped, but without a valid handle it cannot be unmapped. */
	if (op->handle >= LOST)
		return -EIO;
	*handle = op->handle;
	return 0;
}

static int map_batch(struct xn_gntmap *m, struct xn_gntmap_req *req,
		     unsigned int n)
{
	struct gnttab_map_grant_ref ops[BATCH], *op = ops;
	unsigned int i;
	int first = 0;
	long err = 0;

	for (i = 0; i < n; i++) {
		req[i].err = map_begin(m, &req[i], op);
		op += req[i].err == PENDING;
	}
	if (op > ops)
		err = xn_hc_grant_table(GNTTABOP_map_grant_ref, ops, op - ops);
	op = ops;
	for (i = 0; i < n; i++) {
		if (req[i].err == PENDING)
			req[i].err = map_end(&m->handle[req[i].slot], op++,
					     err);
		if (!first)
			first = req[i].err;
	}
	return first;
}

int xn_gntmap_map(struct xn_gntmap *m, struct xn_gntmap_req *req,
		  unsigned int n)
{
	int first = 0, err;
	unsigned int k;

	for (; n; req += k, n -= k) {
		k = n < BATCH ? n : BATCH;
		err = map_batch(m, req, k);
		if (!first)
			first = err;
	}
	return first;
}

/* ---- unmapping ---- */

static int unmap_begin(struct xn_gntmap *m, const struct xn_gntmap_req *req,
		       struct gnttab_unmap_grant_ref *op)
{
	if (req->slot >= m->room.count)
		return -EINVAL;
	if (m->handle[req->slot] == FREE)
		return 0;
	if (m->handle[req->slot] == LOST)
		return -EBUSY;
	memset(op, 0, sizeof(*op));
	op->host_addr = xn_physmap_grant_addr(&m->room, req->slot);
	op->handle = m->handle[req->slot];
	op->status = GNTST_general_error;
	return PENDING;
}

static int unmap_end(grant_handle_t *handle,
		     const struct gnttab_unmap_grant_ref *op, long err)
{
	if (op->status == GNTST_okay) {
		*handle = FREE;
		return 0;
	}
	return err < 0 ? err : xn_gntst_errno(op->status);
}

static int unmap_batch(struct xn_gntmap *m, struct xn_gntmap_req *req,
		       unsigned int n)
{
	struct gnttab_unmap_grant_ref ops[BATCH], *op = ops;
	unsigned int i;
	int first = 0;
	long err = 0;

	for (i = 0; i < n; i++) {
		req[i].err = unmap_begin(m, &req[i], op);
		op += req[i].err == PENDING;
	}
	if (op > ops)
		err = xn_hc_grant_table(GNTTABOP_unmap_grant_ref, ops,
					op - ops);
	op = ops;
	for (i = 0; i < n; i++) {
		if (req[i].err == PENDING)
			req[i].err = unmap_end(&m->handle[req[i].slot], op++,
					       err);
		if (!first)
			first = req[i].err;
	}
	return first;
}

int xn_gntmap_unmap(struct xn_gntmap *m, struct xn_gntmap_req *req,
		    unsigned int n)
{
	int first = 0, err;
	unsigned int k;

	for (; n; req += k, n -= k) {
		k = n < BATCH ? n : BATCH;
		err = unmap_batch(m, req, k);
		if (!first)
			first = err;
	}
	return first;
}
