// SPDX-License-Identifier: MIT
/*
 * Reads and writes any bytes of a disk by requests of whole sectors, for file
 * systems and partition tables from elsewhere. Called by the OS layer, whose
 * function makes the requests. Not part of Xen's ABI.
 */
#include "blk.h"

/* At most one page of the disk, and the part of it that is asked for. */
struct stretch {
	uint64_t start;		/* on the disk, a whole sector */
	uint32_t size;		/* whole sectors */
	uint32_t skip, len;	/* the part */
};

static struct stretch stretch_next(uint32_t sector, uint64_t offset,
				   uint32_t len)
{
	struct stretch s = { .skip = offset % sector };

	s.start = offset - s.skip;
	s.len = XN_PAGE_SIZE - s.skip;
	if (s.len > len)
		s.len = len;
	s.size = (s.skip + s.len + sector - 1) / sector * sector;
	return s;
}

int xn_blk_bytes(const struct xn_blk *blk, const struct xn_blk_bytes *b)
{
	uint64_t size = blk->info.sectors << XN_BLK_SECTOR_SHIFT;
	bool write = b->op == XN_BLK_WRITE || b->op == XN_BLK_WRITE_FUA;
	uint64_t offset = b->offset;
	uint32_t left = b->len;
	char *buf = b->buf;
	int err = 0;

	if ((!write && b->op != XN_BLK_READ) || offset > size ||
	    left > size - offset)
		return -EINVAL;
	while (left && !err) {
		struct stretch s = stretch_next(blk->info.sector_size, offset,
						left);
		uint64_t sector = s.start >> XN_BLK_SECTOR_SHIFT;
		char *part = (char *)b->page + s.skip;

		if (!write || s.len != s.size)
			err = b->io(b->data, XN_BLK_READ, sector, b->page,
				    s.size);
		if (!err && write) {
			memcpy(part, buf, s.len);
			err = b->io(b->data, b->op, sector, b->page, s.size);
		} else if (!err) {
			memcpy(buf, part, s.len);
		}
		buf += s.len;
		offset += s.len;
		left -= s.len;
	}
	return err;
}
