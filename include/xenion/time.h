/* SPDX-License-Identifier: MIT */
/*
 * time/: system time, which is nanoseconds since the machine's start, and the
 * time of day, both from the page that Xen shares with a guest (xen-public/xen.h);
 * timers and accounts of each vCPU (xen-public/vcpu.h).
 *
 * "vcpu" is always Xen's number of a vCPU.
 */
#ifndef XENION_TIME_H
#define XENION_TIME_H

#include <xenion/hypercall.h>

#define XN_CLOCK_MAX_VCPUS	XEN_LEGACY_MAX_VCPUS

/* What one vCPU was told. A cache line of its own. */
struct xn_clock_vcpu {
	uint64_t last;
	bool stable;		/* without the common maximum */
} __attribute__((aligned(64)));

/* All fields are the room's own. */
struct xn_clock {
	const struct shared_info *shared;
	unsigned int nr_vcpus;
	struct xn_clock_vcpu vcpu[XN_CLOCK_MAX_VCPUS];
	/* The greatest that any vCPU was told, where counters may differ. */
	uint64_t max __attribute__((aligned(64)));
};

/**
 * xn_clock_init - start to tell the time
 * @c: filled in; owned by the caller
 * @shared: the shared info page, mapped as long as @c is used
 * @nr_vcpus: vCPUs 0 ... nr_vcpus - 1 may ask
 *
 * Context: any.
 * Return: 0, or -EINVAL for no vCPU or too many.
 */
int xn_clock_init(struct xn_clock *c, const struct shared_info *shared,
		  unsigned int nr_vcpus);

/**
 * xn_clock_read - system time
 * @c: the clock
 * @vcpu: the vCPU that runs this
 *
 * Never less than an earlier answer on this vCPU, nor on any other one, whatever
 * the host does; but while the host says that the counters of all vCPUs are one
 * (XEN_PVCLOCK_TSC_STABLE_BIT) it is believed, and vCPUs share no cache line.
 * What the host cannot mean is refused, and time then stands still.
 *
 * Context: upcalls disabled. No hypercall.
 * Return: nanoseconds, 0 before the host has told any.
 */
uint64_t xn_clock_read(struct xn_clock *c, unsigned int vcpu);

/**
 * xn_clock_scale - system time of one value of the counter
 * @ti: a private copy of what Xen tells
 * @cycles: the counter (on x86 the TSC)
 * @ns: the time, on success; never less than @ti->system_time
 *
 * Context: any.
 * Return: 0, or -EINVAL for a scale that no counter has or a time beyond 64
 * bits.
 */
int xn_clock_scale(const struct vcpu_time_info *ti, uint64_t cycles,
		   uint64_t *ns);

struct xn_wallclock {
	uint64_t sec;		/* since 1970 began, UTC and what Xen adds */
	uint32_t nsec;
};

/**
 * xn_wallclock_read - the time of day
 * @shared: the shared info page
 * @now: system time of the moment that is asked for
 * @wc: the answer
 *
 * It may jump in either direction, when somebody sets it.
 *
 * Context: any. No hypercall.
 * Return: 0, -EAGAIN when Xen is just writing it (ask again), -EINVAL when it
 * cannot be a time.
 */
int xn_wallclock_read(const struct shared_info *shared, uint64_t now,
		      struct xn_wallclock *wc);

/**
 * xn_timer_set - have one VIRQ_TIMER come at a moment
 * @vcpu: the vCPU that runs this; its VIRQ_TIMER is bound by the caller
 * @when: system time
 * @flags: 0: one that is past makes the event at once;
 *         VCPU_SSHOTTMR_future: or -ETIME and no event, as Xen likes (4.17
 *         makes the event)
 *
 * In place of the one that was set before. The event does not come before its
 * time, but there may be others. VCPUOP_set_singleshot_timer.
 *
 * Context: any, not preemptible.
 * Return: 0, -EINVAL for a time beyond 63 bits, or what Xen answered.
 */
static inline int xn_timer_set(unsigned int vcpu, uint64_t when,
			       unsigned int flags)
{
	struct vcpu_set_singleshot_timer x = {
		.timeout_abs_ns = when, .flags = flags,
	};

	/* Xen would take it for one before its start. */
	if (when >> 63)
		return -EINVAL;
	return xn_hc_vcpu(VCPUOP_set_singleshot_timer, vcpu, &x);
}

/**
 * xn_timer_stop - forget what xn_timer_set() has set
 * @vcpu: the vCPU that runs this
 *
 * An event that has come is not taken back. VCPUOP_stop_singleshot_timer.
 *
 * Context: any, not preemptible.
 * Return: 0 or a negative errno value.
 */
static inline int xn_timer_stop(unsigned int vcpu)
{
	return xn_hc_vcpu(VCPUOP_stop_singleshot_timer, vcpu, NULL);
}

/**
 * xn_timer_set_periodic - have VIRQ_TIMER come again and again
 * @vcpu: any vCPU
 * @period_ns: at least a millisecond
 *
 * Beside the one of xn_timer_set(). Xen does not wake a vCPU for it: it is seen
 * by those that run. A PV guest's vCPUs begin with a period of 10 ms.
 * VCPUOP_set_periodic_timer.
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
 * xn_timer_stop_periodic - no periodic events any more
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

struct xn_runstate_area;

/* All fields are the room's own. */
struct xn_runstate {
	struct xn_runstate_area *area;	/* a page, NULL: hypercalls must do */
	unsigned int nr_vcpus;		/* whose area Xen writes */
};

/**
 * xn_runstate_init - have Xen keep the accounts of vCPUs in memory of ours
 * @r: filled in; owned by the caller
 * @nr_vcpus: vCPUs 0 ... nr_vcpus - 1
 *
 * VCPUOP_register_runstate_memory_area with marks for updates
 * (VMASST_TYPE_runstate_update_flag); without them nothing is registered, and
 * each xn_runstate_read() is a hypercall. Xen writes by the virtual address
 * that xn_os_page_alloc() gives, whenever a vCPU is scheduled: it is to be the
 * same in all page tables.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL (no vCPU or too many), -ENOMEM, or what Xen answered; then
 * nothing is registered.
 */
int xn_runstate_init(struct xn_runstate *r, unsigned int nr_vcpus);

/**
 * xn_runstate_fini - Xen forgets the areas
 * @r: a second call, or one after a failed init, does nothing
 *
 * The ABI has no word for this, but Xen takes address 0 for none. It writes
 * there once more if anything is mapped there: 48 bytes. A page that Xen does
 * not let go of stays allocated; that is logged.
 *
 * Context: may sleep.
 */
void xn_runstate_fini(struct xn_runstate *r);

/**
 * xn_runstate_get - ask Xen for the accounts of a vCPU
 * @vcpu: any vCPU
 * @info: the answer; @info->time counts up to now
 *
 * VCPUOP_get_runstate_info.
 *
 * Context: any.
 * Return: 0, -EIO for a state that there is not, or what Xen answered.
 */
int xn_runstate_get(unsigned int vcpu, struct vcpu_runstate_info *info);

/**
 * xn_runstate_read - the accounts of a vCPU
 * @r: the areas
 * @vcpu: any vCPU
 * @now: system time, from xn_clock_read()
 * @info: the answer, as xn_runstate_get() gives it
 *
 * From memory; by hypercall only for a vCPU that has no area and while Xen
 * keeps on writing.
 *
 * Context: any.
 * Return: as xn_runstate_get().
 */
int xn_runstate_read(const struct xn_runstate *r, unsigned int vcpu,
		     uint64_t now, struct vcpu_runstate_info *info);

#endif /* XENION_TIME_H */
