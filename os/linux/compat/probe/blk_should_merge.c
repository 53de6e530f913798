// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Until 6.13: merging requests is to be asked for. */
#include <linux/blk-mq.h>

int probe = BLK_MQ_F_SHOULD_MERGE;
