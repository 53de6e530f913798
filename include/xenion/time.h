/* SPDX-License-Identifier: MIT */
/*
 * time/: system time, which is nanoseconds since the machine's start, from the
 * pages that Xen shares with a guest (struct vcpu_time_info in
 * xen-public/xen.h).
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
 * Returns: 0, or -EINVAL for no vCPU or too many. Context: any.
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
 * Returns: nanoseconds, 0 before the host has told any. Context: upcalls
 * disabled. No hypercall.
 */
uint64_t xn_clock_read(struct xn_clock *c, unsigned int vcpu);

/**
 * xn_clock_scale - system time of one value of the counter
 * @ti: a private copy of what Xen tells
 * @cycles: the counter (on x86 the TSC)
 * @ns: the time, on success; never less than @ti->system_time
 *
 * Returns: 0, or -EINVAL for a scale that no counter has or a time beyond 64
 * bits. Context: any.
 */
int xn_clock_scale(const struct vcpu_time_info *ti, uint64_t cycles,
		   uint64_t *ns);

#endif /* XENION_TIME_H */
