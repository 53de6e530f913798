/* SPDX-License-Identifier: MIT */
/*
 * time/: system time (nanoseconds since the machine started) and the time of
 * day, both from the shared info page (xen-public/xen.h); timers and runstate
 * of each vCPU (xen-public/vcpu.h); watchdogs (xen-public/sched.h).
 *
 * "vcpu" is always Xen's number of a vCPU.
 */
#ifndef XENION_TIME_H
#define XENION_TIME_H

#include <xenion/decls.h>
#include <xenion/hypercall.h>
#include <xenion/vcpus.h>

XN_DECLS_BEGIN

/* The last time that one vCPU read. A cache line of its own. */
struct xn_clock_vcpu {
	uint64_t last;
	bool stable;		/* this vCPU does not use the common maximum */
} __attribute__((aligned(64)));

/* All fields are private. */
struct xn_clock {
	const struct xn_vcpus *vcpus;
	struct xn_clock_vcpu vcpu[XN_MAX_VCPUS];
	/* Ours is so much later than Xen's: see xn_clock_resume(). */
	uint64_t ahead;
	/* The latest time that any vCPU read, while counters may differ. */
	uint64_t max __attribute__((aligned(64)));
};

/**
 * xn_clock_init - set up a clock
 * @c: filled in; owned by the caller
 * @vcpus: where Xen keeps the time; lives as long as @c is used
 *
 * Context: any.
 */
void xn_clock_init(struct xn_clock *c, const struct xn_vcpus *vcpus);

/**
 * xn_clock_read - system time, or since xn_clock_resume() one that goes on
 * @c: the clock
 * @vcpu: the vCPU that runs this
 *
 * Never goes back, on this or any other vCPU, whatever the host does. If the
 * host says that all vCPUs have the same counter (XEN_PVCLOCK_TSC_STABLE_BIT),
 * this is trusted between vCPUs, and they share no cache line. Invalid values
 * of the host are ignored: time then stands still.
 *
 * Context: upcalls disabled. No hypercall.
 * Return: nanoseconds, 0 before the host has written any.
 */
uint64_t xn_clock_read(struct xn_clock *c, unsigned int vcpu);

/**
 * xn_clock_resume - go on from where the clock was, in a new domain
 * @c: the clock; xn_vcpus_resume() has succeeded, and nobody else uses @c
 * @vcpu: the vCPU that runs this
 *
 * System time is the host's own: after a restore or a migration it may be days
 * behind, and the clock would stand still until then, or far ahead. From now on
 * xn_clock_read() is no longer Xen's system time: xn_clock_to_xen().
 *
 * Context: upcalls disabled. No hypercall.
 * Return: 0, or -EAGAIN: the host has not written any time that is valid. Then
 * call again before the clock is read.
 */
int xn_clock_resume(struct xn_clock *c, unsigned int vcpu);

/**
 * xn_clock_to_xen - Xen's system time at a time of the clock
 * @c: the clock
 * @ns: a time that xn_clock_read() has returned, or will return
 *
 * For xn_timer_set() and xn_wallclock_read(). Before the first xn_clock_resume()
 * the two are the same.
 *
 * Context: any.
 * Return: nanoseconds.
 */
static inline uint64_t xn_clock_to_xen(const struct xn_clock *c, uint64_t ns)
{
	return ns - c->ahead;
}

/**
 * xn_clock_scale - system time of one value of the counter
 * @ti: a private copy of Xen's data
 * @cycles: the counter (on x86 the TSC)
 * @ns: the time, on success; never less than @ti->system_time
 *
 * Context: any.
 * Return: 0, or -EINVAL for an impossible scale or a time beyond 64 bits.
 */
int xn_clock_scale(const struct vcpu_time_info *ti, uint64_t cycles,
		   uint64_t *ns);

struct xn_wallclock {
	uint64_t sec;		/* since 1970 began, UTC plus Xen's offset */
	uint32_t nsec;
};

/**
 * xn_wallclock_read - the time of day
 * @shared: the shared info page
 * @now: Xen's system time, xn_clock_to_xen()
 * @wc: the answer
 *
 * It may jump in either direction when the host's clock is set.
 *
 * Context: any. No hypercall.
 * Return: 0, -EAGAIN while Xen is writing it (try again), -EINVAL for an
 * invalid time.
 */
int xn_wallclock_read(const struct shared_info *shared, uint64_t now,
		      struct xn_wallclock *wc);

/**
 * xn_timer_set - set the one-shot timer
 * @vcpu: the vCPU that runs this; its VIRQ_TIMER is bound by the caller
 * @when: Xen's system time, xn_clock_to_xen()
 * @flags: 0: a time in the past fires at once; VCPU_SSHOTTMR_future: it may
 *         fail with -ETIME instead (4.17 fires)
 *
 * VCPUOP_set_singleshot_timer. Replaces the previous one. VIRQ_TIMER is not
 * raised for it before @when, but may be raised for other reasons.
 *
 * Context: any, not preemptible.
 * Return: 0, -EINVAL for a time beyond 63 bits, or Xen's error.
 */
static inline int xn_timer_set(unsigned int vcpu, uint64_t when,
			       unsigned int flags)
{
	struct vcpu_set_singleshot_timer x = {
		.timeout_abs_ns = when, .flags = flags,
	};

	/* Xen would take this for a time before its start. */
	if (when >> 63)
		return -EINVAL;
	return xn_hc_vcpu(VCPUOP_set_singleshot_timer, vcpu, &x);
}

/**
 * xn_timer_stop - stop the one-shot timer
 * @vcpu: the vCPU that runs this
 *
 * VCPUOP_stop_singleshot_timer. Does not take a pending event back.
 *
 * Context: any, not preemptible.
 * Return: 0 or a negative errno value.
 */
static inline int xn_timer_stop(unsigned int vcpu)
{
	return xn_hc_vcpu(VCPUOP_stop_singleshot_timer, vcpu, NULL);
}

/**
 * xn_timer_set_periodic - set the periodic timer
 * @vcpu: any vCPU
 * @period_ns: at least a millisecond
 *
 * VCPUOP_set_periodic_timer. Raises VIRQ_TIMER every period, independently of
 * xn_timer_set(). Xen does not wake a blocked vCPU for it. The vCPUs of a PV
 * guest start with a period of 10 ms.
 *
 * Context: any.
 * Return: 0, -EINVAL for a period that Xen does not offer, or another negative
 * errno value.
 */
static inline int xn_timer_set_periodic(unsigned int vcpu, uint64_t period_ns)
{
	struct vcpu_set_periodic_timer x = { .period_ns = period_ns };

	return xn_hc_vcpu(VCPUOP_set_periodic_timer, vcpu, &x);
}

/**
 * xn_timer_stop_periodic - stop the periodic timer
 * @vcpu: any vCPU
 *
 * VCPUOP_stop_periodic_timer.
 *
 * Context: any.
 * Return: 0 or a negative errno value.
 */
static inline int xn_timer_stop_periodic(unsigned int vcpu)
{
	return xn_hc_vcpu(VCPUOP_stop_periodic_timer, vcpu, NULL);
}

/* In a cache line of its own. */
struct xn_runstate_area {
	struct vcpu_runstate_info info;
} __attribute__((aligned(64)));

#define XN_RUNSTATE_PAGES	2

/* All fields are private. */
struct xn_runstate {
	struct xn_runstate_area *page[XN_RUNSTATE_PAGES];
	unsigned int nr_vcpus;	/* those that have an area; 0: use hypercalls */
};

/**
 * xn_runstate_init - have Xen write the runstate of vCPUs to our memory
 * @r: filled in; owned by the caller
 * @nr_vcpus: vCPUs 0 ... nr_vcpus - 1
 *
 * VCPUOP_register_runstate_memory_area with update marks
 * (VMASST_TYPE_runstate_update_flag). If Xen has no marks, nothing is
 * registered, and each xn_runstate_read() is a hypercall. Xen writes to the
 * virtual address that xn_os_page_alloc() returns, each time a vCPU is
 * scheduled: the page must be mapped there in all page tables.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL (no vCPU or too many), -ENOMEM, or Xen's error. After an
 * error nothing is registered.
 */
int xn_runstate_init(struct xn_runstate *r, unsigned int nr_vcpus);

/**
 * xn_runstate_fini - unregister the areas
 * @r: a second call, or one after a failed init, does nothing
 *
 * The ABI has no operation for this, but Xen treats address 0 as none. It still
 * writes 48 bytes to address 0 once, if something is mapped there. If Xen does
 * not accept the address, the page stays allocated, which is logged.
 *
 * Context: may sleep.
 */
void xn_runstate_fini(struct xn_runstate *r);

/**
 * xn_runstate_get - read the runstate of a vCPU by hypercall
 * @vcpu: any vCPU
 * @info: the result; @info->time includes the current state up to now
 *
 * VCPUOP_get_runstate_info.
 *
 * Context: any.
 * Return: 0, -EIO for an invalid state, or Xen's error.
 */
int xn_runstate_get(unsigned int vcpu, struct vcpu_runstate_info *info);

/**
 * xn_runstate_read - read the runstate of a vCPU
 * @r: the areas
 * @vcpu: any vCPU
 * @now: system time, from xn_clock_read()
 * @info: the result, as from xn_runstate_get()
 *
 * Reads memory; uses a hypercall only for a vCPU without an area, or if Xen
 * keeps writing.
 *
 * Context: any.
 * Return: as xn_runstate_get().
 */
int xn_runstate_read(const struct xn_runstate *r, unsigned int vcpu,
		     uint64_t now, struct vcpu_runstate_info *info);

/* A watchdog of Xen's; all zero: it does not watch. */
struct xn_watchdog {
	uint32_t id;		/* Xen's number of it, or 0 */
};

/**
 * xn_watchdog_set - have Xen end the domain, unless this is called again in time
 * @w: the watchdog; owned by the caller
 * @seconds: until then, from now on; at least 1
 *
 * The domain ends with SHUTDOWN_watchdog, and the toolstack does what its
 * configuration says (on_watchdog of xl). In a new domain, after a restore or a
 * migration, nobody watches until the next call.
 *
 * SCHEDOP_watchdog.
 *
 * Context: any; the caller serialises calls.
 * Return: 0, -EINVAL (@seconds is 0), -ENOSPC (the domain has no other watchdog),
 * -EIO (an impossible answer), or Xen's error.
 */
int xn_watchdog_set(struct xn_watchdog *w, uint32_t seconds);

/**
 * xn_watchdog_stop - have Xen watch no more
 * @w: the watchdog; nothing to be done if it does not watch
 *
 * SCHEDOP_watchdog.
 *
 * Context: any; the caller serialises calls.
 * Return: 0, or Xen's error: then it goes on.
 */
int xn_watchdog_stop(struct xn_watchdog *w);

XN_DECLS_END

#endif /* XENION_TIME_H */
