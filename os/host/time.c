// SPDX-License-Identifier: MIT
/*
 * A simulated Xen's time: a counter of the virtual time for each vCPU, and
 * struct vcpu_time_info (xen-public/xen.h), which tells how to scale it.
 */
#include "internal.h"

static uint64_t counter(const struct host_guest *g)
{
	return (__uint128_t)xn_os_now() * g->cfg.tsc_khz / 1000000;
}

uint64_t xn_cycles(void)
{
	struct host_guest *g = host_guest_current();

	if (g->tsc_hook)
		g->tsc_hook(g->tsc_data);
	return counter(g) + g->vcpu[host_cpu()].tsc_skew;
}

/* A factor below 1, as 32 bits of which the first is set, and a power of 2. */
static void set_scale(struct vcpu_time_info *ti, uint64_t khz)
{
	uint64_t num = 1000000, den = khz;

	ti->tsc_shift = 0;
	while (den <= num) {
		den <<= 1;
		ti->tsc_shift++;
	}
	while (den > 2 * num) {
		num <<= 1;
		ti->tsc_shift--;
	}
	ti->tsc_to_system_mul = ((__uint128_t)num << 32) / den;
}

void host_time_update(struct host_guest *g, unsigned int vcpu)
{
	struct vcpu_time_info *ti;

	/* The others are told nothing before they register a place for it. */
	if (vcpu >= XEN_LEGACY_MAX_VCPUS)
		return;
	ti = &g->shared->vcpu_info[vcpu].time;
	XN_WRITE_ONCE(ti->version, ti->version | 1);
	xn_wmb();
	set_scale(ti, g->cfg.tsc_khz);
	ti->tsc_timestamp = counter(g);
	ti->system_time = xn_os_now();
	ti->flags = g->vcpu[vcpu].tsc_unstable ? 0 : XEN_PVCLOCK_TSC_STABLE_BIT;
	xn_wmb();
	XN_WRITE_ONCE(ti->version, ti->version + 1);
}

void host_tsc_skew(struct host_guest *g, unsigned int vcpu, int64_t cycles)
{
	g->vcpu[vcpu].tsc_skew = cycles;
}

void host_tsc_hook(struct host_guest *g, void (*fn)(void *data), void *data)
{
	g->tsc_hook = fn;
	g->tsc_data = data;
}

void host_tsc_stable(struct host_guest *g, unsigned int vcpu, bool stable)
{
	g->vcpu[vcpu].tsc_unstable = !stable;
	host_time_update(g, vcpu);
}

void host_time_init(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->cfg.nr_vcpus; i++)
		host_time_update(g, i);
}
