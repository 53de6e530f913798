// SPDX-License-Identifier: MIT
/*
 * A simulated Xen's time: a counter of virtual time for each vCPU, and struct
 * vcpu_time_info (xen-public/xen.h), which says how to scale it; the time of
 * day; timers and runstate (VCPUOP_* in xen-public/vcpu.h).
 */
#include <stdio.h>

#include "internal.h"

static uint64_t time_counter(const struct host_guest *g)
{
	return (__uint128_t)xn_os_now() * g->cfg.tsc_khz / 1000000;
}

uint64_t xn_cycles(void)
{
	struct host_guest *g = host_guest_current();

	if (g->tsc_hook)
		g->tsc_hook(g->tsc_data);
	return time_counter(g) + g->vcpu[host_cpu()].tsc_skew;
}

/* Set the scale: a 32-bit fraction with its first bit set, and a shift. */
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

	/* Xen reports nothing before there is a place for it. */
	if (!g->vcpu[vcpu].info)
		return;
	ti = &g->vcpu[vcpu].info->time;
	XN_WRITE_ONCE(ti->version, ti->version | 1);
	xn_wmb();
	set_scale(ti, g->cfg.tsc_khz);
	ti->tsc_timestamp = time_counter(g);
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

void host_wallclock_set(struct host_guest *g, uint64_t sec, uint32_t nsec)
{
	struct shared_info *s = g->shared;

	XN_WRITE_ONCE(s->wc_version, s->wc_version | 1);
	xn_wmb();
	XN_WRITE_ONCE(s->wc_sec, sec);
	XN_WRITE_ONCE(s->wc_sec_hi, sec >> 32);
	XN_WRITE_ONCE(s->wc_nsec, nsec);
	xn_wmb();
	XN_WRITE_ONCE(s->wc_version, s->wc_version + 1);
}

/* ---- timers ---- */

static long set_singleshot(struct host_guest *g, unsigned int vcpu,
			   const struct vcpu_set_singleshot_timer *x)
{
	bool past = x->timeout_abs_ns <= xn_os_now();

	if (past && g->cfg.etime && x->flags & VCPU_SSHOTTMR_future)
		return -ETIME;
	g->vcpu[vcpu].singleshot = past ? UINT64_MAX : x->timeout_abs_ns;
	if (past)
		host_virq(g, VIRQ_TIMER, vcpu);
	return 0;
}

static long set_periodic(struct host_guest *g, unsigned int vcpu,
			 uint64_t period)
{
	struct host_vcpu *v = &g->vcpu[vcpu];

	if (period && (period < XN_NSEC_PER_MSEC || period >> 62))
		return -EINVAL;
	v->period = period;
	v->tick = period ? xn_os_now() + period : UINT64_MAX;
	return 0;
}

uint64_t host_time_next(void)
{
	const struct host_guest *g;
	uint64_t next = UINT64_MAX;
	unsigned int i;

	for (g = host_guests; g; g = g->next)
		for (i = 0; i < g->cfg.nr_vcpus; i++) {
			if (g->vcpu[i].singleshot < next)
				next = g->vcpu[i].singleshot;
			if (g->vcpu[i].tick < next)
				next = g->vcpu[i].tick;
		}
	return next;
}

bool host_time_pump(struct host_guest *g)
{
	uint64_t now = xn_os_now();
	bool progress = false;
	unsigned int i;

	for (i = 0; i < g->cfg.nr_vcpus; i++) {
		struct host_vcpu *v = &g->vcpu[i];

		if (v->singleshot <= now) {
			v->singleshot = UINT64_MAX;
			host_virq(g, VIRQ_TIMER, i);
			progress = true;
		}
		if (v->tick <= now) {
			v->tick += v->period;
			host_virq(g, VIRQ_TIMER, i);
			progress = true;
		}
	}
	return progress;
}

/* ---- runstate ---- */

static void time_account(struct vcpu_runstate_info *rs, uint64_t now)
{
	/* A test may set an invalid state. */
	if (rs->state >= 0 && rs->state < (int)XN_ARRAY_SIZE(rs->time))
		rs->time[rs->state] += now - rs->state_entry_time;
}

void host_runstate_show(const struct host_guest *g, unsigned int vcpu)
{
	const struct host_vcpu *v = &g->vcpu[vcpu];
	struct vcpu_runstate_info *to = v->runstate_area;
	struct vcpu_runstate_info rs = v->runstate;
	unsigned int i;

	if (!to)
		return;
	if (g->assists & 1ull << VMASST_TYPE_runstate_update_flag) {
		XN_WRITE_ONCE(to->state_entry_time,
			      to->state_entry_time | XEN_RUNSTATE_UPDATE);
		xn_wmb();
		rs.state_entry_time |= XEN_RUNSTATE_UPDATE;
	}
	XN_WRITE_ONCE(to->state_entry_time, rs.state_entry_time);
	XN_WRITE_ONCE(to->state, rs.state);
	for (i = 0; i < XN_ARRAY_SIZE(rs.time); i++)
		XN_WRITE_ONCE(to->time[i], rs.time[i]);
	xn_wmb();
	XN_WRITE_ONCE(to->state_entry_time, v->runstate.state_entry_time);
}

void host_runstate_set(struct host_guest *g, unsigned int vcpu, int state)
{
	struct vcpu_runstate_info *rs = &g->vcpu[vcpu].runstate;

	time_account(rs, xn_os_now());
	rs->state = state;
	rs->state_entry_time = xn_os_now();
	host_runstate_show(g, vcpu);
}

static long get_runstate(const struct host_guest *g, unsigned int vcpu,
			 struct vcpu_runstate_info *to)
{
	*to = g->vcpu[vcpu].runstate;
	time_account(to, xn_os_now());
	return 0;
}

static long set_area(struct host_guest *g, unsigned int vcpu,
		     struct vcpu_runstate_info *area)
{
	g->vcpu[vcpu].runstate_area = area;
	/* Xen also tries to write to address 0, where nothing is mapped here. */
	if (area)
		*area = g->vcpu[vcpu].runstate;
	return 0;
}

/* Once in a domain's life, as in Xen 4.17. Makes all of its events pending. */
static long set_info(struct host_guest *g, unsigned int vcpu,
		     const struct vcpu_register_vcpu_info *x)
{
	struct host_vcpu *v = &g->vcpu[vcpu];
	uint8_t *page = host_ram(g, x->mfn);

	if (!page)
		page = host_kept(g, x->mfn);
	if (vcpu != host_cpu() || v->info_gfn || !page ||
	    x->offset > XN_PAGE_SIZE - sizeof(*v->info))
		return -EINVAL;
	if (v->info)
		memcpy(page + x->offset, v->info, sizeof(*v->info));
	else
		memset(page + x->offset, 0, sizeof(*v->info));
	v->info = (struct vcpu_info *)(page + x->offset);
	v->info_gfn = x->mfn;
	host_time_update(g, vcpu);
	v->info->evtchn_pending_sel = ~(xen_ulong_t)0;
	v->info->evtchn_upcall_pending = 0;
	host_evtchn_raise(g, vcpu);
	return 0;
}

bool host_time_uses(const struct host_guest *g, const void *page)
{
	unsigned int i;

	for (i = 0; i < g->cfg.nr_vcpus; i++) {
		const void *area = g->vcpu[i].runstate_area;

		if (area >= page && area < page + XN_PAGE_SIZE)
			return true;
	}
	return false;
}

/* ---- hypercalls and guests ---- */

long host_vcpu_op(struct host_guest *g, unsigned int cmd, unsigned int vcpu,
		  void *arg)
{
	bool self = vcpu == host_cpu();

	if (vcpu >= g->cfg.nr_vcpus)
		return -ENOENT;
	switch (cmd) {
	case VCPUOP_is_up:
		return 1;
	case VCPUOP_set_singleshot_timer:
		return self ? set_singleshot(g, vcpu, arg) : -EINVAL;
	case VCPUOP_stop_singleshot_timer:
		g->vcpu[vcpu].singleshot = self ? UINT64_MAX :
					   g->vcpu[vcpu].singleshot;
		return self ? 0 : -EINVAL;
	case VCPUOP_set_periodic_timer:
		if (!((struct vcpu_set_periodic_timer *)arg)->period_ns)
			return -EINVAL;
		return set_periodic(g, vcpu, ((struct vcpu_set_periodic_timer *)
					      arg)->period_ns);
	case VCPUOP_stop_periodic_timer:
		return set_periodic(g, vcpu, 0);
	case VCPUOP_register_vcpu_info:
		return set_info(g, vcpu, arg);
	case VCPUOP_get_runstate_info:
		return get_runstate(g, vcpu, arg);
	case VCPUOP_register_runstate_memory_area:
		return set_area(g, vcpu,
				((struct vcpu_register_runstate_memory_area *)
				 arg)->addr.v);
	default:
		return -ENOSYS;
	}
}

long host_vm_assist(struct host_guest *g, unsigned int cmd, unsigned int type)
{
	if (g->cfg.no_assists || type != VMASST_TYPE_runstate_update_flag)
		return -EINVAL;
	if (cmd == VMASST_CMD_enable)
		g->assists |= 1ull << type;
	else
		g->assists &= ~(1ull << type);
	return 0;
}

void host_time_init(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->cfg.nr_vcpus; i++) {
		g->vcpu[i].singleshot = UINT64_MAX;
		g->vcpu[i].tick = UINT64_MAX;
		g->vcpu[i].runstate.state_entry_time = xn_os_now();
		host_time_update(g, i);
	}
	host_wallclock_set(g, 1000000000, 0);
}

unsigned int host_time_leaks(const struct host_guest *g)
{
	unsigned int i, n = 0;

	for (i = 0; i < g->cfg.nr_vcpus; i++)
		n += (g->vcpu[i].singleshot != UINT64_MAX) +
		     (g->vcpu[i].tick != UINT64_MAX) +
		     !!g->vcpu[i].runstate_area;
	if (n)
		fprintf(stderr, "# leak: %u timers and runstate areas\n", n);
	return n;
}
