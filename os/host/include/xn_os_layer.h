/* SPDX-License-Identifier: MIT */
/*
 * The OS layer of a plain Linux process, for tests: the types and inline parts
 * that <xenion/os.h> requires. The hypervisor is simulated (os/host/host.h),
 * time is virtual, and the rules of the contract are checked: a lock that is
 * taken twice, a sleep with upcalls disabled, a log line under a lock, or
 * anything under a raw lock that may not be there ends the program with a
 * message.
 */
#ifndef XN_OS_LAYER_H
#define XN_OS_LAYER_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

long xn_hypercall_raw(unsigned int nr, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5);

/* time.c: a counter of virtual time; first calls the hook of a test, if any */
uint64_t xn_cycles(void);

struct xn_lock {
	pthread_mutex_t mutex;
};

void xn_lock_init(struct xn_lock *l);
unsigned long xn_lock(struct xn_lock *l);
void xn_unlock(struct xn_lock *l, unsigned long flags);

struct xn_raw_lock {
	struct xn_lock lock;
};

void xn_raw_lock_init(struct xn_raw_lock *l);
unsigned long xn_raw_lock(struct xn_raw_lock *l);
void xn_raw_unlock(struct xn_raw_lock *l, unsigned long flags);

struct xn_waitq {
	unsigned int wakes;
};

void xn_waitq_init(struct xn_waitq *wq);
void xn_wake(struct xn_waitq *wq);

/* os.c: run something that is due, or let time pass; false: too late */
uint64_t host_deadline(uint64_t timeout_ns);
bool host_idle(uint64_t deadline);

#define xn_wait(wq, condition, timeout_ns) \
({ \
	uint64_t __deadline = host_deadline(timeout_ns); \
	bool __true; \
	(void)(wq); \
	while (!(__true = !!(condition)) && host_idle(__deadline)) \
		; \
	__true; \
})

struct host_guest;

struct xn_work {
	void (*fn)(struct xn_work *w);
	struct host_guest *guest;	/* whose work it is */
	uint64_t due;
	bool queued;
	struct xn_work *next;		/* sorted by @due */
};

void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w));
void xn_work_schedule(struct xn_work *w, uint64_t delay_ns);
void xn_work_cancel(struct xn_work *w);

extern uint64_t host_stat[];

#define xn_stat_add(stat, n) \
	((void)__atomic_fetch_add(&host_stat[stat], (n), __ATOMIC_RELAXED))
#define xn_stat_inc(stat)	xn_stat_add(stat, 1)

#endif /* XN_OS_LAYER_H */
