// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * IOCTL_GNTDEV_GRANT_COPY of /dev/xen/gntdev (xen-public/sys/gntdev.h): Xen copies
 * between a program's memory and granted pages, or between two of these. Each segment
 * gets a result of its own, GNTST_*.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "dev.h"
#include <xen-public/sys/gntdev.h>

/* Segments per hypercall. One with memory of the program's is in two pages at most. */
#define BATCH		8u
#define MAX_PARTS	2u

#define GREFS		(GNTCOPY_source_gref | GNTCOPY_dest_gref)

struct gntcopy_batch {
	unsigned int nr_ops;
	struct ioctl_gntdev_grant_copy_segment seg[BATCH];
	unsigned int nr_parts[BATCH];
	struct page *page[BATCH * MAX_PARTS];	/* of each operation, or NULL */
	bool writes[BATCH * MAX_PARTS];
	struct gnttab_copy op[BATCH * MAX_PARTS];
};

/* Both sides are grants. */
static int segment_granted(struct gntcopy_batch *b,
			   const struct ioctl_gntdev_grant_copy_segment *s)
{
	struct gnttab_copy *op = &b->op[b->nr_ops];

	memset(op, 0, sizeof(*op));
	op->source.u.ref = s->source.foreign.ref;
	op->source.offset = s->source.foreign.offset;
	op->source.domid = s->source.foreign.domid;
	op->dest.u.ref = s->dest.foreign.ref;
	op->dest.offset = s->dest.foreign.offset;
	op->dest.domid = s->dest.foreign.domid;
	op->len = s->len;
	op->flags = GREFS;
	b->page[b->nr_ops++] = NULL;
	return 1;
}

static void part_fill_in(struct gnttab_copy *op,
			 const struct ioctl_gntdev_grant_copy_segment *s,
			 unsigned int done, void *va, unsigned int len)
{
	if (s->flags & GNTCOPY_source_gref)
		xn_gntcopy_from(op, s->source.foreign.domid,
				s->source.foreign.ref,
				s->source.foreign.offset + done, va, len);
	else
		xn_gntcopy_to(op, s->dest.foreign.domid, s->dest.foreign.ref,
			      s->dest.foreign.offset + done, va, len);
}

/* One side is the program's memory, at @at. Returns: how many operations, or an error */
static int segment_local(struct gntcopy_batch *b,
			 const struct ioctl_gntdev_grant_copy_segment *s,
			 unsigned long at, bool write)
{
	unsigned int offset = offset_in_page(at), done = 0, n, i;
	unsigned int nr = DIV_ROUND_UP(offset + s->len, PAGE_SIZE);
	struct page **page = &b->page[b->nr_ops];
	int got = pin_user_pages_fast(at & PAGE_MASK, nr,
				      write ? FOLL_WRITE : 0, page);

	if (got != (int)nr) {
		if (got > 0)
			unpin_user_pages(page, got);
		return -EFAULT;
	}
	for (i = 0; i < nr; i++) {
		n = min_t(unsigned int, s->len - done, PAGE_SIZE - offset);
		part_fill_in(&b->op[b->nr_ops], s, done,
			     page_address(page[i]) + offset, n);
		b->writes[b->nr_ops++] = write;
		done += n;
		offset = 0;
	}
	return nr;
}

static bool segment_is_beyond(unsigned int offset, unsigned int len)
{
	return offset + len > XN_PAGE_SIZE;
}

/* Returns: how many operations it makes, or an error */
static int segment_begin(struct gntcopy_batch *b,
			 const struct ioctl_gntdev_grant_copy_segment *s,
			 bool compat)
{
	bool from = s->flags & GNTCOPY_source_gref;
	bool to = s->flags & GNTCOPY_dest_gref;
	unsigned long at = (unsigned long)(to ? s->source.virt : s->dest.virt);

	if (!(from || to) || s->flags & ~GREFS)
		return -EINVAL;
	if ((from && segment_is_beyond(s->source.foreign.offset, s->len)) ||
	    (to && segment_is_beyond(s->dest.foreign.offset, s->len)))
		return -EINVAL;
	if (!s->len)
		return 0;
	if (from && to)
		return segment_granted(b, s);
	/* The other half of the word is not that program's. */
	return segment_local(b, s, compat ? (u32)at : at, !to);
}

static int batch_begin(struct gntcopy_batch *b, unsigned int n, bool compat)
{
	unsigned int i;
	int ret;

	b->nr_ops = 0;
	for (i = 0; i < n; i++) {
		ret = segment_begin(b, &b->seg[i], compat);
		if (ret < 0)
			return ret;
		b->nr_parts[i] = ret;
	}
	return 0;
}

static void batch_end(struct gntcopy_batch *b)
{
	unsigned int i;

	for (i = 0; i < b->nr_ops; i++)
		if (b->page[i])
			unpin_user_pages_dirty_lock(&b->page[i], 1, b->writes[i]);
}

/* The first error of each segment's operations. */
static int batch_tell(const struct gntcopy_batch *b, unsigned int n,
		      struct ioctl_gntdev_grant_copy_segment __user *to)
{
	const struct gnttab_copy *op = b->op;
	unsigned int i, k;
	s16 status;

	for (i = 0; i < n; i++) {
		status = GNTST_okay;
		for (k = 0; k < b->nr_parts[i]; k++, op++)
			if (status == GNTST_okay)
				status = op->status;
		if (put_user(status, &to[i].status))
			return -EFAULT;
	}
	return 0;
}

static int batch_do(struct gntcopy_batch *b,
		    struct ioctl_gntdev_grant_copy_segment __user *seg,
		    unsigned int n, bool compat)
{
	int err;

	if (copy_from_user(b->seg, seg, n * sizeof(*seg)))
		return -EFAULT;
	err = batch_begin(b, n, compat);
	if (!err)
		(void)xn_gnttab_copy(b->op, b->nr_ops);
	batch_end(b);
	return err ?: batch_tell(b, n, seg);
}

static int gntcopy_do(struct ioctl_gntdev_grant_copy_segment __user *seg,
		      unsigned int count, bool compat)
{
	struct gntcopy_batch *b = kmalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	int err = b ? 0 : -ENOMEM;

	while (!err && count) {
		unsigned int n = min(count, BATCH);

		if (fatal_signal_pending(current))
			err = -EINTR;
		else
			err = batch_do(b, seg, n, compat);
		seg += n;
		count -= n;
		cond_resched();
	}
	kfree(b);
	return err;
}

static int head_get(struct ioctl_gntdev_grant_copy *a, void __user *arg, bool compat)
{
	struct {
		u32 count, segments;
	} a32;

	if (!compat)
		return copy_from_user(a, arg, sizeof(*a)) ? -EFAULT : 0;
	if (copy_from_user(&a32, arg, sizeof(a32)))
		return -EFAULT;
	a->count = a32.count;
	/* They have the same size, with the same in the same places. */
	a->segments = (void *)(uintptr_t)a32.segments;
	return 0;
}

int xdev_gntcopy(void __user *arg, bool compat)
{
	struct ioctl_gntdev_grant_copy a;
	int err = head_get(&a, arg, compat);

	if (err)
		return err;
	return gntcopy_do((void __user *)(uintptr_t)a.segments, a.count, compat);
}
