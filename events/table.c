// SPDX-License-Identifier: MIT
/*
 * The table of event channels: the EVTCHNOP_* that make and close ports
 * (xen-public/event_channel.h), and upcalls. twolevel.c and fifo.c know how an
 * event is signalled, and reset.c saves the toolstack's ports when
 * EVTCHNOP_reset closes all. Called by the OS layer's interrupt code and by
 * tests.
 */
#include "port.h"

_Static_assert(sizeof(struct xn_evtchn_vcpu) * XN_MAX_VCPUS <=
	       XN_PAGE_SIZE, "fits a page");

static bool is_bound(const struct xn_evtchn_port *p)
{
	return p && p->gen & 1;
}

/* ---- bind and unbind ---- */

static int table_attach(struct xn_evtchn_table *t, evtchn_port_t port,
			unsigned int vcpu, unsigned int adopted,
			xn_evtchn_fn fn, void *data)
{
	struct xn_evtchn_port *p;
	unsigned long flags;
	int err;

	if (!port || port >= t->max_ports || vcpu >= t->nr_vcpus)
		return -EINVAL;
	err = xn_evtchn_table_grow(t, port);
	if (!err)
		err = t->ops->grow(t, port);
	if (err)
		return err;
	p = xn_evtchn_port(t, port);
	flags = xn_raw_lock(&t->lock);
	if (is_bound(p) || p->detached) {
		err = -EBUSY;
	} else {
		__atomic_store_n(&p->holders, XN_HOLD_OWNER, __ATOMIC_SEQ_CST);
		t->ops->mask(t, port);
		XN_WRITE_ONCE(p->fn, fn);
		XN_WRITE_ONCE(p->data, data);
		p->vcpu = vcpu;
		p->adopted = adopted;
		if (t->last < port)
			t->last = port;
		if (t->ops->place)
			t->ops->place(t, port);
		__atomic_store_n(&p->gen, p->gen + 1, __ATOMIC_RELEASE);
	}
	xn_raw_unlock(&t->lock, flags);
	return err;
}

/* Attach a port that Xen has just made; on failure close it. */
static int attach_new(struct xn_evtchn_table *t, evtchn_port_t port,
		      unsigned int vcpu, xn_evtchn_fn fn, void *data,
		      evtchn_port_t *res)
{
	int err = table_attach(t, port, vcpu, 0, fn, data);

	if (err)
		xn_evtchn_give_back(port);
	else
		*res = port;
	return err;
}

int xn_evtchn_bind_interdomain(struct xn_evtchn_table *t, domid_t remote,
			       evtchn_port_t remote_port, xn_evtchn_fn fn,
			       void *data, evtchn_port_t *port)
{
	struct evtchn_bind_interdomain x = {
		.remote_dom = remote, .remote_port = remote_port,
	};
	int err = xn_hc_evtchn(EVTCHNOP_bind_interdomain, &x);

	return err ? err : attach_new(t, x.local_port, 0, fn, data, port);
}

int xn_evtchn_bind_unbound(struct xn_evtchn_table *t, domid_t remote,
			   xn_evtchn_fn fn, void *data, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound x = {
		.dom = DOMID_SELF, .remote_dom = remote,
	};
	int err = xn_hc_evtchn(EVTCHNOP_alloc_unbound, &x);

	return err ? err : attach_new(t, x.port, 0, fn, data, port);
}

int xn_evtchn_bind_virq(struct xn_evtchn_table *t, unsigned int virq,
			unsigned int vcpu, xn_evtchn_fn fn, void *data,
			evtchn_port_t *port)
{
	struct evtchn_bind_virq x = { .virq = virq, .vcpu = vcpu };
	int err = xn_hc_evtchn(EVTCHNOP_bind_virq, &x);

	return err ? err : attach_new(t, x.port, vcpu, fn, data, port);
}

int xn_evtchn_bind_ipi(struct xn_evtchn_table *t, unsigned int vcpu,
		       xn_evtchn_fn fn, void *data, evtchn_port_t *port)
{
	struct evtchn_bind_ipi x = { .vcpu = vcpu };
	int err = xn_hc_evtchn(EVTCHNOP_bind_ipi, &x);

	return err ? err : attach_new(t, x.port, vcpu, fn, data, port);
}

int xn_evtchn_adopt(struct xn_evtchn_table *t, evtchn_port_t port,
		    xn_evtchn_fn fn, void *data)
{
	struct evtchn_status x = { .dom = DOMID_SELF, .port = port };
	int err;

	if (!port || port >= t->max_ports)
		return -EINVAL;
	err = xn_hc_evtchn(EVTCHNOP_status, &x);
	if (err)
		return err;
	if (x.status != EVTCHNSTAT_interdomain &&
	    x.status != EVTCHNSTAT_unbound)
		return -EINVAL;
	return table_attach(t, port, x.vcpu, x.status, fn, data);
}

void xn_evtchn_detach(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	unsigned long flags;

	flags = xn_raw_lock(&t->lock);
	if (is_bound(p)) {
		xn_evtchn_hold(t, port, XN_HOLD_UNBOUND);
		__atomic_store_n(&p->gen, p->gen + 1, __ATOMIC_RELAXED);
		/* gen changes before fn and data: see xn_evtchn_dispatch(). */
		xn_wmb();
		p->detached = 1;
	}
	xn_raw_unlock(&t->lock, flags);
}

void xn_evtchn_close(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	unsigned long flags;
	bool close = false;

	flags = xn_raw_lock(&t->lock);
	if (p && p->detached) {
		/* Clear it before Xen can hand out the number again. */
		p->detached = 0;
		close = !p->adopted && !p->lost;
		p->lost = 0;
	}
	xn_raw_unlock(&t->lock, flags);
	if (close)
		xn_evtchn_give_back(port);
}

void xn_evtchn_unbind(struct xn_evtchn_table *t, evtchn_port_t port)
{
	xn_evtchn_detach(t, port);
	xn_evtchn_close(t, port);
}

int xn_evtchn_move(struct xn_evtchn_table *t, evtchn_port_t port,
		   unsigned int vcpu)
{
	struct evtchn_bind_vcpu x = { .port = port, .vcpu = vcpu };
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	unsigned long flags;
	int err = -EINVAL;

	if (vcpu >= t->nr_vcpus)
		return -EINVAL;
	flags = xn_raw_lock(&t->lock);
	if (is_bound(p) && p->vcpu == vcpu) {
		err = 0;
	} else if (is_bound(p)) {
		/*
		 * During a move both vCPUs may take events, the new one from
		 * just before Xen redirects the port: see twolevel.c.
		 */
		if (t->ops->move)
			t->ops->move(t, port, vcpu);
		err = xn_hc_evtchn(EVTCHNOP_bind_vcpu, &x);
		if (!err)
			__atomic_store_n(&p->vcpu, vcpu, __ATOMIC_SEQ_CST);
		if (t->ops->moved)
			t->ops->moved(t, port);
	}
	xn_raw_unlock(&t->lock, flags);
	return err;
}

int xn_evtchn_set_priority(struct xn_evtchn_table *t, evtchn_port_t port,
			   unsigned int priority)
{
	struct evtchn_set_priority x = { .port = port, .priority = priority };
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	unsigned long flags;
	int err = -EINVAL;

	if (!t->ops->priorities)
		return -EOPNOTSUPP;
	flags = xn_raw_lock(&t->lock);
	if (is_bound(p))
		err = xn_hc_evtchn(EVTCHNOP_set_priority, &x);
	xn_raw_unlock(&t->lock, flags);
	return err;
}

/* ---- what an upcall leaves ---- */

/* If the relief port cannot be made or used, try again after this time. */
#define RELIEF_RETRY_NS	(10 * XN_NSEC_PER_MSEC)

static void relief_event(void *data, evtchn_port_t port)
{
	/* The upcall was all that is wanted. */
}

static int relief_bind(struct xn_evtchn_table *t, unsigned int vcpu)
{
	evtchn_port_t *port = &t->vcpu[vcpu].relief;
	int err;

	if (*port)
		return 0;
	err = xn_evtchn_bind_ipi(t, vcpu, relief_event, NULL, port);
	if (err)
		return err;
	if (t->ops->priorities)
		err = xn_evtchn_set_priority(t, *port,
					     EVTCHN_FIFO_PRIORITY_MAX);
	if (err) {
		xn_evtchn_unbind(t, *port);
		*port = 0;
		return err;
	}
	xn_evtchn_unmask(t, *port);
	return 0;
}

static void relief_fn(struct xn_work *work)
{
	struct xn_evtchn_table *t = xn_container_of(work,
						    struct xn_evtchn_table,
						    relief);
	unsigned int i;

	for (i = 0; i < t->nr_vcpus; i++) {
		struct xn_evtchn_vcpu *v = &t->vcpu[i];

		if (!__atomic_exchange_n(&v->left, false, __ATOMIC_SEQ_CST))
			continue;
		if (relief_bind(t, i) || xn_evtchn_send(v->relief)) {
			__atomic_store_n(&v->left, true, __ATOMIC_SEQ_CST);
			xn_work_schedule(work, RELIEF_RETRY_NS);
		}
	}
}

static void relief_fini(struct xn_evtchn_table *t)
{
	unsigned int i;

	xn_work_cancel(&t->relief);
	for (i = 0; i < t->nr_vcpus; i++)
		if (t->vcpu[i].relief)
			xn_evtchn_unbind(t, t->vcpu[i].relief);
}

unsigned int xn_evtchn_upcall(struct xn_evtchn_table *t, unsigned int vcpu)
{
	struct vcpu_info *info;
	unsigned int events;
	bool more = false;

	if (vcpu >= t->nr_vcpus)
		return 0;
	info = __atomic_load_n(&t->vcpus->info[vcpu], __ATOMIC_ACQUIRE);
	if (!info)
		return 0;
	xn_stat_inc(XN_STAT_UPCALL);
	/* Before we look for events, so that a later one makes an upcall. */
	XN_WRITE_ONCE(info->evtchn_upcall_pending, 0);
	xn_mb();
	events = t->ops->upcall(t, vcpu, &more);
	/*
	 * Xen makes no upcall for events that it has signalled already. So the
	 * events that are left need one more event, on this vCPU and of a
	 * priority that nobody else uses. A work makes its port, not an upcall.
	 */
	if (__builtin_expect(more, 0)) {
		__atomic_store_n(&t->vcpu[vcpu].left, true, __ATOMIC_SEQ_CST);
		xn_work_schedule(&t->relief, 0);
	}
	return events;
}

/* ---- begin and end ---- */

static void vcpus_free(struct xn_evtchn_table *t)
{
	xn_os_page_free(t->vcpu);
	t->vcpu = NULL;
}

static int table_start(struct xn_evtchn_table *t,
		       const struct xn_evtchn_ops *ops)
{
	t->ops = ops;
	t->max_ports = EVTCHN_2L_NR_CHANNELS;
	return ops->init(t);
}

int xn_evtchn_fall_back(struct xn_evtchn_table *t)
{
	return table_start(t, &xn_evtchn_twolevel);
}

int xn_evtchn_init(struct xn_evtchn_table *t, const struct xn_vcpus *vcpus,
		   const struct xn_evtchn_ops *ops)
{
	int err;

	xn_raw_lock_init(&t->lock);
	t->vcpus = vcpus;
	t->nr_vcpus = vcpus->nr;
	xn_work_init(&t->relief, relief_fn);
	t->vcpu = xn_os_page_alloc();
	if (!t->vcpu)
		return -ENOMEM;
	xn_evtchn_twolevel_mask_all(vcpus->shared);

	err = table_start(t, ops ? ops : &xn_evtchn_fifo);
	if (!ops && (err == -ENOSYS || err == -EOPNOTSUPP))
		err = xn_evtchn_fall_back(t);
	if (err)
		vcpus_free(t);
	return err;
}

void xn_evtchn_fini(struct xn_evtchn_table *t,
		    void (*moved)(void *data, evtchn_port_t from,
				  evtchn_port_t to),
		    void *data)
{
	relief_fini(t);
	xn_evtchn_leave(t, moved, data);
	vcpus_free(t);
}
