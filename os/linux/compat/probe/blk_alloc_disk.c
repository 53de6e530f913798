// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.14 to 6.8: a disk and its queue are made together, without limits. */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set);

struct gendisk *probe(struct blk_mq_tag_set *set)
{
	return blk_mq_alloc_disk(set, NULL);
}
