// SPDX-License-Identifier: MIT
/*
 * Copies by Xen to and from granted pages: GNTTABOP_copy
 * (xen-public/grant_table.h). Called by backends, and by tests of grants to
 * oneself.
 */
#include <xenion/grant.h>

/* Saturate, do not truncate: Xen rejects 0xffff, but might accept less. */
static uint16_t copy_fit(unsigned int n)
{
	return n < 0xffff ? n : 0xffff;
}

static void fill_in(struct gnttab_copy *op, struct gnttab_copy_ptr *granted,
		    struct gnttab_copy_ptr *ours, domid_t domid,
		    grant_ref_t ref, unsigned int offset, const void *va,
		    unsigned int len)
{
	granted->u.ref = ref;
	granted->domid = domid;
	granted->offset = copy_fit(offset);
	ours->u.gmfn = xn_os_gfn(va);
	ours->domid = DOMID_SELF;
	ours->offset = (uintptr_t)va % XN_PAGE_SIZE;
	op->len = copy_fit(len);
}

void xn_gntcopy_from(struct gnttab_copy *op, domid_t domid, grant_ref_t ref,
		     unsigned int offset, void *va, unsigned int len)
{
	memset(op, 0, sizeof(*op));
	fill_in(op, &op->source, &op->dest, domid, ref, offset, va, len);
	op->flags = GNTCOPY_source_gref;
}

void xn_gntcopy_to(struct gnttab_copy *op, domid_t domid, grant_ref_t ref,
		   unsigned int offset, const void *va, unsigned int len)
{
	memset(op, 0, sizeof(*op));
	fill_in(op, &op->dest, &op->source, domid, ref, offset, va, len);
	op->flags = GNTCOPY_dest_gref;
}

int xn_gnttab_copy(struct gnttab_copy *op, unsigned int n)
{
	unsigned int i;
	long err;

	if (!n)
		return 0;
	/* Operations that Xen does not reach have failed. */
	for (i = 0; i < n; i++)
		op[i].status = GNTST_general_error;
	err = xn_hc_grant_table(GNTTABOP_copy, op, n);
	for (i = 0; !err && i < n; i++)
		err = xn_gntst_errno(op[i].status);
	return err > 0 ? -EIO : err;
}
