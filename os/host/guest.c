// SPDX-License-Identifier: MIT
/*
 * Brings up the core's lower rooms in a simulated guest, in the same order as a
 * kernel. Called by tests.
 */
#include "internal.h"

static void guest_upcall(void *data, unsigned int vcpu)
{
	struct host_xenion *x = data;
	bool was = host_raw(x->host->cfg.raw_upcalls);

	xn_evtchn_upcall(&x->guest.evtchn, vcpu);
	host_raw(was);
}

/* As in an OS layer: the domain's next user finds the ports by these params. */
static void port_moved(void *data, evtchn_port_t from, evtchn_port_t to)
{
	static const unsigned int params[] = {
		HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_EVTCHN,
	};
	unsigned int i;
	uint64_t port;

	for (i = 0; i < XN_ARRAY_SIZE(params); i++)
		if (!xn_hvm_param_get(params[i], &port) && port == from) {
			xn_hvm_param_set(params[i], to);
			return;
		}
}

int host_xenion_load(struct host_xenion *x, const struct xn_evtchn_ops *ops)
{
	unsigned int vcpu;
	int err;

	memset(&x->guest, 0, sizeof(x->guest));
	host_guest_enter(x->host, 0);
	err = xn_vcpus_init(&x->vcpus, xn_os_cpu_count());
	if (err)
		return err;
	err = xn_evtchn_init(&x->guest.evtchn, &x->vcpus, ops);
	if (err)
		goto unmap;
	/* Each vCPU does this itself when it comes up. */
	for (vcpu = 0; !err && vcpu < x->guest.evtchn.nr_vcpus; vcpu++) {
		host_guest_enter(x->host, vcpu);
		err = xn_vcpu_enter(&x->vcpus, vcpu);
	}
	host_guest_enter(x->host, 0);
	if (err)
		goto fini;
	host_guest_set_upcall(x->host, guest_upcall, x);
	err = xn_gnttab_init(&x->guest.gnttab,
			     x->host->cfg.gnttab_wanted);
	if (err)
		goto fini;
	return 0;

fini:
	host_guest_set_upcall(x->host, NULL, NULL);
	xn_evtchn_fini(&x->guest.evtchn, port_moved, NULL);
unmap:
	xn_vcpus_fini(&x->vcpus);
	return err;
}

unsigned int host_xenion_unload(struct host_xenion *x)
{
	unsigned int lost;

	host_guest_enter(x->host, 0);
	lost = xn_gnttab_fini(&x->guest.gnttab);
	host_guest_set_upcall(x->host, NULL, NULL);
	xn_evtchn_fini(&x->guest.evtchn, port_moved, NULL);
	xn_vcpus_fini(&x->vcpus);
	return lost;
}

int host_xenion_start(struct host_xenion *x, const struct host_config *cfg,
		      const struct xn_evtchn_ops *ops)
{
	x->host = host_guest_create(cfg);
	return host_xenion_load(x, ops);
}

int host_xenion_suspend(struct host_xenion *x)
{
	int err = xn_evtchn_suspend(&x->guest.evtchn);

	if (!err)
		xn_gnttab_suspend(&x->guest.gnttab);
	return err;
}

/* The first vCPU maps what is shared, and the others come up after that. */
static int guest_resume_events(struct host_xenion *x)
{
	unsigned int vcpu;
	int err = 0;

	if (!x->mapped)
		err = xn_vcpus_resume(&x->vcpus, true);
	x->mapped = !err;
	for (vcpu = 0; !err && vcpu < x->vcpus.nr; vcpu++) {
		host_guest_enter(x->host, vcpu);
		err = xn_vcpu_enter(&x->vcpus, vcpu);
	}
	host_guest_enter(x->host, 0);
	return err ? err : xn_evtchn_resume(&x->guest.evtchn);
}

/* A step that was done is not done again. */
static int guest_resume_anew(struct host_xenion *x)
{
	int err = x->events ? 0 : guest_resume_events(x);

	x->events = !err;
	if (!err)
		err = xn_gnttab_resume(&x->guest.gnttab, true);
	x->restored = err;
	if (!err) {
		x->mapped = false;
		x->events = false;
	}
	return err;
}

int host_xenion_resume(struct host_xenion *x)
{
	int same;

	if (x->restored)
		return guest_resume_anew(x);
	same = xn_evtchn_survived(&x->guest.evtchn);
	if (same < 0)
		return same;
	return same ? xn_gnttab_resume(&x->guest.gnttab, false) :
		      guest_resume_anew(x);
}

unsigned int host_xenion_stop(struct host_xenion *x)
{
	unsigned int leaks;

	/* Nothing to unload after a start that failed. */
	if (x->vcpus.nr)
		host_xenion_unload(x);
	leaks = host_guest_leaks(x->host);
	host_guest_destroy(x->host);
	return leaks;
}
