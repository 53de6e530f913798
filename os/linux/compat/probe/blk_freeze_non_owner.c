// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.13: a queue may be stopped by one task, for another or for ever. */
#include <linux/blk-mq.h>

void (*probe)(struct request_queue *q) = blk_freeze_queue_start_non_owner;
