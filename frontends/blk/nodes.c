// SPDX-License-Identifier: MIT
/*
 * The xenstore nodes of the block frontend (xen-public/io/blkif.h, "Feature and
 * Parameter Negotiation"): what the backend offers, checked, and what we
 * publish. Called by life.c. All may sleep.
 */
#include "blk.h"

#include <xen-public/io/protocols.h>

#define XN_BLK_MAX_UINT		0xffffffffu
#define XN_BLK_MAX_SECTORS	(1ull << 54)	/* 2^63 bytes */

/* ---- what the backend offers ---- */

static const struct xn_node node_ring_order = {
	.name = "max-ring-page-order", .max = XN_BLK_MAX_UINT,
	.should = "a number",
}, node_queues = {
	.name = "multi-queue-max-queues", .max = XN_BLK_MAX_UINT,
	.should = "a number",
}, node_sector_size = {
	.name = "sector-size", .min = 512, .max = XN_PAGE_SIZE,
	.should = "a power of 2 from 512 to 4096",
}, node_physical_sector_size = {
	.name = "physical-sector-size", .max = 1u << 30,
	.should = "a power of 2, and not below sector-size",
}, node_info = {
	.name = "info", .max = XN_BLK_MAX_UINT, .should = "a number",
}, node_sectors = {
	.name = "sectors", .max = XN_BLK_MAX_SECTORS,
	.should = "a number of 512-byte sectors, a multiple of sector-size",
}, node_indirect = {
	.name = "feature-max-indirect-segments", .max = XN_BLK_MAX_UINT,
	.should = "a number",
};

static bool size_is_power_of_2(uint64_t v)
{
	return v && !(v & (v - 1));
}

static bool size_is_whole(const struct xn_blk *blk, uint64_t sectors)
{
	return !(sectors % (blk->info.sector_size >> XN_BLK_SECTOR_SHIFT));
}

static int read_sector_sizes(struct xn_blk *blk)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t val = 0;
	int err;

	err = xn_node_required(&blk->fe, &node_sector_size, &val);
	if (err)
		return err;
	if (!size_is_power_of_2(val))
		return xn_node_fail(&blk->fe, -EINVAL, &node_sector_size);
	info->sector_size = val;

	err = xn_node_optional(&blk->fe, &node_physical_sector_size, &val);
	if (err)
		return err;
	if (!size_is_power_of_2(val) || val < info->sector_size)
		return xn_node_fail(&blk->fe, -EINVAL,
				    &node_physical_sector_size);
	info->physical_sector_size = val;
	return 0;
}

static int read_geometry(struct xn_blk *blk)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t val = 0;
	int err;

	err = read_sector_sizes(blk);
	if (!err)
		err = xn_node_required(&blk->fe, &node_info, &val);
	if (err)
		return err;
	info->cdrom = val & VDISK_CDROM;
	info->removable = val & VDISK_REMOVABLE;
	info->readonly = val & VDISK_READONLY;

	err = xn_node_required(&blk->fe, &node_sectors, &info->sectors);
	if (!err && !size_is_whole(blk, info->sectors))
		err = xn_node_fail(&blk->fe, -EINVAL, &node_sectors);
	return err;
}

bool xn_blk_read_size(struct xn_blk *blk)
{
	uint64_t sectors;

	if (xn_frontend_reread(&blk->fe, XN_BLK_MAX_SECTORS, &sectors))
		return false;
	if (!size_is_whole(blk, sectors)) {
		xn_frontend_reread_invalid(&blk->fe);
		return false;
	}
	if (sectors == blk->info.sectors)
		return false;
	blk->info.sectors = sectors;
	return true;
}

/*
 * Block layers want a power of two. They round any other number to something
 * else, down to a sector. Discards smaller than a physical sector free nothing,
 * and are many.
 */
static uint32_t round_granularity(const struct xn_blk_info *info,
				  uint32_t granularity)
{
	granularity &= -granularity;
	return granularity > info->physical_sector_size ? granularity :
	       info->physical_sector_size;
}

/* Read a number that, if it is invalid, only turns a feature off. */
static int read_loosely(struct xn_blk *blk, const char *name, uint64_t *val)
{
	struct xn_device *dev = blk->fe.dev;
	int err = xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->otherend,
				  name, XN_BLK_MAX_UINT, val);

	if (xn_xs_passes(err))
		blk->fe.unread = err;
	return err == -ENOENT ? 0 : err;
}

/*
 * Discard is an optimisation, and real backends write invalid values here:
 * these only turn it off.
 */
static void read_discard(struct xn_blk *blk)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t granularity = info->sector_size, alignment = 0;

	if (!xn_frontend_offers(&blk->fe, "feature-discard"))
		return;
	if (read_loosely(blk, "discard-granularity", &granularity) ||
	    read_loosely(blk, "discard-alignment", &alignment) ||
	    !granularity || granularity % info->sector_size ||
	    alignment >= granularity) {
		if (!blk->fe.unread)
			xn_os_log(XN_WARN,
				  "%s: the backend's discard granularity or alignment is invalid: discard is not used",
				  blk->fe.dev->node);
		return;
	}
	info->discard = true;
	info->discard_granularity = round_granularity(info, granularity);
	info->discard_alignment = alignment % info->discard_granularity;
}

static bool is_persistent(struct xn_blk *blk)
{
	/* An untrusted backend may see only bounce pages. */
	if (!blk->info.trusted)
		return true;
	switch (blk->config.persistent) {
	case XN_BLK_PERSISTENT_NEVER:
		break;
	case XN_BLK_PERSISTENT_AUTO:
		return xn_frontend_offers(&blk->fe, "feature-persistent");
	case XN_BLK_PERSISTENT_ALWAYS:
		return true;
	}
	return false;
}

static int read_features(struct xn_blk *blk)
{
	struct xn_blk_info *info = &blk->info;
	uint64_t indirect = 0;
	int err;

	err = xn_frontend_read_trusted(&blk->fe, blk->config.distrust,
				       &info->trusted);
	if (!err)
		err = xn_node_optional(&blk->fe, &node_indirect, &indirect);
	if (err)
		return err;
	if (indirect > blk->config.max_segments)
		indirect = blk->config.max_segments;
	info->max_segments = BLKIF_MAX_SEGMENTS_PER_REQUEST;
	if (indirect > info->max_segments)
		info->max_segments = indirect;

	info->flush_cache = xn_frontend_offers(&blk->fe, "feature-flush-cache");
	info->flush = info->flush_cache ||
		      xn_frontend_offers(&blk->fe, "feature-barrier");
	info->persistent = is_persistent(blk);
	read_discard(blk);
	return blk->fe.unread;
}

int xn_blk_read_info(struct xn_blk *blk)
{
	int err = read_geometry(blk);

	return err ? err : read_features(blk);
}

int xn_blk_read_transport(struct xn_frontend *fe)
{
	struct xn_blk *blk = xn_container_of(fe, struct xn_blk, fe);
	uint64_t order = 0, queues = 1;
	int err;

	err = xn_node_optional(fe, &node_ring_order, &order);
	if (!err)
		err = xn_node_optional(fe, &node_queues, &queues);
	if (err)
		return err;
	if (order > blk->config.max_ring_order)
		order = blk->config.max_ring_order;
	if (queues > blk->config.max_queues)
		queues = blk->config.max_queues;
	memset(&blk->info, 0, sizeof(blk->info));
	blk->ring_order = order;
	blk->info.nr_queues = queues ? queues : 1;
	return 0;
}

/* ---- what we offer ---- */

static int publish_queue(struct xn_frontend *fe, struct xn_xs *xs,
			 uint32_t txn, const char *dir, unsigned int index)
{
	struct xn_blk *blk = xn_container_of(fe, struct xn_blk, fe);
	const struct xn_blk_queue *q = &blk->queue[index];
	unsigned int i;
	char name[32];
	int err;

	err = xn_xs_write_uint(xs, txn, dir, "event-channel", q->channel.port);
	if (!err && !blk->ring_order)
		return xn_xs_write_uint(xs, txn, dir, "ring-ref",
					q->ring_page[0].ref);
	for (i = 0; !err && i < 1u << blk->ring_order; i++)
		err = xn_xs_write_uint(xs, txn, dir,
				       xn_node_numbered(name, "ring-ref", i),
				       q->ring_page[i].ref);
	return err;
}

int xn_blk_publish(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn)
{
	struct xn_blk *blk = xn_container_of(fe, struct xn_blk, fe);
	const char *dir = fe->dev->node;
	int err;

	err = xn_frontend_publish_queues(fe, xs, txn, blk->info.nr_queues,
					 publish_queue);
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
