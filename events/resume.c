// SPDX-License-Identifier: MIT
/*
 * Event channels of a guest that is saved, restored or moved. They belong to a
 * domain (xen-public/event_channel.h): a restored guest is in a new one, which
 * has other ports, under the same numbers. After SCHEDOP_shutdown with
 * SHUTDOWN_suspend (xen-public/sched.h) a guest may as well be in its old
 * domain, and is not told. Called by the OS layer.
 */
#include "port.h"

/* ---- is it the same domain? ---- */

int xn_evtchn_suspend(struct xn_evtchn_table *t)
{
	struct evtchn_alloc_unbound x = {
		.dom = DOMID_SELF, .remote_dom = DOMID_SELF,
	};
	int err;

	if (t->marker)
		return 0;
	err = xn_hc_evtchn(EVTCHNOP_alloc_unbound, &x);
	if (err)
		return err;
	if (!x.port)
		return -EIO;
	t->marker = x.port;
	return 0;
}

/*
 * In a new domain the number is free, or the toolstack has made a port of that
 * number, which is for a daemon's domain. Nobody else makes ports for us, and
 * we have made none yet.
 */
int xn_evtchn_survived(struct xn_evtchn_table *t)
{
	struct evtchn_status x = { .dom = DOMID_SELF, .port = t->marker };
	domid_t self;
	int err;

	if (!t->marker)
		return -EINVAL;
	err = xn_hc_evtchn(EVTCHNOP_status, &x);
	/* Never used, or owned by Xen itself. */
	if (err == -EINVAL || err == -EACCES)
		return 0;
	if (!err && x.status != EVTCHNSTAT_unbound)
		return 0;
	if (!err)
		err = xn_domid(&self);
	if (err)
		return err;
	if (x.u.unbound.dom != self)
		return 0;
	xn_evtchn_give_back(t->marker);
	t->marker = 0;
	return 1;
}

/* ---- a new domain ---- */

/* The port's function is called no more, and nothing unmasks the port. */
static void port_lose(struct xn_evtchn_port *p)
{
	if (p->gen & 1 || p->detached) {
		__atomic_fetch_or(&p->holders, XN_HOLD_UNBOUND,
				  __ATOMIC_SEQ_CST);
		p->detached = 1;
		p->lost = 1;
	}
	p->adopted = 0;
	/* In the new domain it was never bound: see note_port(). */
	__atomic_store_n(&p->gen, 0, __ATOMIC_RELAXED);
}

/* Nobody else knows of them. A work makes them again when they are needed. */
static void reliefs_lose(struct xn_evtchn_table *t)
{
	unsigned int i;

	for (i = 0; i < t->vcpus->nr; i++) {
		struct xn_evtchn_vcpu *v = &t->vcpu[i];
		struct xn_evtchn_port *p = xn_evtchn_port(t, v->relief);

		if (v->relief && p) {
			p->detached = 0;
			p->lost = 0;
		}
		v->relief = 0;
		v->left = false;
	}
}

static void ports_lose(struct xn_evtchn_table *t)
{
	unsigned long flags = xn_raw_lock(&t->lock);
	evtchn_port_t port;

	for (port = 1; port <= t->last; port++) {
		struct xn_evtchn_port *p = xn_evtchn_port(t, port);

		if (p)
			port_lose(p);
	}
	reliefs_lose(t);
	xn_raw_unlock(&t->lock, flags);
}

/* The new Xen lacks our ABI. */
static int resume_in_twolevel(struct xn_evtchn_table *t)
{
	const struct xn_evtchn_ops *ops = t->ops;
	evtchn_port_t max_ports = t->max_ports;
	void *priv = t->priv;
	int err = xn_evtchn_fall_back(t);

	if (err) {
		t->ops = ops;
		t->max_ports = max_ports;
		t->priv = priv;
		return err;
	}
	ops->forget(priv);
	return 0;
}

int xn_evtchn_resume(struct xn_evtchn_table *t)
{
	int err;

	xn_work_cancel(&t->relief);
	xn_evtchn_twolevel_mask_all(t->vcpus->shared);
	t->nr_vcpus = t->vcpus->nr;
	/* Once: when this is called again, there may be new ports already. */
	if (t->marker)
		ports_lose(t);
	t->marker = 0;
	err = t->ops->resume(t);
	if (err == -ENOSYS || err == -EOPNOTSUPP)
		err = resume_in_twolevel(t);
	return err;
}
