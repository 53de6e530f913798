// SPDX-License-Identifier: MIT
/*
 * System time from struct vcpu_time_info (xen-public/xen.h): the value of a
 * counter at a known system time, and the counter's rate. The version is odd
 * while Xen writes. Called by the OS layer, for xn_os_now().
 */
#include <xenion/time.h>
#include "version.h"

/*
 * Attempts to read a consistent copy. An honest host writes only while the vCPU
 * does not run, so the vCPU itself never needs more than two attempts.
 */
#define TRIES		8u

/* Counters from 1 Hz to 2^62 Hz. */
#define MAX_SHIFT	31

void xn_clock_init(struct xn_clock *c, const struct xn_vcpus *vcpus)
{
	memset(c, 0, sizeof(*c));
	c->vcpus = vcpus;
}

static inline int clock_scale(const struct vcpu_time_info *ti, uint64_t cycles,
			      uint64_t *ns)
{
	uint64_t delta = cycles - ti->tsc_timestamp;
	int shift = ti->tsc_shift;

	if (!ti->tsc_to_system_mul || shift < -MAX_SHIFT || shift > MAX_SHIFT)
		return -EINVAL;
	/* Counters of CPUs differ a little: this CPU's may lag behind. */
	if ((int64_t)delta < 0)
		delta = 0;
	if (shift > 0 && delta > ~0ull >> shift)
		return -EINVAL;
	delta = shift < 0 ? delta >> -shift : delta << shift;
	/* A product of 64 and 32 bits, without its last 32 bits, fits. */
	delta = (__uint128_t)delta * ti->tsc_to_system_mul >> 32;
	return __builtin_add_overflow(ti->system_time, delta, ns) ? -EINVAL : 0;
}

int xn_clock_scale(const struct vcpu_time_info *ti, uint64_t cycles,
		   uint64_t *ns)
{
	return clock_scale(ti, cycles, ns);
}

/* Read the counter between the versions, so that both are of one CPU. */
static bool clock_snapshot(const struct vcpu_time_info *from,
			   struct vcpu_time_info *to, uint64_t *cycles)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		uint32_t then = version_begin(&from->version);

		to->tsc_timestamp = XN_READ_ONCE(from->tsc_timestamp);
		to->system_time = XN_READ_ONCE(from->system_time);
		to->tsc_to_system_mul = XN_READ_ONCE(from->tsc_to_system_mul);
		to->tsc_shift = XN_READ_ONCE(from->tsc_shift);
		to->flags = XN_READ_ONCE(from->flags);
		*cycles = xn_cycles();
		if (version_held(&from->version, then))
			return true;
	}
	return false;
}

/* The latest time that any caller was given. */
static uint64_t clock_latest(struct xn_clock *c)
{
	uint64_t ns = __atomic_load_n(&c->max, __ATOMIC_RELAXED);
	unsigned int i;

	for (i = 0; i < c->vcpus->nr; i++) {
		uint64_t last = XN_READ_ONCE(c->vcpu[i].last);

		if (ns < last)
			ns = last;
	}
	return ns;
}

static uint64_t clock_raise(uint64_t *max, uint64_t ns)
{
	uint64_t old = __atomic_load_n(max, __ATOMIC_RELAXED);

	/* The exchange fails only if another CPU has raised it. */
	while (old < ns)
		if (__atomic_compare_exchange_n(max, &old, ns, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return ns;
	return old;
}

/* Xen's system time, and does Xen say that all counters are the same? */
static inline bool clock_now(const struct vcpu_info *info, uint64_t *ns, bool *stable)
{
	struct vcpu_time_info ti;
	uint64_t cycles;

	if (!clock_snapshot(&info->time, &ti, &cycles) ||
	    clock_scale(&ti, cycles, ns)) {
		xn_stat_inc(XN_STAT_REFUSED);
		return false;
	}
	*stable = ti.flags & XEN_PVCLOCK_TSC_STABLE_BIT;
	return true;
}

uint64_t xn_clock_read(struct xn_clock *c, unsigned int vcpu)
{
	struct vcpu_info *info;
	struct xn_clock_vcpu *v;
	uint64_t ns;
	bool stable;

	if (vcpu >= c->vcpus->nr)
		return clock_latest(c);
	info = __atomic_load_n(&c->vcpus->info[vcpu], __ATOMIC_ACQUIRE);
	if (!info)
		return clock_latest(c);
	v = &c->vcpu[vcpu];
	stable = v->stable;
	if (clock_now(info, &ns, &stable))
		ns += c->ahead;
	else
		ns = 0;
	/* The times of other vCPUs count from now on, or did until now. */
	if (stable != v->stable) {
		v->stable = stable;
		XN_WRITE_ONCE(v->last, clock_latest(c));
	}
	if (ns < v->last)
		ns = v->last;
	if (!stable)
		ns = clock_raise(&c->max, ns);
	XN_WRITE_ONCE(v->last, ns);
	return ns;
}

int xn_clock_resume(struct xn_clock *c, unsigned int vcpu)
{
	const struct vcpu_info *info = vcpu < c->vcpus->nr ?
				       c->vcpus->info[vcpu] : NULL;
	uint64_t latest = clock_latest(c), ns;
	bool stable;

	if (!info || !clock_now(info, &ns, &stable))
		return -EAGAIN;
	c->ahead = latest - ns;
	return 0;
}
