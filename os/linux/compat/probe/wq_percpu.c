// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.17: a work queue says that its works run where they were queued. */
#include <linux/workqueue.h>

int probe = WQ_PERCPU;
