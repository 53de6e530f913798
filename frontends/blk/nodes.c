// SPDX-License-Identifier: MIT
/*
 * The xenstore nodes of the block frontend (xen-public/io/blkif.h, "Feature and
 * Parameter Negotiation"): what the backend offers, checked, and what we tell
 * it. Called by life.c. All may sleep.
 */
#include "blk.h"

#include <xen-public/io/protocols.h>

#define XN_BLK_MAX_UINT		0xffffffffu
#define XN_BLK_MAX_SECTORS	(1ull << 54)	/* 2^63 bytes */

/* ---- what the backend offers ---- */

/* A node that must be there. */
static int required(struct xn_blk *blk, const char *node, uint64_t max,
		    uint64_t *val)
{
	struct xn_device *dev = blk->dev;

	return xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->otherend,
			       node, max, val);
}

/* A node that may be absent; then @val keeps what it is. */
static int optional(struct xn_blk *blk, const char *node, uint64_t max,
		    uint64_t *val)
{
	int err = required(blk, node, max, val);

	return err == -ENOENT ? 0 : err;
}

static bool feature(struct xn_blk *blk, const char *node)
{
	return xn_xs_feature(&blk->dev->guest->xs, blk->dev->otherend, node);
}

static bool power_of_2(uint64_t v)
{
	return v && !(v & (v - 1));
}

int xn_blk_read_sectors(struct xn_blk *blk, uint64_t *sectors)
{
	int err;

	err = required(blk, "sectors", XN_BLK_MAX_SECTORS,
		       sectors);
	if (!err && *sectors % (blk->info.sector_size >> XN_BLK_SECTOR_SHIFT))
		err = -EINVAL;
	return err;
}

/* Returns: what is wrong, or NULL. */
static const char *read_geometry(struct xn_blk *blk, int *err)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t val;

	*err = required(blk, "sector-size", XN_PAGE_SIZE, &val);
	if (!*err && (!power_of_2(val) || val < 512))
		*err = -EINVAL;
	if (*err)
		return "reading the backend's sector-size, a power of 2 from 512 to 4096";
	info->sector_size = val;

	*err = optional(blk, "physical-sector-size", 1u << 30, &val);
	if (!*err && (!power_of_2(val) || val < info->sector_size))
		*err = -EINVAL;
	if (*err)
		return "reading the backend's physical-sector-size, a power of 2 from its sector-size on";
	info->physical_sector_size = val;

	*err = required(blk, "info", XN_BLK_MAX_UINT, &val);
	if (*err)
		return "reading the backend's info";
	info->cdrom = val & VDISK_CDROM;
	info->removable = val & VDISK_REMOVABLE;
	info->readonly = val & VDISK_READONLY;

	*err = xn_blk_read_sectors(blk, &info->sectors);
	if (*err)
		return "reading the backend's sectors, a multiple of its sector-size";
	return NULL;
}

/*
 * Block layers want a power of two: what is no multiple of it they round to
 * anything, down to a sector. Pieces smaller than a physical sector give nothing
 * back, and are many.
 */
static uint32_t round_granularity(const struct xn_blk_info *info,
				  uint32_t granularity)
{
	granularity &= -granularity;
	return granularity > info->physical_sector_size ? granularity :
	       info->physical_sector_size;
}

/*
 * Discard is an optimisation, and real backends write odd values here: those
 * only turn it off.
 */
static void read_discard(struct xn_blk *blk)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t granularity = info->sector_size, alignment = 0;

	if (!feature(blk, "feature-discard"))
		return;
	if (optional(blk, "discard-granularity", XN_BLK_MAX_UINT, &granularity) ||
	    optional(blk, "discard-alignment", XN_BLK_MAX_UINT, &alignment) ||
	    !granularity || granularity % info->sector_size ||
	    alignment >= granularity) {
		xn_os_log(XN_WARN, "%s: discard granularity or alignment of the backend cannot be: not used",
			  blk->dev->node);
		return;
	}
	info->discard = true;
	info->discard_granularity = round_granularity(info, granularity);
	info->discard_alignment = alignment % info->discard_granularity;
}

static const char *read_features(struct xn_blk *blk, int *err)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t indirect = 0, trusted = 1;

	/* The toolstack's word, not the backend's. */
	*err = xn_xs_read_uint(&blk->dev->guest->xs, XN_XS_NOTXN,
			       blk->dev->node, "trusted", 1, &trusted);
	if (*err && *err != -ENOENT)
		return "reading the node trusted, 0 or 1";
	info->trusted = trusted && !blk->config.distrust;

	*err = optional(blk, "feature-max-indirect-segments", XN_BLK_MAX_UINT,
			&indirect);
	if (*err)
		return "reading the backend's feature-max-indirect-segments";
	if (indirect > blk->config.max_segments)
		indirect = blk->config.max_segments;
	info->max_segments = BLKIF_MAX_SEGMENTS_PER_REQUEST;
	if (indirect > info->max_segments)
		info->max_segments = indirect;

	info->flush_cache = feature(blk, "feature-flush-cache");
	info->flush = info->flush_cache || feature(blk, "feature-barrier");
	switch (blk->config.persistent) {
	case XN_BLK_PERSISTENT_NEVER:
		break;
	case XN_BLK_PERSISTENT_AUTO:
		info->persistent = feature(blk, "feature-persistent");
		break;
	case XN_BLK_PERSISTENT_ALWAYS:
		info->persistent = true;
		break;
	}
	if (!info->trusted)
		info->persistent = true;
	read_discard(blk);
	return NULL;
}

const char *xn_blk_read_info(struct xn_blk *blk, int *err)
{
	const char *what = read_geometry(blk, err);

	return what ? what : read_features(blk, err);
}

const char *xn_blk_read_transport(struct xn_blk *blk, int *err)
{
	uint64_t order = 0, queues = 1;

	*err = optional(blk, "max-ring-page-order", XN_BLK_MAX_UINT, &order);
	if (*err)
		return "reading the backend's max-ring-page-order";
	*err = optional(blk, "multi-queue-max-queues", XN_BLK_MAX_UINT, &queues);
	if (*err)
		return "reading the backend's multi-queue-max-queues";
	if (order > blk->config.max_ring_order)
		order = blk->config.max_ring_order;
	if (queues > blk->config.max_queues)
		queues = blk->config.max_queues;
	memset(&blk->info, 0, sizeof(blk->info));
	blk->ring_order = order;
	blk->info.nr_queues = queues ? queues : 1;
	return NULL;
}

/* ---- what we offer ---- */

/* "ring-ref" and 3 make "ring-ref3". */
static const char *numbered(char *buf, const char *stem, unsigned int n)
{
	uint32_t len = strlen(stem);

	memcpy(buf, stem, len);
	xn_format_uint(buf + len, n);
	return buf;
}

static int publish_queue(struct xn_xs *xs, uint32_t txn, const char *dir,
			 struct xn_blk_queue *q)
{
	unsigned int i;
	char name[32];
	int err;

	err = xn_xs_write_uint(xs, txn, dir, "event-channel", q->evtchn);
	if (err)
		return err;
	if (!q->blk->ring_order)
		return xn_xs_write_uint(xs, txn, dir, "ring-ref",
					q->ring_ref[0]);
	for (i = 0; i < 1u << q->blk->ring_order; i++) {
		err = xn_xs_write_uint(xs, txn, dir,
				       numbered(name, "ring-ref", i),
				       q->ring_ref[i]);
		if (err)
			return err;
	}
	return 0;
}

static int publish_queues(struct xn_xs *xs, uint32_t txn, struct xn_blk *blk)
{
	const char *dir = blk->dev->node;
	char sub[XN_XS_PATH_MAX], name[32];
	unsigned int i;
	int err;

	if (blk->info.nr_queues == 1)
		return publish_queue(xs, txn, dir, &blk->queue[0]);

	err = xn_xs_write_uint(xs, txn, dir, "multi-queue-num-queues",
			       blk->info.nr_queues);
	for (i = 0; !err && i < blk->info.nr_queues; i++) {
		err = xn_path_join(sub, dir, numbered(name, "queue-", i));
		if (!err)
			err = publish_queue(xs, txn, sub, &blk->queue[i]);
	}
	return err;
}

static int publish_nodes(struct xn_xs *xs, uint32_t txn, void *data)
{
	struct xn_blk *blk = data;
	const char *dir = blk->dev->node;
	int err;

	err = publish_queues(xs, txn, blk);
	if (!err && blk->ring_order)
		err = xn_xs_write_uint(xs, txn, dir, "ring-page-order",
				       blk->ring_order);
	if (!err)
		err = xn_xs_write(xs, txn, dir, "protocol",
				  XEN_IO_PROTO_ABI_NATIVE);
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "feature-persistent",
				       blk->config.persistent !=
				       XN_BLK_PERSISTENT_NEVER);
	return err;
}

int xn_blk_publish(struct xn_blk *blk)
{
	/* Of blkif.h, and of the drivers before it: num-ring-pages. */
	static const char *const earlier[] = {
		"ring-ref", "ring-page-order", "num-ring-pages",
		"event-channel", "multi-queue-num-queues", "queue-", "feature-",
	};

	return xn_device_publish(blk->dev, earlier, XN_ARRAY_SIZE(earlier),
				 publish_nodes, blk);
}
