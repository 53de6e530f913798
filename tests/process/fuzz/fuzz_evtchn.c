// SPDX-License-Identifier: MIT
/*
 * Event channels in both ABIs (xen-public/event_channel.h): the hypervisor
 * writes shared info and, with the FIFO ABI, the event words and control
 * blocks, which are the guest's pages, at any time, also while an event is
 * handled. Events of ports that are not bound are dropped; an upcall is
 * bounded; and when the hypervisor behaves again, all events are handled again.
 *
 * Input: which ABI, then what guest and hypervisor do.
 */
#include "fuzz.h"

#define NR_SLOTS	12u
#define NR_VCPUS	2u
#define LAST_PORT	2100u	/* on the third page of words */

#define LINKED		(1u << EVTCHN_FIFO_LINKED)
#define MASKED		(1u << EVTCHN_FIFO_MASKED)

enum op {
	OP_BIND, OP_BIND_IPI, OP_UNBIND, OP_MASK, OP_UNMASK, OP_MOVE,
	OP_PRIORITY, OP_SEND, OP_CLEAR, OP_FIRST,
	/* From here on, the hypervisor's; also while an event is handled. */
	OP_NOTIFY, OP_RAISE, OP_WORD, OP_HEAD, OP_READY, OP_LOOP, OP_SHARED,
	OP_PUMP, OP_TIME,
	OP_STORM,	/* each event causes the next one, many times */
	NR_OPS
};

struct slot {
	bool bound, ipi, masked;
	evtchn_port_t port;
	struct host_port *peer;
	unsigned int events;
};

static struct {
	struct host_xenion x;
	struct xn_evtchn_table *e;
	struct slot slot[NR_SLOTS];
	bool fifo;
	bool lied;			/* about what is masked */
	unsigned int handling, events, storm;
} t;

/* ---- the hypervisor ---- */

static event_word_t *word(void)
{
	uint16_t n = fuzz_u16();
	const struct slot *s = &t.slot[n % NR_SLOTS];

	return host_event_word(t.x.host, n & 0x8000 && s->port ? s->port :
			       n % LAST_PORT);
}

/* Links the words of up to four ports in a circle, or one to itself. */
static void loop(void)
{
	unsigned int n = fuzz_below(4) + 1, i;
	evtchn_port_t port[4];

	for (i = 0; i < n; i++)
		port[i] = t.slot[fuzz_below(NR_SLOTS)].port;
	for (i = 0; i < n; i++) {
		event_word_t *w = host_event_word(t.x.host, port[i]);

		if (w)
			*w = 1u << EVTCHN_FIFO_PENDING | LINKED |
			     port[(i + 1) % n];
	}
}

static void fifo_op(enum op op)
{
	unsigned int queue = fuzz_below(EVTCHN_FIFO_MAX_QUEUES);
	struct evtchn_fifo_control_block *c =
		t.x.host->vcpu[fuzz_below(NR_VCPUS)].control;
	event_word_t *w, value;

	switch (op) {
	case OP_WORD:
		w = word();
		value = (uint32_t)fuzz_u8() << 24;
		value |= fuzz_number() & EVTCHN_FIFO_LINK_MASK;
		if (w)
			*w = value;
		break;
	case OP_HEAD:
		c->head[queue] = fuzz_below(4) ? t.slot[queue % NR_SLOTS].port :
						 fuzz_number();
		break;
	case OP_READY:
		c->ready |= 1u << queue | (fuzz_below(4) ? 0 : fuzz_u32());
		break;
	default:
		loop();
		break;
	}
}

static void shared_op(void)
{
	struct shared_info *s = t.x.host->shared;
	unsigned int n = fuzz_u8(), what = n & 3, at = n >> 2 & 7;

	if (what == 0)
		s->evtchn_pending[at] ^= fuzz_u64();
	else if (what == 1)
		s->evtchn_mask[at] ^= fuzz_u64();
	else if (what == 2)
		s->vcpu_info[at % NR_VCPUS].evtchn_pending_sel ^= fuzz_u64();
	else
		s->vcpu_info[at % NR_VCPUS].evtchn_upcall_pending = fuzz_u8();
}

static void host_op(enum op op)
{
	struct slot *s;

	t.lied |= op == OP_WORD || op == OP_LOOP || op == OP_SHARED;
	switch (op) {
	case OP_NOTIFY:
		s = &t.slot[fuzz_below(NR_SLOTS)];
		if (s->peer)
			host_port_notify(s->peer);
		break;
	case OP_RAISE:
		t.x.host->vcpu[fuzz_below(NR_VCPUS)].irq = true;
		break;
	case OP_SHARED:
		shared_op();
		break;
	default:
		if (t.fifo)
			fifo_op(op);
		break;
	}
}

/* ---- the guest ---- */

/* Keeps the queue from ending: links the other port's word to this one. */
static void storm(struct slot *s)
{
	struct slot *other = &t.slot[s == &t.slot[0]];
	event_word_t *w = t.fifo ? host_event_word(t.x.host, other->port) :
				   NULL;

	t.storm--;
	if (w)
		*w = 1u << EVTCHN_FIFO_PENDING | LINKED | s->port;
	else if (!t.fifo && s->peer)
		host_port_notify(s->peer);
}

/*
 * Resets Xen's side: all queues are empty, and all ports are masked except
 * IPIs, one of which the guest may use to go on after too many events.
 */
static void repair(void)
{
	struct host_guest *g = t.x.host;
	struct shared_info *s = g->shared;
	evtchn_port_t port;
	unsigned int i;

	t.lied = true;
	for (port = 1; t.fifo && port < g->nr_array * HOST_ARRAY_WORDS; port++)
		*host_event_word(g, port) =
			g->chan[port].state == EVTCHNSTAT_ipi ? 0 : MASKED;
	for (i = 0; i < NR_VCPUS; i++) {
		if (t.fifo) {
			memset(g->vcpu[i].control, 0,
			       sizeof(*g->vcpu[i].control));
			memset(g->vcpu[i].tail, 0, sizeof(g->vcpu[i].tail));
		}
		s->vcpu_info[i].evtchn_pending_sel = 0;
		s->vcpu_info[i].evtchn_upcall_pending = 0;
		g->vcpu[i].irq = true;
	}
	memset(s->evtchn_pending, 0, sizeof(s->evtchn_pending));
	memset(s->evtchn_mask, 0xff, sizeof(s->evtchn_mask));
	fuzz_bound();
	host_run(XN_NSEC_PER_SEC);
}

static void storm_begin(void)
{
	struct evtchn_fifo_control_block *c = t.x.host->vcpu[0].control;
	struct slot *s = &t.slot[0];

	repair();
	t.storm = fuzz_u8() * 16;
	if (!t.fifo || !s->bound || !t.slot[1].bound)
		return;
	fuzz_bound();
	*host_event_word(t.x.host, s->port) = 1u << EVTCHN_FIFO_PENDING |
					      LINKED | t.slot[1].port;
	c->head[EVTCHN_FIFO_PRIORITY_DEFAULT] = s->port;
	c->ready |= 1u << EVTCHN_FIFO_PRIORITY_DEFAULT;
	t.x.host->vcpu[0].irq = true;
	/* All of them are handled soon. */
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(t.storm, 0);
}

static void event(void *data, evtchn_port_t port)
{
	struct slot *s = data;

	assert_true(s->bound && s->port == port);
	assert_int_equal(t.handling, 0);
	assert_true(t.lied || !s->masked);
	s->events++;
	t.events++;
	t.handling++;
	/* The first two ports keep a storm going. */
	if (t.storm && s < &t.slot[2])
		storm(s);
	else if (fuzz_left() && fuzz_below(2))
		host_op(OP_NOTIFY + fuzz_below(OP_PUMP - OP_NOTIFY));
	t.handling--;
}

static void bind(struct slot *s, bool ipi)
{
	int err;

	if (s->bound)
		return;
	s->bound = true;
	s->masked = true;
	s->ipi = ipi;
	s->port = 0;
	err = ipi ? xn_evtchn_bind_ipi(t.e, fuzz_below(NR_VCPUS), event, s,
				       &s->port) :
		    xn_evtchn_bind_unbound(t.e, 0, event, s, &s->port);
	s->bound = !err;
	s->peer = err || ipi ? NULL :
		  host_port_connect(t.x.host, s->port, NULL, NULL);
}

static void unbind(struct slot *s)
{
	if (!s->bound)
		return;
	xn_evtchn_unbind(t.e, s->port);
	s->bound = false;
	s->peer = NULL;
}

static void guest_op(enum op op)
{
	struct slot *s = &t.slot[fuzz_below(NR_SLOTS)];

	if (op == OP_BIND || op == OP_BIND_IPI) {
		bind(s, op == OP_BIND_IPI);
		return;
	}
	if (op == OP_FIRST) {
		host_port_first(t.x.host, 1 + fuzz_u16() % LAST_PORT);
		return;
	}
	if (!s->bound)
		return;
	switch (op) {
	case OP_UNBIND:
		unbind(s);
		break;
	case OP_MASK:
		xn_evtchn_mask(t.e, s->port);
		s->masked = true;
		break;
	case OP_UNMASK:
		xn_evtchn_unmask(t.e, s->port);
		s->masked = false;
		break;
	case OP_MOVE:
		xn_evtchn_move(t.e, s->port, fuzz_below(3));
		break;
	case OP_PRIORITY:
		xn_evtchn_set_priority(t.e, s->port, fuzz_below(18));
		break;
	case OP_SEND:
		xn_evtchn_send(s->port);
		break;
	default:
		xn_evtchn_clear(t.e, s->port);
		break;
	}
}

static void upcall(void *data, unsigned int vcpu)
{
	unsigned int n, before = t.events;
	bool was = host_raw(true);

	n = xn_evtchn_upcall(t.e, vcpu);
	host_raw(was);
	/* FIFO: the budget of an upcall; 2-level: each port once. */
	assert_in_range(n, 0, t.fifo ? 1024 : NR_SLOTS);
	assert_in_range(t.events - before, 0, n);
}

/* ---- one run ---- */

static void check_served(void)
{
	unsigned int i, before;

	for (i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &t.slot[i];

		if (!s->bound || (!s->peer && !s->ipi))
			continue;
		fuzz_bound();
		xn_evtchn_unmask(t.e, s->port);
		before = s->events;
		if (s->ipi)
			xn_evtchn_send(s->port);
		else
			host_port_notify(s->peer);
		host_pump();
		assert_int_equal(s->events, before + 1);
	}
}

static void start(void)
{
	static const struct host_config cfg = {
		.nr_vcpus = NR_VCPUS, .ram_pages = 256, .max_grant_frames = 1,
		.max_maps = 1,
	};
	unsigned int i;

	memset(&t, 0, sizeof(t));
	t.fifo = fuzz_below(3);
	t.e = &t.x.guest.evtchn;
	assert_int_equal(host_xenion_start(&t.x, &cfg, t.fifo ?
					   &xn_evtchn_fifo :
					   &xn_evtchn_twolevel), 0);
	host_guest_set_upcall(t.x.host, upcall, NULL);
	fuzz_watch_rounds(t.x.host);
	for (i = 0; i < 4; i++) {
		bind(&t.slot[i], false);
		xn_evtchn_unmask(t.e, t.slot[i].port);
		t.slot[i].masked = false;
	}
}

static void run_op(enum op op)
{
	if (op == OP_PUMP)
		host_pump();
	else if (op == OP_TIME)
		host_run(1000ull << fuzz_below(24));
	else if (op == OP_STORM)
		storm_begin();
	else if (op < OP_NOTIFY)
		guest_op(op);
	else
		host_op(op);
	assert_int_equal(t.handling, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int i;

	fuzz_begin(data, size);
	start();
	while (fuzz_left()) {
		fuzz_bound();
		run_op(fuzz_below(NR_OPS));
	}
	fuzz_bound();
	t.storm = 0;
	host_pump();
	repair();
	check_served();
	for (i = 0; i < NR_SLOTS; i++)
		unbind(&t.slot[i]);
	host_pump();
	assert_int_equal(host_log_count(XN_ERR), 0);
	assert_int_equal(host_xenion_stop(&t.x), 0);
	return 0;
}
