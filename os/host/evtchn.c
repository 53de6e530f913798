// SPDX-License-Identifier: MIT
/*
 * A simulated Xen's event channels: EVTCHNOP_* (xen-public/event_channel.h) in
 * the 2-level and the FIFO ABI, and the ports of other domains.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define BIT(n)		(1u << (n))
#define LONG_BITS	(8 * sizeof(xen_ulong_t))

static evtchn_port_t nr_ports(const struct host_guest *g)
{
	return g->fifo ? EVTCHN_FIFO_NR_CHANNELS : EVTCHN_2L_NR_CHANNELS;
}

static struct host_chan *chan_get(struct host_guest *g, evtchn_port_t port)
{
	if (!port || port >= nr_ports(g) ||
	    g->chan[port].state == EVTCHNSTAT_closed)
		return NULL;
	return &g->chan[port];
}

static bool vcpu_exists(const struct host_guest *g, uint32_t vcpu)
{
	return vcpu < g->cfg.nr_vcpus;
}

/* ---- delivery ---- */

void host_evtchn_raise(struct host_guest *g, unsigned int vcpu)
{
	uint8_t *flag;

	/* In Xen's dummy vcpu_info the flag stays set: nothing clears it. */
	if (!g->vcpu[vcpu].info)
		return;
	flag = &g->vcpu[vcpu].info->evtchn_upcall_pending;
	if (!__atomic_exchange_n(flag, 1, __ATOMIC_SEQ_CST))
		__atomic_store_n(&g->vcpu[vcpu].irq, true, __ATOMIC_SEQ_CST);
}

event_word_t *host_event_word(struct host_guest *g, evtchn_port_t port)
{
	event_word_t *page = g->array[port / HOST_ARRAY_WORDS];

	return page ? page + port % HOST_ARRAY_WORDS : NULL;
}

static uint32_t word_set(event_word_t *w, unsigned int bit)
{
	return __atomic_fetch_or(w, BIT(bit), __ATOMIC_SEQ_CST) & BIT(bit);
}

/* Link @port behind the tail, if the tail is still in the queue. */
static bool link_to(event_word_t *tail, evtchn_port_t port)
{
	event_word_t old = __atomic_load_n(tail, __ATOMIC_SEQ_CST);

	while (old & BIT(EVTCHN_FIFO_LINKED)) {
		event_word_t new = (old & ~EVTCHN_FIFO_LINK_MASK) | port;

		if (__atomic_compare_exchange_n(tail, &old, new, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

static void fifo_link(struct host_guest *g, evtchn_port_t port)
{
	struct host_chan *c = &g->chan[port];
	struct host_vcpu *v = &g->vcpu[c->vcpu];
	evtchn_port_t *tail, *old_tail;

	if (!v->control || word_set(host_event_word(g, port),
				    EVTCHN_FIFO_LINKED))
		return;
	old_tail = &g->vcpu[c->last_vcpu].tail[c->last_priority];
	if (*old_tail == port)
		*old_tail = 0;
	c->last_vcpu = c->vcpu;
	c->last_priority = c->priority;

	tail = &v->tail[c->priority];
	if (!*tail || !link_to(host_event_word(g, *tail), port)) {
		__atomic_store_n(&v->control->head[c->priority], port,
				 __ATOMIC_SEQ_CST);
		if (!word_set(&v->control->ready, c->priority))
			host_evtchn_raise(g, c->vcpu);
	}
	*tail = port;
}

static void twolevel_select(struct host_guest *g, evtchn_port_t port)
{
	unsigned int vcpu = g->chan[port].vcpu;
	xen_ulong_t bit = 1ul << port / LONG_BITS;

	if (g->vcpu[vcpu].info &&
	    !(__atomic_fetch_or(&g->vcpu[vcpu].info->evtchn_pending_sel, bit,
				__ATOMIC_SEQ_CST) & bit))
		host_evtchn_raise(g, vcpu);
}

static void set_pending(struct host_guest *g, evtchn_port_t port)
{
	xen_ulong_t bit = 1ul << port % LONG_BITS;
	event_word_t *w;

	if (!g->fifo) {
		if (__atomic_fetch_or(&g->shared->evtchn_pending[port / LONG_BITS],
				      bit, __ATOMIC_SEQ_CST) & bit)
			return;
		if (!(XN_READ_ONCE(g->shared->evtchn_mask[port / LONG_BITS]) &
		      bit))
			twolevel_select(g, port);
		return;
	}
	w = host_event_word(g, port);
	if (!w) {
		g->chan[port].pending = true;
		return;
	}
	word_set(w, EVTCHN_FIFO_PENDING);
	if (!(XN_READ_ONCE(*w) &
	      (BIT(EVTCHN_FIFO_MASKED) | BIT(EVTCHN_FIFO_LINKED))))
		fifo_link(g, port);
}

static void port_unmask(struct host_guest *g, evtchn_port_t port)
{
	xen_ulong_t bit = 1ul << port % LONG_BITS;
	unsigned int i = port / LONG_BITS;
	event_word_t *w;

	if (!g->fifo) {
		if (__atomic_fetch_and(&g->shared->evtchn_mask[i], ~bit,
				       __ATOMIC_SEQ_CST) & bit &&
		    XN_READ_ONCE(g->shared->evtchn_pending[i]) & bit)
			twolevel_select(g, port);
		return;
	}
	w = host_event_word(g, port);
	if (w && __atomic_and_fetch(w, ~BIT(EVTCHN_FIFO_MASKED),
				    __ATOMIC_SEQ_CST) &
		 BIT(EVTCHN_FIFO_PENDING))
		set_pending(g, port);
}

/* ---- binding ---- */

static evtchn_port_t port_new(struct host_guest *g, uint32_t state,
			      uint32_t vcpu)
{
	evtchn_port_t port;

	for (port = g->first_port; port < nr_ports(g); port++) {
		event_word_t *w = host_event_word(g, port);

		/* A port that is still LINKED is not used again. */
		if (g->chan[port].state != EVTCHNSTAT_closed ||
		    (w && *w & BIT(EVTCHN_FIFO_LINKED)))
			continue;
		g->chan[port] = (struct host_chan){
			.state = state,
			.vcpu = vcpu,
			.priority = EVTCHN_FIFO_PRIORITY_DEFAULT,
			.last_vcpu = g->chan[port].last_vcpu,
			.last_priority = g->chan[port].last_priority,
		};
		if (port > g->top_port)
			g->top_port = port;
		return port;
	}
	return 0;
}

static void connect_port(struct host_guest *g, evtchn_port_t port,
			 struct host_port *p)
{
	g->chan[port].state = EVTCHNSTAT_interdomain;
	g->chan[port].peer = p;
	p->guest_end = port;
}

static struct host_port *remote_new(struct host_guest *g, host_port_fn fn,
				    void *data)
{
	struct host_port *p = calloc(1, sizeof(*p));

	p->guest = g;
	p->number = g->next_remote++;
	p->fn = fn;
	p->data = data;
	p->next = g->ports;
	g->ports = p;
	return p;
}

struct host_port *host_evtchn_toolstack(struct host_guest *g,
					evtchn_port_t *port)
{
	struct host_port *p = remote_new(g, NULL, NULL);

	*port = port_new(g, EVTCHNSTAT_unbound, 0);
	g->chan[*port].toolstack = true;
	connect_port(g, *port, p);
	return p;
}

static long bind_interdomain(struct host_guest *g,
			     struct evtchn_bind_interdomain *x)
{
	struct host_port *p;

	if (x->remote_dom)
		return -ESRCH;
	for (p = g->ports; p && (p->number != x->remote_port || p->closed);
	     p = p->next)
		;
	if (!p || p->guest_end)
		return -EINVAL;
	x->local_port = port_new(g, EVTCHNSTAT_interdomain, 0);
	if (!x->local_port)
		return -ENOSPC;
	connect_port(g, x->local_port, p);
	/* As Xen does, so that an earlier event is not lost. */
	set_pending(g, x->local_port);
	return 0;
}

static bool virq_is_global(uint32_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG &&
	       virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

static long bind_virq(struct host_guest *g, struct evtchn_bind_virq *x)
{
	evtchn_port_t i;

	if (x->virq >= NR_VIRQS || (virq_is_global(x->virq) && x->vcpu))
		return -EINVAL;
	if (!vcpu_exists(g, x->vcpu))
		return -ENOENT;
	for (i = 1; i <= g->top_port; i++)
		if (g->chan[i].state == EVTCHNSTAT_virq &&
		    g->chan[i].virq == x->virq && g->chan[i].vcpu == x->vcpu)
			return -EEXIST;
	x->port = port_new(g, EVTCHNSTAT_virq, x->vcpu);
	if (!x->port)
		return -ENOSPC;
	g->chan[x->port].virq = x->virq;
	return 0;
}

static long bind_ipi(struct host_guest *g, struct evtchn_bind_ipi *x)
{
	if (!vcpu_exists(g, x->vcpu))
		return -ENOENT;
	x->port = port_new(g, EVTCHNSTAT_ipi, x->vcpu);
	return x->port ? 0 : -ENOSPC;
}

static long bind_vcpu(struct host_guest *g, const struct evtchn_bind_vcpu *x)
{
	struct host_chan *c = chan_get(g, x->port);

	if (!vcpu_exists(g, x->vcpu))
		return -ENOENT;
	if (!c || c->state == EVTCHNSTAT_ipi ||
	    (c->state == EVTCHNSTAT_virq && !virq_is_global(c->virq)))
		return -EINVAL;
	c->vcpu = x->vcpu;
	return 0;
}

static long close_port(struct host_guest *g, evtchn_port_t port)
{
	struct host_chan *c = chan_get(g, port);
	event_word_t *w;

	if (!c)
		return -EINVAL;
	if (c->peer)
		c->peer->guest_end = 0;
	c->peer = NULL;
	c->state = EVTCHNSTAT_closed;
	/* A link stays: the guest unlinks ports that are not pending, too. */
	w = g->fifo ? host_event_word(g, port) : NULL;
	if (!g->fifo)
		__atomic_fetch_and(&g->shared->evtchn_pending[port / LONG_BITS],
				   ~(1ul << port % LONG_BITS),
				   __ATOMIC_SEQ_CST);
	else if (w)
		__atomic_fetch_and(w, ~BIT(EVTCHN_FIFO_PENDING),
				   __ATOMIC_SEQ_CST);
	return 0;
}

static long port_send(struct host_guest *g, evtchn_port_t port)
{
	struct host_chan *c = chan_get(g, port);

	if (!c)
		return -EINVAL;
	switch (c->state) {
	case EVTCHNSTAT_interdomain:
		c->peer->pending = true;
		return 0;
	case EVTCHNSTAT_ipi:
		set_pending(g, port);
		return 0;
	case EVTCHNSTAT_unbound:
		return 0;
	default:
		return -EINVAL;
	}
}

static long port_status(struct host_guest *g, struct evtchn_status *x)
{
	struct host_chan *c;

	if (x->dom != DOMID_SELF)
		return -EPERM;
	if (!x->port || x->port >= nr_ports(g))
		return -EINVAL;
	c = &g->chan[x->port];
	x->status = c->state;
	x->vcpu = c->vcpu;
	if (c->state == EVTCHNSTAT_unbound)
		x->u.unbound.dom = c->remote;
	if (c->state == EVTCHNSTAT_virq)
		x->u.virq = c->virq;
	if (c->state == EVTCHNSTAT_interdomain) {
		x->u.interdomain.dom = 0;
		x->u.interdomain.port = c->peer->number;
	}
	return 0;
}

/* ---- the FIFO ABI's own ---- */

static long init_control(struct host_guest *g, struct evtchn_init_control *x)
{
	uint8_t *page = host_ram(g, x->control_gfn);
	struct host_vcpu *v;
	evtchn_port_t port;

	if (g->cfg.no_fifo)
		return -ENOSYS;
	if (!vcpu_exists(g, x->vcpu))
		return -ENOENT;
	v = &g->vcpu[x->vcpu];
	if (v->control || !page || x->offset % 8 ||
	    x->offset > XN_PAGE_SIZE - sizeof(*v->control))
		return -EINVAL;
	v->control = (void *)(page + x->offset);
	v->control_gfn = x->control_gfn;
	x->link_bits = EVTCHN_FIFO_LINK_BITS;
	if (g->fifo)
		return 0;
	/* The first control block switches the domain to the FIFO ABI. */
	for (port = 1; port <= g->top_port; port++)
		g->chan[port].pending =
			g->shared->evtchn_pending[port / LONG_BITS] >>
			port % LONG_BITS & 1;
	g->fifo = true;
	return 0;
}

static long expand_array(struct host_guest *g,
			 const struct evtchn_expand_array *x)
{
	void *page = host_ram(g, x->array_gfn);
	evtchn_port_t port;

	if (!g->fifo)
		return -EOPNOTSUPP;
	if (g->nr_array == HOST_ARRAY_PAGES)
		return -ENOSPC;
	if (!page)
		return -EINVAL;
	port = g->nr_array * HOST_ARRAY_WORDS;
	g->array_gfn[g->nr_array] = x->array_gfn;
	g->array[g->nr_array++] = page;
	for (; port < g->nr_array * HOST_ARRAY_WORDS; port++)
		if (g->chan[port].pending) {
			g->chan[port].pending = false;
			set_pending(g, port);
		}
	return 0;
}

static long set_priority(struct host_guest *g,
			 const struct evtchn_set_priority *x)
{
	struct host_chan *c = chan_get(g, x->port);

	if (!g->fifo)
		return -ENOSYS;
	if (!c || x->priority > EVTCHN_FIFO_PRIORITY_MIN)
		return -EINVAL;
	c->priority = x->priority;
	return 0;
}

static long table_reset(struct host_guest *g, const struct evtchn_reset *x)
{
	evtchn_port_t port;
	unsigned int i;

	if (x->dom != DOMID_SELF)
		return -EPERM;
	for (port = 1; port <= g->top_port; port++)
		close_port(g, port);
	for (i = 0; i < g->cfg.nr_vcpus; i++) {
		g->vcpu[i].control = NULL;
		memset(g->vcpu[i].tail, 0, sizeof(g->vcpu[i].tail));
	}
	memset(g->array, 0, sizeof(g->array));
	g->nr_array = 0;
	g->fifo = false;
	return 0;
}

long host_evtchn_op(struct host_guest *g, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case EVTCHNOP_bind_interdomain:
		return bind_interdomain(g, arg);
	case EVTCHNOP_bind_virq:
		return bind_virq(g, arg);
	case EVTCHNOP_bind_ipi:
		return bind_ipi(g, arg);
	case EVTCHNOP_bind_vcpu:
		return bind_vcpu(g, arg);
	case EVTCHNOP_alloc_unbound: {
		struct evtchn_alloc_unbound *x = arg;

		if (x->dom != DOMID_SELF)
			return -EPERM;
		x->port = port_new(g, EVTCHNSTAT_unbound, 0);
		g->chan[x->port].remote = x->remote_dom == DOMID_SELF ?
					  g->domid : x->remote_dom;
		return x->port ? 0 : -ENOSPC;
	}
	case EVTCHNOP_close:
		return close_port(g, ((struct evtchn_close *)arg)->port);
	case EVTCHNOP_send:
		return port_send(g, ((struct evtchn_send *)arg)->port);
	case EVTCHNOP_status:
		return port_status(g, arg);
	case EVTCHNOP_unmask:
		if (!chan_get(g, ((struct evtchn_unmask *)arg)->port))
			return -EINVAL;
		port_unmask(g, ((struct evtchn_unmask *)arg)->port);
		return 0;
	case EVTCHNOP_init_control:
		return init_control(g, arg);
	case EVTCHNOP_expand_array:
		return expand_array(g, arg);
	case EVTCHNOP_set_priority:
		return set_priority(g, arg);
	case EVTCHNOP_reset:
		return table_reset(g, arg);
	default:
		return -ENOSYS;
	}
}

/* ---- guests ---- */

static void vcpus_place(struct host_guest *g)
{
	unsigned int i;

	for (i = 0; i < XEN_LEGACY_MAX_VCPUS && i < g->cfg.nr_vcpus; i++)
		g->vcpu[i].info = &g->shared->vcpu_info[i];
}

void host_evtchn_restore(struct host_guest *g)
{
	struct host_port *p;

	for (p = g->ports; p; p = p->next) {
		p->guest_end = 0;
		p->pending = false;
		p->closed = true;
	}
	memset(g->chan, 0, (g->top_port + 1) * sizeof(*g->chan));
	memset(g->vcpu, 0, sizeof(g->vcpu));
	memset(g->array, 0, sizeof(g->array));
	g->nr_array = 0;
	g->fifo = false;
	vcpus_place(g);
}

/* The last guest's ports, all closed: allocating so many is slow. */
static struct host_chan *spare;

void host_evtchn_init(struct host_guest *g)
{
	g->chan = spare ? spare : calloc(EVTCHN_FIFO_NR_CHANNELS,
					 sizeof(*g->chan));
	spare = NULL;
	g->first_port = 1;
	g->next_remote = 1;
	vcpus_place(g);
}

void host_evtchn_fini(struct host_guest *g)
{
	while (g->ports) {
		struct host_port *p = g->ports;

		g->ports = p->next;
		free(p);
	}
	free(spare);
	spare = g->chan;
	memset(spare, 0, (g->top_port + 1) * sizeof(*spare));
}

unsigned int host_ports_open(const struct host_guest *g)
{
	unsigned int port, n = 0;

	for (port = 1; port <= g->top_port; port++)
		n += g->chan[port].state != EVTCHNSTAT_closed;
	return n;
}

unsigned int host_evtchn_leaks(struct host_guest *g)
{
	/* The toolstack's two ports remain, perhaps with new numbers. */
	unsigned int n = host_ports_open(g) - 2;

	if (n)
		fprintf(stderr, "# leak: %d event channels\n", (int)n);
	if (g->fifo)
		fprintf(stderr, "# leak: FIFO event channels still in use\n");
	return n + g->fifo;
}

bool host_evtchn_uses(struct host_guest *g, xen_pfn_t gfn)
{
	unsigned int i;

	for (i = 0; i < g->nr_array; i++)
		if (g->array_gfn[i] == gfn)
			return true;
	for (i = 0; i < g->cfg.nr_vcpus; i++)
		if ((g->vcpu[i].control && g->vcpu[i].control_gfn == gfn) ||
		    g->vcpu[i].info_gfn == gfn)
			return true;
	return false;
}

void host_guest_set_upcall(struct host_guest *g,
			   void (*fn)(void *data, unsigned int vcpu),
			   void *data)
{
	g->upcall = fn;
	g->upcall_data = data;
}

bool host_evtchn_pump(struct host_guest *g)
{
	struct host_port *p;
	bool progress = false;
	unsigned int i;

	for (i = 0; i < g->cfg.nr_vcpus; i++) {
		unsigned long flags;

		if (!g->vcpu[i].irq || !g->upcall)
			continue;
		g->vcpu[i].irq = false;
		progress = true;
		host_guest_enter(g, i);
		flags = host_upcalls_disable();
		g->upcall(g->upcall_data, i);
		host_upcalls_restore(flags);
	}
	for (p = g->ports; p; p = p->next) {
		if (!p->pending)
			continue;
		p->pending = false;
		progress = true;
		if (p->fn)
			p->fn(p->data, p);
	}
	return progress;
}

/* ---- the other end ---- */

struct host_port *host_port_offer(struct host_guest *g, host_port_fn fn,
				  void *data)
{
	return remote_new(g, fn, data);
}

struct host_port *host_port_connect(struct host_guest *g, evtchn_port_t port,
				    host_port_fn fn, void *data)
{
	struct host_chan *c = chan_get(g, port);
	struct host_port *p;

	if (!c || c->state != EVTCHNSTAT_unbound || c->remote)
		return NULL;
	p = remote_new(g, fn, data);
	connect_port(g, port, p);
	/* The new end becomes pending, as the guest's end does on a bind. */
	p->pending = true;
	return p;
}

void host_port_set_handler(struct host_port *p, host_port_fn fn, void *data)
{
	p->fn = fn;
	p->data = data;
}

evtchn_port_t host_port_number(const struct host_port *p)
{
	return p->number;
}

evtchn_port_t host_port_guest_end(const struct host_port *p)
{
	return p->guest_end;
}

void host_port_notify(struct host_port *p)
{
	if (p->guest_end)
		set_pending(p->guest, p->guest_end);
}

void host_port_close(struct host_port *p)
{
	if (p->guest_end) {
		struct host_chan *c = &p->guest->chan[p->guest_end];

		c->state = EVTCHNSTAT_unbound;
		c->peer = NULL;
		c->remote = 0;
	}
	p->guest_end = 0;
	p->pending = false;
	p->closed = true;
}

void host_virq(struct host_guest *g, unsigned int virq, unsigned int vcpu)
{
	evtchn_port_t i;

	for (i = 1; i <= g->top_port; i++)
		if (g->chan[i].state == EVTCHNSTAT_virq &&
		    g->chan[i].virq == virq &&
		    (virq_is_global(virq) || g->chan[i].vcpu == vcpu))
			set_pending(g, i);
}

void host_port_first(struct host_guest *g, evtchn_port_t first)
{
	g->first_port = first;
}
