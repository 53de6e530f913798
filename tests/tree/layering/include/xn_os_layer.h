/* SPDX-License-Identifier: MIT */
/*
 * The least that an OS layer must provide, without an operating system: with
 * only this header and the compiler's own, the core must compile. Nothing here
 * works; it is never linked.
 */
#ifndef XN_OS_LAYER_H
#define XN_OS_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any numbers would do; macros, because Xen's public headers use #ifdef. */
#define EPERM		1
#define ENOENT		2
#define ESRCH		3
#define EINTR		4
#define EIO		5
#define ENXIO		6
#define E2BIG		7
#define ENOEXEC		8
#define EBADF		9
#define ECHILD		10
#define EAGAIN		11
#define EWOULDBLOCK	11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define EXDEV		18
#define ENODEV		19
#define ENOTDIR		20
#define EISDIR		21
#define EINVAL		22
#define ENFILE		23
#define EMFILE		24
#define ENOSPC		28
#define EROFS		30
#define EMLINK		31
#define EDOM		33
#define ERANGE		34
#define EDEADLK		35
#define EDEADLOCK	35
#define ENAMETOOLONG	36
#define ENOLCK		37
#define ENOSYS		38
#define ENOTEMPTY	39
#define ENODATA		61
#define ETIME		62
#define EPROTO		71
#define EBADMSG		74
#define EOVERFLOW	75
#define EILSEQ		84
#define ERESTART	85
#define ENOTSOCK	88
#define EMSGSIZE	90
#define EOPNOTSUPP	95
#define EADDRINUSE	98
#define EADDRNOTAVAIL	99
#define ENOBUFS		105
#define EISCONN		106
#define ENOTCONN	107
#define ESHUTDOWN	108
#define ETIMEDOUT	110
#define ECONNREFUSED	111

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

#ifdef __x86_64__
#include <xenion/x86/hypercall.h>
#include <xenion/x86/tsc.h>
#else
long xn_hypercall_raw(unsigned int nr, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5);
uint64_t xn_cycles(void);
#endif

struct xn_lock {
	int held;
};

void xn_lock_init(struct xn_lock *l);
unsigned long xn_lock(struct xn_lock *l);
void xn_unlock(struct xn_lock *l, unsigned long flags);

struct xn_raw_lock {
	char held;
};

void xn_raw_lock_init(struct xn_raw_lock *l);
unsigned long xn_raw_lock(struct xn_raw_lock *l);
void xn_raw_unlock(struct xn_raw_lock *l, unsigned long flags);

struct xn_waitq {
	int waiters;
};

void xn_waitq_init(struct xn_waitq *wq);
void xn_wake(struct xn_waitq *wq);
bool xn_sleep(struct xn_waitq *wq, uint64_t timeout_ns);

#define xn_wait(wq, condition, timeout_ns) \
	((condition) || (xn_sleep(wq, timeout_ns) && (condition)))

struct xn_work {
	void (*fn)(struct xn_work *w);
};

void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w));
void xn_work_schedule(struct xn_work *w, uint64_t delay_ns);
void xn_work_cancel(struct xn_work *w);

void xn_stat_inc(enum xn_stat stat);
void xn_stat_add(enum xn_stat stat, uint64_t n);

#endif /* XN_OS_LAYER_H */
