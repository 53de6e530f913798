// SPDX-License-Identifier: MIT
/*
 * The FIFO event-channel ABI: one word per port in an array that the guest
 * provides, queues of ports linked through these words, one per priority and
 * vCPU, whose heads are in the vCPU's control block (EVTCHN_FIFO_* and struct
 * evtchn_fifo_control_block in xen-public/event_channel.h; the design is in
 * Xen's docs/designs, "event channels, FIFO-based ABI"). Called by table.c.
 *
 * Ownership of the bits: Xen sets PENDING, LINKED, BUSY and the link. The guest
 * sets and clears MASKED, clears PENDING, and clears LINKED together with the
 * link, which takes the port off its queue; it must not clear MASKED while BUSY
 * is set. A LINKED port stays on its queue even if it is moved or closed: the
 * upcall may find such a port there.
 */
#include "port.h"

#define PENDING		(1u << EVTCHN_FIFO_PENDING)
#define MASKED		(1u << EVTCHN_FIFO_MASKED)
#define LINKED		(1u << EVTCHN_FIFO_LINKED)
#define BUSY		(1u << EVTCHN_FIFO_BUSY)
#define LINK		((event_word_t)EVTCHN_FIFO_LINK_MASK)

#define WORDS_PER_PAGE	(XN_PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES	(XN_EVTCHN_MAX_PORTS / WORDS_PER_PAGE)

/*
 * The most ports that one upcall takes off the queues. A port is on at most one
 * queue, once: only events that arrive during the upcall can exceed the number
 * of ports.
 */
#define BUDGET		1024u

/* Attempts to clear MASKED before EVTCHNOP_unmask does it. */
#define UNMASK_TRIES	8

/* Control blocks share a page, a cache line or two for each. */
#define CONTROL_SIZE	128u
#define GROUP		(XN_PAGE_SIZE / CONTROL_SIZE)
#define GROUPS		(XN_MAX_VCPUS / GROUP)

struct fifo_vcpu {
	struct evtchn_fifo_control_block *control;
	uint32_t ready;			/* bitmap of the queues with ports */
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];	/* next port; 0: control's */
};

struct fifo {
	/* A page serves GROUP vCPUs. NULL: there are no such vCPUs. */
	uint8_t *control[GROUPS];	/* control blocks */
	struct fifo_vcpu *vcpu[GROUPS];
	uint32_t nr_array;		/* pages that Xen has */
	/* With those that Xen does not have, or no longer: it gets them next. */
	event_word_t *array[ARRAY_PAGES];
};

_Static_assert(sizeof(struct fifo) <= XN_PAGE_SIZE, "fits a page");
_Static_assert(sizeof(struct fifo_vcpu) * GROUP <= XN_PAGE_SIZE, "fits a page");
_Static_assert(sizeof(struct evtchn_fifo_control_block) <= CONTROL_SIZE,
	       "fits its share");

/* The word of a port. NULL: we have given Xen no page with it. */
static event_word_t *word_of(struct fifo *f, evtchn_port_t port)
{
	if (port / WORDS_PER_PAGE >=
	    __atomic_load_n(&f->nr_array, __ATOMIC_ACQUIRE))
		return NULL;
	return f->array[port / WORDS_PER_PAGE] + port % WORDS_PER_PAGE;
}

static event_word_t word_clear(event_word_t *w, event_word_t bits)
{
	return __atomic_fetch_and(w, ~bits, __ATOMIC_SEQ_CST);
}

static void word_set(event_word_t *w, event_word_t bits)
{
	__atomic_fetch_or(w, bits, __ATOMIC_SEQ_CST);
}

/* ---- one port ---- */

static void fifo_clear(struct xn_evtchn_table *t, evtchn_port_t port)
{
	event_word_t *w = word_of(t->priv, port);

	if (w)
		word_clear(w, PENDING);
}

static bool fifo_is_pending(struct xn_evtchn_table *t, evtchn_port_t port)
{
	event_word_t *w = word_of(t->priv, port);

	return w && XN_READ_ONCE(*w) & PENDING;
}

static void fifo_set_pending(struct xn_evtchn_table *t, evtchn_port_t port)
{
	event_word_t *w = word_of(t->priv, port);

	if (w)
		word_set(w, PENDING);
}

static void fifo_mask(struct xn_evtchn_table *t, evtchn_port_t port)
{
	event_word_t *w = word_of(t->priv, port);

	if (w)
		word_set(w, MASKED);
}

static bool fifo_is_masked(struct xn_evtchn_table *t, evtchn_port_t port)
{
	event_word_t *w = word_of(t->priv, port);

	return !w || XN_READ_ONCE(*w) & MASKED;
}

/*
 * Returns: false if Xen has to unmask the port, because an event is pending or
 * the word keeps changing.
 */
static bool unmask_alone(event_word_t *w)
{
	event_word_t old = XN_READ_ONCE(*w);
	unsigned int tries;

	for (tries = 0; tries < UNMASK_TRIES; tries++) {
		if (!(old & MASKED))
			return true;
		if (old & PENDING)
			return false;
		old &= ~BUSY;
		if (__atomic_compare_exchange_n(w, &old, old & ~MASKED, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

static void fifo_unmask(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct evtchn_unmask x = { .port = port };
	event_word_t *w = word_of(t->priv, port);

	if (w && !unmask_alone(w))
		xn_hc_evtchn(EVTCHNOP_unmask, &x);
}

/* ---- upcall ---- */

/*
 * Take the first port off a queue and dispatch its event, unless it is masked
 * or has none. Returns false when the queue is empty or invalid. The host
 * writes links and heads: a port without a word, or that is not LINKED, ends
 * the queue. A loop of links ends too: each step clears the LINKED that the
 * next needs.
 */
static bool fifo_consume(struct xn_evtchn_table *t, struct fifo_vcpu *v,
			 unsigned int queue, unsigned int *events)
{
	evtchn_port_t port = v->head[queue];
	event_word_t *w, old;

	if (!port)
		port = XN_READ_ONCE(v->control->head[queue]);
	v->head[queue] = 0;
	if (!port)
		return false;
	w = word_of(t->priv, port);
	old = w ? word_clear(w, LINKED | LINK) : 0;
	if (!(old & LINKED)) {
		xn_stat_inc(XN_STAT_REFUSED);
		return false;
	}
	v->head[queue] = old & LINK;
	if (old & PENDING && !(old & MASKED) &&
	    word_clear(w, PENDING) & PENDING) {
		xn_evtchn_dispatch(t, port);
		++*events;
	}
	return v->head[queue];
}

/* Queues that are not empty, including those that Xen has just reported. */
static uint32_t fifo_look(struct fifo_vcpu *v)
{
	if (XN_READ_ONCE(v->control->ready))
		v->ready |= __atomic_exchange_n(&v->control->ready, 0,
						__ATOMIC_SEQ_CST) &
			    ((1u << EVTCHN_FIFO_MAX_QUEUES) - 1);
	return v->ready;
}

static unsigned int fifo_upcall(struct xn_evtchn_table *t, unsigned int vcpu,
				bool *more)
{
	struct fifo *f = t->priv;
	struct fifo_vcpu *v = &f->vcpu[vcpu / GROUP][vcpu % GROUP];
	unsigned int events = 0, budget = BUDGET;

	for (; budget && fifo_look(v); budget--) {
		unsigned int queue = __builtin_ctz(v->ready);

		if (!fifo_consume(t, v, queue, &events))
			v->ready &= ~(1u << queue);
	}
	/* Xen makes no upcall for a queue that is not empty. */
	*more = v->ready;
	return events;
}

/* ---- begin, grow, end ---- */

static void free_all(struct fifo *f)
{
	unsigned int i;

	for (i = 0; i < ARRAY_PAGES; i++)
		xn_os_page_free(f->array[i]);
	for (i = 0; i < GROUPS; i++) {
		xn_os_page_free(f->vcpu[i]);
		xn_os_page_free(f->control[i]);
	}
	xn_os_page_free(f);
}

/* The pages of the group that begins with @vcpu. */
static int init_group(struct fifo *f, unsigned int vcpu)
{
	unsigned int group = vcpu / GROUP;

	/* After a resume they are there. */
	if (!f->control[group])
		f->control[group] = xn_os_page_alloc();
	if (!f->vcpu[group])
		f->vcpu[group] = xn_os_page_alloc();
	return f->control[group] && f->vcpu[group] ? 0 : -ENOMEM;
}

static int init_control(struct fifo *f, unsigned int vcpu)
{
	uint8_t *page = f->control[vcpu / GROUP];
	struct evtchn_init_control x = {
		.control_gfn = xn_os_gfn(page),
		.offset = vcpu % GROUP * CONTROL_SIZE,
		.vcpu = vcpu,
	};
	int err = xn_hc_evtchn(EVTCHNOP_init_control, &x);

	if (!err)
		f->vcpu[vcpu / GROUP][vcpu % GROUP].control =
			(void *)(page + x.offset);
	return err;
}

/*
 * Register the control blocks. The first call switches the domain to this ABI,
 * which only a reset of all ports can undo. A failure of a later call therefore
 * only limits the number of vCPUs that get events.
 */
static int init_controls(struct xn_evtchn_table *t, struct fifo *f)
{
	unsigned int i;
	int err;

	for (i = 0; i < t->nr_vcpus; i++) {
		err = i % GROUP ? 0 : init_group(f, i);
		if (!err)
			err = init_control(f, i);
		/* -EINVAL for vCPU 0: it already has a control block. */
		if (err && !i)
			return err == -EINVAL ? -EEXIST : err;
		if (err) {
			if (err != -ENOENT)
				xn_os_log(XN_WARN,
					  "xenion: no events for vCPU %u and higher (error %d)",
					  i, err);
			t->nr_vcpus = i;
			break;
		}
	}
	return 0;
}

/* The queues of the group's vCPUs are empty. */
static void clear_group(struct fifo *f, unsigned int group)
{
	unsigned int i;

	memset(f->control[group], 0, XN_PAGE_SIZE);
	for (i = 0; i < GROUP; i++) {
		f->vcpu[group][i].ready = 0;
		memset(f->vcpu[group][i].head, 0,
		       sizeof(f->vcpu[group][i].head));
	}
}

/*
 * In a new domain Xen knows neither control blocks nor array pages. The former
 * are registered now, the latter when a port in them is bound: until then
 * word_of() finds none.
 */
static int fifo_resume(struct xn_evtchn_table *t)
{
	struct fifo *f = t->priv;
	unsigned int i;

	__atomic_store_n(&f->nr_array, 0, __ATOMIC_RELEASE);
	for (i = 0; i < GROUPS; i++)
		if (f->control[i] && f->vcpu[i])
			clear_group(f, i);
	return init_controls(t, f);
}

static void fifo_forget(void *priv)
{
	free_all(priv);
}

static int fifo_init(struct xn_evtchn_table *t)
{
	struct fifo *f = xn_os_page_alloc();
	int err;

	if (!f)
		return -ENOMEM;
	err = init_controls(t, f);
	if (err) {
		free_all(f);
		return err;
	}
	t->max_ports = XN_EVTCHN_MAX_PORTS;
	t->priv = f;
	return 0;
}

/* Give Xen one more page of words. Each port in it is masked until bound. */
static int fifo_expand(struct xn_evtchn_table *t, struct fifo *f)
{
	uint32_t nr = __atomic_load_n(&f->nr_array, __ATOMIC_ACQUIRE);
	struct evtchn_expand_array x;
	unsigned long flags;
	unsigned int i;
	int err;

	if (nr == ARRAY_PAGES)
		return -ENOSPC;
	err = xn_evtchn_fill(t, (void **)&f->array[nr]);
	if (err)
		return err;
	x.array_gfn = xn_os_gfn(f->array[nr]);

	flags = xn_raw_lock(&t->lock);
	/* Another CPU may have given Xen this page meanwhile. */
	if (f->nr_array == nr) {
		for (i = 0; i < WORDS_PER_PAGE; i++)
			f->array[nr][i] = MASKED;
		err = xn_hc_evtchn(EVTCHNOP_expand_array, &x);
		if (!err)
			__atomic_store_n(&f->nr_array, nr + 1,
					 __ATOMIC_RELEASE);
	}
	xn_raw_unlock(&t->lock, flags);
	return err;
}

static int fifo_grow(struct xn_evtchn_table *t, evtchn_port_t port)
{
	int err = 0;

	while (!err && !word_of(t->priv, port))
		err = fifo_expand(t, t->priv);
	return err;
}

static int fifo_fini(struct xn_evtchn_table *t)
{
	struct evtchn_reset x = { .dom = DOMID_SELF };
	struct fifo *f = t->priv;
	int err;

	err = xn_hc_evtchn(EVTCHNOP_reset, &x);
	if (err)
		xn_os_log(XN_ERR,
			  "xenion: Xen does not let go of the FIFO event channels (error %d): %u pages are lost",
			  err, f->nr_array + 1);
	else
		free_all(f);
	t->priv = NULL;
	return err;
}

const struct xn_evtchn_ops xn_evtchn_fifo = {
	.name		= "FIFO",
	.resets		= true,
	.priorities	= true,
	.init		= fifo_init,
	.fini		= fifo_fini,
	.resume		= fifo_resume,
	.forget		= fifo_forget,
	.grow		= fifo_grow,
	.clear		= fifo_clear,
	.is_pending	= fifo_is_pending,
	.set_pending	= fifo_set_pending,
	.mask		= fifo_mask,
	.is_masked	= fifo_is_masked,
	.unmask		= fifo_unmask,
	.upcall		= fifo_upcall,
};
