/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Work queues whose works run where they were queued: the default, before. */
#ifndef XENION_COMPAT_WORKQUEUE_H
#define XENION_COMPAT_WORKQUEUE_H

#include_next <linux/workqueue.h>

#include <xnl_have.h>

#if !XNL_HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

#endif /* XENION_COMPAT_WORKQUEUE_H */
