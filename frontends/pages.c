// SPDX-License-Identifier: MIT
/*
 * Pages that stay granted to the backend: rings, and buffers for copied data
 * (xen-public/grant_table.h). Called by the frontends that have a queue.
 */
#include "frontend.h"

int xn_shared_page_grant(struct xn_frontend *fe, bool readonly,
			 struct xn_shared_page *page)
{
	void *va = xn_os_page_alloc();
	int err;

	if (!va)
		return -ENOMEM;
	err = xn_gnttab_grant_page(xn_frontend_gnttab(fe),
				   fe->dev->otherend_id, va, readonly,
				   &page->ref);
	if (err)
		xn_os_page_free(va);
	else
		page->va = va;
	return err;
}

void xn_shared_page_end(struct xn_frontend *fe, struct xn_shared_page *page)
{
	if (page->va)
		xn_gnttab_end_page(xn_frontend_gnttab(fe), page->ref, page->va,
				   xn_os_page_free);
	page->va = NULL;
}
