// SPDX-License-Identifier: MIT
/*
 * The table of event channels: the handler of each port, and the EVTCHNOP_*
 * that make and close ports (xen-public/event_channel.h). twolevel.c and fifo.c
 * implement how an event is signalled, reset.c how the table ends. Called by
 * the OS layer's interrupt code and by frontends' tests.
 */
#include "port.h"

#define PORTS_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct xn_evtchn_port))
#define PAGES_PER_DIR	(XN_PAGE_SIZE / sizeof(void *))

_Static_assert(PORTS_PER_PAGE * PAGES_PER_DIR * XN_EVTCHN_DIR_PAGES >=
	       XN_EVTCHN_MAX_PORTS, "the directory holds all ports");

/* ---- the table ---- */

static void **page_slot(struct xn_evtchn_table *t, evtchn_port_t port)
{
	unsigned int page = port / PORTS_PER_PAGE;
	void **dir;

	dir = __atomic_load_n(&t->dir[page / PAGES_PER_DIR], __ATOMIC_ACQUIRE);
	return dir ? &dir[page % PAGES_PER_DIR] : NULL;
}

struct xn_evtchn_port *xn_evtchn_port(struct xn_evtchn_table *t,
				      evtchn_port_t port)
{
	struct xn_evtchn_port *page = NULL;
	void **slot;

	if (port >= t->max_ports)
		return NULL;
	slot = page_slot(t, port);
	if (slot)
		page = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	return page ? page + port % PORTS_PER_PAGE : NULL;
}

/* Allocate the page of a slot that has none; may sleep. */
static int fill(struct xn_evtchn_table *t, void **slot)
{
	unsigned long flags;
	void *page;

	if (__atomic_load_n(slot, __ATOMIC_ACQUIRE))
		return 0;
	page = xn_os_page_alloc();
	if (!page)
		return -ENOMEM;
	flags = xn_lock(&t->lock);
	if (!*slot) {
		__atomic_store_n(slot, page, __ATOMIC_RELEASE);
		page = NULL;
	}
	xn_unlock(&t->lock, flags);
	xn_os_page_free(page);
	return 0;
}

int xn_evtchn_table_grow(struct xn_evtchn_table *t, evtchn_port_t port)
{
	unsigned int dir = port / PORTS_PER_PAGE / PAGES_PER_DIR;
	int err = fill(t, &t->dir[dir]);

	return err ? err : fill(t, page_slot(t, port));
}

void xn_evtchn_table_free(struct xn_evtchn_table *t)
{
	unsigned int d, i;

	for (d = 0; d < XN_EVTCHN_DIR_PAGES; d++) {
		void **dir = t->dir[d];

		for (i = 0; dir && i < PAGES_PER_DIR; i++)
			xn_os_page_free(dir[i]);
		xn_os_page_free(dir);
		t->dir[d] = NULL;
	}
}

static bool is_bound(const struct xn_evtchn_port *p)
{
	return p && p->gen & 1;
}

/* ---- upcalls ---- */

void xn_evtchn_dispatch(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	uint32_t gen = p ? __atomic_load_n(&p->gen, __ATOMIC_ACQUIRE) : 0;
	xn_evtchn_fn fn = NULL;
	void *data = NULL;

	if (gen & 1) {
		fn = XN_READ_ONCE(p->fn);
		data = XN_READ_ONCE(p->data);
		xn_rmb();
	}
	/* Unbound, or being unbound just now: nobody wants the event. */
	if (!fn || XN_READ_ONCE(p->gen) != gen) {
		__atomic_fetch_add(&t->spurious, 1, __ATOMIC_RELAXED);
		return;
	}
	xn_stat_inc(XN_STAT_EVENT);
	fn(data, port);
}

unsigned int xn_evtchn_upcall(struct xn_evtchn_table *t, unsigned int vcpu)
{
	if (vcpu >= t->nr_vcpus)
		return 0;
	xn_stat_inc(XN_STAT_UPCALL);
	/* Clear first, then scan: an event after the scan makes an upcall. */
	XN_WRITE_ONCE(t->shared->vcpu_info[vcpu].evtchn_upcall_pending, 0);
	xn_mb();
	return t->ops->upcall(t, vcpu);
}

/* ---- bind and unbind ---- */

static void close_port(evtchn_port_t port)
{
	struct evtchn_close x = { .port = port };
	int err = xn_hc_evtchn(EVTCHNOP_close, &x);

	if (err)
		xn_os_log(XN_WARN,
			  "xenion: event channel %u stays open (error %d)",
			  port, err);
}

static int attach(struct xn_evtchn_table *t, evtchn_port_t port,
		  unsigned int vcpu, unsigned int adopted, xn_evtchn_fn fn,
		  void *data)
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
	flags = xn_lock(&t->lock);
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
		__atomic_store_n(&p->takers, 1u << vcpu, __ATOMIC_RELAXED);
		__atomic_store_n(&p->gen, p->gen + 1, __ATOMIC_RELEASE);
	}
	xn_unlock(&t->lock, flags);
	return err;
}

/* Attach a port that Xen has just made; on failure close it. */
static int attach_new(struct xn_evtchn_table *t, evtchn_port_t port,
		      unsigned int vcpu, xn_evtchn_fn fn, void *data,
		      evtchn_port_t *res)
{
	int err = attach(t, port, vcpu, 0, fn, data);

	if (err)
		close_port(port);
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
	return attach(t, port, x.vcpu, x.status, fn, data);
}

void xn_evtchn_detach(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	unsigned long flags;

	flags = xn_lock(&t->lock);
	if (is_bound(p)) {
		xn_evtchn_hold(t, port, XN_HOLD_UNBOUND);
		__atomic_store_n(&p->gen, p->gen + 1, __ATOMIC_RELAXED);
		/* gen changes before fn and data: see xn_evtchn_dispatch(). */
		xn_wmb();
		p->detached = 1;
	}
	xn_unlock(&t->lock, flags);
}

void xn_evtchn_close(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	unsigned long flags;
	bool close = false;

	flags = xn_lock(&t->lock);
	if (p && p->detached) {
		/* Clear it before Xen can hand out the number again. */
		p->detached = 0;
		close = !p->adopted;
	}
	xn_unlock(&t->lock, flags);
	if (close)
		close_port(port);
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
	flags = xn_lock(&t->lock);
	if (is_bound(p)) {
		/*
		 * During a move both vCPUs may take events: the new one from
		 * just before Xen redirects the port, the old one until it
		 * has handled the last event signalled to it: see twolevel.c.
		 */
		__atomic_fetch_or(&p->takers, 1u << vcpu, __ATOMIC_SEQ_CST);
		err = xn_hc_evtchn(EVTCHNOP_bind_vcpu, &x);
		if (!err)
			__atomic_store_n(&p->vcpu, vcpu, __ATOMIC_SEQ_CST);
		/* No event is pending: the next goes to the new vCPU. */
		if (!err && !t->ops->is_pending(t, port))
			__atomic_store_n(&p->takers, 1u << vcpu,
					 __ATOMIC_SEQ_CST);
	}
	xn_unlock(&t->lock, flags);
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
	flags = xn_lock(&t->lock);
	if (is_bound(p))
		err = xn_hc_evtchn(EVTCHNOP_set_priority, &x);
	xn_unlock(&t->lock, flags);
	return err;
}

/* ---- begin ---- */

static int start(struct xn_evtchn_table *t, const struct xn_evtchn_ops *ops)
{
	t->ops = ops;
	t->max_ports = EVTCHN_2L_NR_CHANNELS;
	return ops->init(t);
}

int xn_evtchn_init(struct xn_evtchn_table *t, struct shared_info *shared,
		   unsigned int nr_vcpus, const struct xn_evtchn_ops *ops)
{
	int err;

	if (!nr_vcpus || nr_vcpus > XN_EVTCHN_MAX_VCPUS)
		return -EINVAL;
	xn_lock_init(&t->lock);
	t->shared = shared;
	t->nr_vcpus = nr_vcpus;
	xn_evtchn_twolevel_mask_all(shared);

	err = start(t, ops ? ops : &xn_evtchn_fifo);
	if (!ops && (err == -ENOSYS || err == -EOPNOTSUPP))
		err = start(t, &xn_evtchn_twolevel);
	return err;
}
