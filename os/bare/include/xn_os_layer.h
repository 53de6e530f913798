/* SPDX-License-Identifier: MIT */
/*
 * The inline half of the OS contract (<xenion/os.h>) in the reference kernel:
 * CPU 0 runs cooperative threads, the other CPUs run upcalls and functions that
 * CPU 0 hands to them. What depends on the kind of domain comes from
 * <bare_arch.h>, in os/bare/hvm or os/bare/pv.
 */
#ifndef XN_OS_LAYER_H
#define XN_OS_LAYER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* We use Xen's errno numbers, and two more that Xen does not have. */
#define XEN_ERRNO(name, value) name = value,
enum bare_errno {
#include <xen-public/errno.h>
	EPROTO = 71,
	ESHUTDOWN = 108,
};

/* A public header checks this with #ifdef. */
#define EINVAL EINVAL

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

#include <xenion/x86/hypercall.h>
#include <xenion/x86/tsc.h>
#include <bare_arch.h>

/* ---- exclusion: one kind of lock, which never sleeps ---- */

#define xn_raw_lock		xn_lock
#define xn_raw_lock_init	xn_lock_init
#define xn_raw_unlock		xn_unlock

struct xn_lock {
	uint32_t held;
};

static inline void xn_lock_init(struct xn_lock *l)
{
	l->held = 0;
}

static inline unsigned long xn_lock(struct xn_lock *l)
{
	unsigned long flags = bare_upcalls_disable();

	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
	return flags;
}

static inline void xn_unlock(struct xn_lock *l, unsigned long flags)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	bare_upcalls_restore(flags);
}

/* ---- waiting: os/bare/layer/thread.c ---- */

struct xn_waitq {
	char unused;	/* its address is what threads wait for */
};

#define xn_waitq_init(wq)	((void)(wq))

void xn_wake(struct xn_waitq *wq);

uint64_t bare_deadline(uint64_t timeout_ns);
void bare_wait_begin(struct xn_waitq *wq);
bool bare_wait_pause(uint64_t until);

#define xn_wait(wq, condition, timeout_ns) \
({ \
	uint64_t __until = bare_deadline(timeout_ns); \
	bool __true, __late = false; \
	for (;;) { \
		bare_wait_begin(wq); \
		__true = !!(condition); \
		if (__true || __late) \
			break; \
		__late = !bare_wait_pause(__until); \
	} \
	__true; \
})

/* ---- later: os/bare/layer/work.c ---- */

struct xn_work {
	void (*fn)(struct xn_work *w);
	struct xn_work *next;	/* sorted by @due */
	uint64_t due;
	bool queued;
	bool cancelled;		/* it is being cancelled: do not queue it */
};

static inline void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w))
{
	memset(w, 0, sizeof(*w));
	w->fn = fn;
}

void xn_work_schedule(struct xn_work *w, uint64_t delay_ns);
void xn_work_cancel(struct xn_work *w);

/* ---- counts ---- */

/* Written by all CPUs without a lock: a lost count does no harm. */
extern uint64_t bare_stat[];

#define xn_stat_add(stat, n)	((void)(bare_stat[stat] += (n)))
#define xn_stat_inc(stat)	xn_stat_add(stat, 1)

#endif /* XN_OS_LAYER_H */
