// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.14: one function stops a queue and sets its limits. */
#include <linux/blkdev.h>

int (*probe)(struct request_queue *q, struct queue_limits *lim) =
	queue_limits_commit_update_frozen;
