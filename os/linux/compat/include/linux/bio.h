/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A bio is made for a device and an operation. */
#ifndef XENION_COMPAT_BIO_H
#define XENION_COMPAT_BIO_H

#include_next <linux/bio.h>

#include <xnl_have.h>

#if !XNL_HAVE_BIO_ALLOC_BDEV
#include <linux/blkdev.h>

static inline struct bio *xnl_bio_alloc(struct block_device *bdev,
					unsigned short nr, unsigned int opf,
					gfp_t gfp)
{
	struct bio *bio = bio_alloc(gfp, nr);

	if (bio) {
		bio_set_dev(bio, bdev);
		bio->bi_opf = opf;
	}
	return bio;
}

#define bio_alloc xnl_bio_alloc
#endif

#endif /* XENION_COMPAT_BIO_H */
