/* SPDX-License-Identifier: MIT */
/*
 * The inline half of the OS contract (include/xenion/os.h) in its simplest
 * correct form: one CPU that takes no interrupt. What a kernel does in an
 * upcall is done in xn_wait() here, so there is nothing to exclude.
 * docs/porting.md says what each of these must do, and how to extend it.
 */
#ifndef SKELETON_OS_LAYER_H
#define SKELETON_OS_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Xen's error numbers, and two more that Xen does not have. */
enum layer_errno {
#define XEN_ERRNO(name, value) name = value,
#include <xen-public/errno.h>
	EPROTO = 71,
	ESHUTDOWN = 108,
};

/* A public header checks this with #ifdef. */
#define EINVAL EINVAL

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

#include <xenion/x86/hypercall.h>
#include <xenion/x86/tsc.h>

/* Upcalls come only where the core waits, so never under a lock. */
struct xn_lock {
	char nothing;
};

#define xn_lock_init(l)			((void)(l))
#define xn_lock(l)			((void)(l), 0ul)
#define xn_unlock(l, flags)		((void)(l), (void)(flags))

/* Two kinds are for kernels whose locks sleep; this is the type, too. */
#define xn_raw_lock			xn_lock
#define xn_raw_lock_init		xn_lock_init
#define xn_raw_unlock			xn_unlock


/* A waiter polls, so a wake has nothing to do. */
struct xn_waitq {
	char nothing;
};

#define xn_waitq_init(wq)		((void)(wq))
#define xn_wake(wq)			((void)(wq))

#define xn_wait(wq, condition, timeout_ns)				\
({									\
	uint64_t deadline_ = layer_deadline(timeout_ns);			\
	bool holds_;							\
									\
	(void)(wq);							\
	while (!(holds_ = (condition)) && layer_idle(deadline_))		\
		;							\
	holds_;								\
})

uint64_t layer_deadline(uint64_t timeout_ns);
bool layer_idle(uint64_t deadline);

/* Switch to the other one of the two stacks (layer.c). */
void layer_switch(void);

struct xn_work {
	void (*fn)(struct xn_work *w);
	struct xn_work *next;
	uint64_t due;
	bool queued;
};

void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w));
void xn_work_schedule(struct xn_work *w, uint64_t delay_ns);
void xn_work_cancel(struct xn_work *w);

extern uint64_t layer_stat[];

#define xn_stat_add(stat, n)	((void)(layer_stat[stat] += (n)))
#define xn_stat_inc(stat)	xn_stat_add(stat, 1)

/* Called where the core waits: set it to a function that handles events. */
extern void (*layer_upcall)(void);

#endif /* SKELETON_OS_LAYER_H */
