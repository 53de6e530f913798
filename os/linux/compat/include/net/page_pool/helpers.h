/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Pools of pages for packets. Before 6.6 all of it was in <net/page_pool.h>.
 *
 * Before 5.14 a page of a pool did not come back from the stack: it had to be taken
 * out of the pool first. There, our pools hold nothing, and their pages are pages.
 */
#ifndef XENION_COMPAT_PAGE_POOL_HELPERS_H
#define XENION_COMPAT_PAGE_POOL_HELPERS_H

#include <xnl_have.h>

#if XNL_HAVE_PAGE_POOL_HELPERS
#include_next <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

#if !XNL_HAVE_SKB_RECYCLE
#include <linux/gfp.h>
#include <linux/mm.h>

static inline struct page_pool *
xnl_page_pool_create(const struct page_pool_params *params)
{
	return NULL;
}

static inline void xnl_page_pool_destroy(struct page_pool *pool)
{
}

static inline struct page *xnl_page_pool_alloc_pages(struct page_pool *pool,
						     gfp_t gfp)
{
	return alloc_page(gfp);
}

static inline void xnl_page_pool_put_full_page(struct page_pool *pool,
					       struct page *page, bool direct)
{
	put_page(page);
}

#define page_pool_create		xnl_page_pool_create
#define page_pool_destroy		xnl_page_pool_destroy
#define page_pool_alloc_pages		xnl_page_pool_alloc_pages
#define page_pool_put_full_page		xnl_page_pool_put_full_page
#endif

#endif /* XENION_COMPAT_PAGE_POOL_HELPERS_H */
