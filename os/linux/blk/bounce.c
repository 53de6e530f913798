// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A request's data as a list for the engine (xen-public/io/blkif.h grants whole
 * pages). Called by disk.c for each request.
 *
 * A page of kmalloc()'s is never granted: the backend of a read could write to
 * other objects in it, and a reference to the page does not keep the object while
 * the backend has it mapped. Such data, mostly file systems' metadata, is copied
 * through a page of its own. Where the engine copies all data, there is nothing to
 * do here.
 */
#include <linux/blk-mq.h>
#include <linux/bvec.h>
#include <linux/mempool.h>
#include <linux/mm.h>

#include "blk.h"

int xnl_blk_bounce_init(struct xnl_blk_disk *d)
{
	if (d->now.persistent || d->bounce)
		return 0;
	/* Enough for one request, so that one can proceed without memory. */
	d->bounce = mempool_create_page_pool(d->info.max_segments, 0);
	return d->bounce ? 0 : -ENOMEM;
}

void xnl_blk_bounce_fini(struct xnl_blk_disk *d)
{
	mempool_destroy(d->bounce);
}

/*
 * Only the first of pages that belong together says what they are. Large objects
 * have pages of their own, but no reference keeps these.
 */
static bool bounce_needs(struct page *page)
{
	struct page *head = compound_head(page);

	return PageSlab(head) || PageLargeKmalloc(head);
}

/* Returns the address to give to the engine, or NULL: no memory now. */
static void *bounce_get(struct xnl_blk_disk *d, const struct bio_vec *bv,
			bool write)
{
	struct page *page = mempool_alloc(d->bounce, GFP_NOWAIT | __GFP_NOWARN);
	unsigned int len = write ? bv->bv_len : 0;
	void *va;

	if (!page)
		return NULL;
	va = page_address(page);
	memcpy(va, page_address(bv->bv_page) + bv->bv_offset, len);
	/* The backend sees all of it. */
	memset(va + len, 0, PAGE_SIZE - len);
	return va;
}

static void bounce_put(struct xnl_blk_disk *d, void *va)
{
	struct page *page = virt_to_page(va);

	/* The backend still maps it: it must not be used again. */
	if (unlikely(page_count(page) > 1))
		put_page(page);
	else
		mempool_free(page, d->bounce);
}

unsigned int xnl_blk_map(struct xnl_blk_disk *d, struct request *rq)
{
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int n = 0, bytes = 0;

	/* The queue's limits: at most one page each, and so many of them. */
	rq_for_each_segment(bv, rq, iter) {
		struct xn_sg *sg = &cmd->sg[n];

		if (unlikely(n == d->now.max_segments)) {
			cmd->bytes = bytes;
			break;
		}
		sg->va = page_address(bv.bv_page) + bv.bv_offset;
		sg->len = bv.bv_len;
		if (unlikely(bounce_needs(bv.bv_page)) && !d->now.persistent) {
			sg->va = bounce_get(d, &bv, rq_data_dir(rq));
			if (!sg->va)
				goto undo;
			cmd->nr_bounced++;
		}
		bytes += bv.bv_len;
		n++;
	}
	return n;
undo:
	xnl_blk_unmap(d, rq, false);
	return 0;
}

void xnl_blk_unmap(struct xnl_blk_disk *d, struct request *rq, bool copy)
{
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int n = 0;

	rq_for_each_segment(bv, rq, iter) {
		void *va = page_address(bv.bv_page) + bv.bv_offset;
		struct xn_sg *sg = &cmd->sg[n++];

		if (!cmd->nr_bounced)
			return;
		if (sg->va == va)
			continue;
		if (copy)
			memcpy(va, sg->va, sg->len);
		bounce_put(d, sg->va);
		cmd->nr_bounced--;
	}
}
