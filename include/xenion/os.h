/* SPDX-License-Identifier: MIT */
/*
 * The OS contract: all that the core asks of the kernel it lives in.
 *
 * The functions below are the whole out-of-line cost of an OS layer. What must be
 * inline comes from <xn_os_layer.h>, which the include path selects: one such
 * header per OS layer, under os/NAME/include/. It provides
 *
 *   - the C types that the public Xen headers use (uint8_t ... uint64_t,
 *     size_t, bool), NULL, memcpy, memset, memcmp, strlen, strcmp and the
 *     errno constants;
 *   - long xn_hypercall_raw(nr, a1, a2, a3, a4, a5): one hypercall, its raw
 *     result. On hardware, include <xenion/x86/hypercall.h> for it;
 *   - uint64_t xn_cycles(): the counter that Xen's time is scaled from. On
 *     hardware, include <xenion/x86/tsc.h> for it; only time/ calls it;
 *   - struct xn_lock, xn_lock_init(l), flags = xn_lock(l), xn_unlock(l, flags):
 *     an exclusion, also of upcalls that take it;
 *   - struct xn_raw_lock, xn_raw_lock_init(l), flags = xn_raw_lock(l),
 *     xn_raw_unlock(l, flags): the same in raw context (see below), too. It
 *     never sleeps, and disables upcalls. Most kernels have one kind of lock
 *     for both;
 *   - struct xn_waitq, xn_waitq_init(wq), xn_wake(wq) (any context), and
 *     xn_wait(wq, condition, timeout_ns): sleeps until the condition holds,
 *     true if it does, false on timeout; never returns for another reason;
 *   - struct xn_work, xn_work_init(w, fn), xn_work_schedule(w, delay_ns) (any
 *     context, and in the upcall; no effect while it is already queued),
 *     xn_work_cancel(w): waits until it is neither queued nor running;
 *     fn(struct xn_work *) may sleep;
 *   - xn_stat_inc(enum xn_stat), xn_stat_add(enum xn_stat, n): count, cheaply.
 *
 * Where a function may be called is in its "Context:", which is one of
 *
 *   may sleep   a thread that holds no lock.
 *   any         where an xn_lock may be taken: threads, also those that hold
 *               other xn_locks, and upcalls. Not under an xn_raw_lock. The
 *               xn_lock of a real-time kernel sleeps: its OS layer calls from
 *               threads what handles an event, for upcalls are raw there.
 *   raw         everywhere: also in the interrupt that makes the upcall, with
 *               interrupts disabled, under the locks of the OS's own interrupt
 *               code, and under an xn_raw_lock.
 *
 * Locks nest, different ones, undone in reverse order: an xn_raw_lock inside an
 * xn_lock, never the reverse. Under an xn_raw_lock nothing is woken, scheduled,
 * allocated, freed or logged; the time is bounded, one short hypercall included.
 *
 * Xen specifies nothing of this: it is what the guest half of its ABI needs.
 */
#ifndef XENION_OS_H
#define XENION_OS_H

/* Events that the core counts. The OS layer may show the sums. */
enum xn_stat {
	XN_STAT_HYPERCALL,	/* every hypercall */
	XN_STAT_NOTIFY,		/* of these, EVTCHNOP_send */
	XN_STAT_UPCALL,		/* upcalls taken */
	XN_STAT_EVENT,		/* events dispatched from them */
	XN_STAT_EVENT_HELD,	/* times that a port was held back */
	XN_STAT_GRANT,		/* pages granted */
	XN_STAT_GRANT_END,	/* grants ended */
	XN_STAT_GRANT_BUSY,	/* grants found still in use at their end */
	XN_STAT_XS_REQUEST,	/* xenstore requests */
	XN_STAT_XS_WATCH,	/* xenstore watch events */
	XN_STAT_REFUSED,	/* things the host wrote that were refused */
	XN_STAT_COUNT
};

#include <xenion/decls.h>
#include <xn_os_layer.h>

#define XEN_HAVE_PV_GUEST_ENTRY 1
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#endif
#include <xen-public/xen.h>

XN_DECLS_BEGIN

#define XN_PAGE_SHIFT	12
#define XN_PAGE_SIZE	4096u

#define XN_NSEC_PER_MSEC	1000000ull
#define XN_NSEC_PER_SEC		1000000000ull

#define XN_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define xn_container_of(ptr, type, member) \
	((type *)((char *)(ptr) - __builtin_offsetof(type, member)))

/* A single access, for memory that another domain may change at any time. */
#define XN_READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define XN_WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

/*
 * Barriers against other domains. They must be real even where the guest has
 * one CPU, so a kernel's smp_mb() will not do.
 */
#define xn_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xn_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xn_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)

enum xn_log_level {
	XN_ERR,
	XN_WARN,
	XN_INFO,
	XN_DEBUG,
};

/**
 * xn_os_page_alloc - one page for sharing with the host
 *
 * Context: may sleep.
 * Return: a zeroed, page-aligned page of XN_PAGE_SIZE bytes that has a guest
 * frame number of its own, or NULL. The caller owns it.
 */
void *xn_os_page_alloc(void);

/**
 * xn_os_page_free - give back what xn_os_page_alloc() returned
 * @page: the page, or NULL
 *
 * Context: any. The page must not be granted.
 */
void xn_os_page_free(void *page);

/**
 * xn_os_gfn - guest frame number of a page
 * @va: address in a page of xn_os_page_alloc(), or in any memory that an OS layer
 *      hands to an engine for input and output
 *
 * Context: any.
 * Return: the number, which does not change while the page is allocated.
 */
xen_pfn_t xn_os_gfn(const void *va);

/**
 * xn_os_map - make guest frames that are not RAM accessible, write-back cached
 * @gfn: the first frame
 * @count: how many, consecutive
 *
 * Context: may sleep. Undo with xn_os_unmap().
 * Return: their address, or NULL.
 */
void *xn_os_map(xen_pfn_t gfn, unsigned int count);

/**
 * xn_os_unmap - undo xn_os_map()
 * @va: what it returned
 * @count: as it was given
 *
 * Context: may sleep.
 */
void xn_os_unmap(void *va, unsigned int count);

/**
 * xn_os_hole_get - reserve guest frame numbers with no RAM behind them
 * @count: how many, consecutive
 * @gfn: the first one, on success
 *
 * Nothing else in the guest uses these numbers until xn_os_hole_put().
 *
 * Context: may sleep.
 * Return: 0 or -ENOSPC.
 */
int xn_os_hole_get(unsigned int count, xen_pfn_t *gfn);

/**
 * xn_os_hole_put - give back what xn_os_hole_get() reserved
 * @gfn: the first frame
 * @count: how many
 *
 * Context: may sleep.
 */
void xn_os_hole_put(xen_pfn_t gfn, unsigned int count);

/**
 * xn_os_now - nanoseconds since some fixed moment, never going back
 *
 * Context: any.
 * Return: nanoseconds.
 */
uint64_t xn_os_now(void);

/**
 * xn_os_cpu_count - upper bound of xn_os_cpu(), constant
 *
 * Context: any.
 * Return: a count, at least 1.
 */
unsigned int xn_os_cpu_count(void);

/**
 * xn_os_cpu - number of the CPU that runs this, from 0
 *
 * A hint: the caller may run on another one before it sees the answer.
 *
 * Context: any.
 * Return: a number below xn_os_cpu_count().
 */
unsigned int xn_os_cpu(void);

/**
 * xn_os_log - one line for the log of the system, without newline
 * @level: how bad
 * @fmt: as printf(), limited to d, u, x, s, c, p with l, ll and width
 * @...: what @fmt asks for
 *
 * Context: any, but without a lock held: the line may go out through our own
 * console or network interface, which takes locks.
 */
void xn_os_log(enum xn_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

XN_DECLS_END

#endif /* XENION_OS_H */
