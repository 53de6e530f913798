/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The inline half of the OS contract (include/xenion/os.h) in Linux.
 */
#ifndef XENION_LINUX_OS_LAYER_H
#define XENION_LINUX_OS_LAYER_H

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <xenion/x86/hypercall.h>
#include <xenion/x86/tsc.h>

struct xn_lock {
	spinlock_t lock;
};

/* A macro, so that each lock is of a lockdep class of its own. */
#define xn_lock_init(l) spin_lock_init(&(l)->lock)

static inline unsigned long xn_lock(struct xn_lock *l)
	__acquires(&l->lock)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	return flags;
}

static inline void xn_unlock(struct xn_lock *l, unsigned long flags)
	__releases(&l->lock)
{
	spin_unlock_irqrestore(&l->lock, flags);
}

/* On PREEMPT_RT a spinlock_t sleeps; this one does not. */
struct xn_raw_lock {
	raw_spinlock_t lock;
};

#define xn_raw_lock_init(l) raw_spin_lock_init(&(l)->lock)

static inline unsigned long xn_raw_lock(struct xn_raw_lock *l)
	__acquires(&l->lock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&l->lock, flags);
	return flags;
}

static inline void xn_raw_unlock(struct xn_raw_lock *l, unsigned long flags)
	__releases(&l->lock)
{
	raw_spin_unlock_irqrestore(&l->lock, flags);
}

struct xn_waitq {
	wait_queue_head_t head;
};

#define xn_waitq_init(wq) init_waitqueue_head(&(wq)->head)

/*
 * On PREEMPT_RT the queue's own lock sleeps, too. There each handler of an event
 * is a thread (core/irq.c), and the upcall itself wakes nobody.
 */
static inline void xn_wake(struct xn_waitq *wq)
{
	wake_up_all(&wq->head);
}

#define xn_wait(wq, condition, timeout_ns)				\
	(wait_event_timeout((wq)->head, condition,			\
			    nsecs_to_jiffies(timeout_ns) + 1) != 0)

struct xn_work {
	struct delayed_work dwork;
	void (*fn)(struct xn_work *work);
};

void xnl_work_run(struct work_struct *work);

#define xn_work_init(w, func) do {					\
	(w)->fn = (func);						\
	INIT_DELAYED_WORK(&(w)->dwork, xnl_work_run);			\
} while (0)

extern struct workqueue_struct *xnl_wq;

/*
 * Works may sleep as long as a xenstore request takes. A work must not wait for one
 * of a queue without a rescuer; those that have to are the bus's (bus.c).
 *
 * The upcall does this on PREEMPT_RT as well: the locks of workqueues and timers
 * are raw.
 */
static inline void xn_work_schedule(struct xn_work *w, uint64_t delay_ns)
{
	unsigned long delay = delay_ns ? nsecs_to_jiffies(delay_ns) + 1 : 0;

	queue_delayed_work(xnl_wq, &w->dwork, delay);
}

static inline void xn_work_cancel(struct xn_work *w)
{
	cancel_delayed_work_sync(&w->dwork);
}

struct xnl_stats {
	u64 count[XN_STAT_COUNT];
};

DECLARE_PER_CPU(struct xnl_stats, xnl_stats);

static inline void xn_stat_add(enum xn_stat stat, u64 n)
{
	this_cpu_add(xnl_stats.count[stat], n);
}

static inline void xn_stat_inc(enum xn_stat stat)
{
	xn_stat_add(stat, 1);
}

#endif /* XENION_LINUX_OS_LAYER_H */
