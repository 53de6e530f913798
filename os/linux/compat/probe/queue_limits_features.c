// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.11: a queue's limits are all in one structure, given when it is made. */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set);

struct gendisk *probe(struct blk_mq_tag_set *set)
{
	struct queue_limits lim = { .features = BLK_FEAT_WRITE_CACHE };

	return blk_mq_alloc_disk(set, &lim, NULL);
}
