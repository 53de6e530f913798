/* SPDX-License-Identifier: MIT */
/*
 * events/: event channels (xen-public/event_channel.h), in the 2-level and in
 * the FIFO ABI, behind one table of ports.
 *
 * A port belongs to whoever bound it, from bind to unbind. It is bound masked:
 * the owner unmasks it when it can take the first event. An event is cleared
 * before its function is called, so that one which comes meanwhile is not lost.
 *
 * "vcpu" is always Xen's number of a vCPU.
 */
#ifndef XENION_EVENTS_H
#define XENION_EVENTS_H

#include <xenion/hypercall.h>

/*
 * xn_evtchn_fn - one event has come
 *
 * Context: in the upcall, upcalls disabled; may not sleep. May mask, unmask
 * and send, but not bind or unbind.
 */
typedef void (*xn_evtchn_fn)(void *data, evtchn_port_t port);

struct xn_evtchn_table;

/* What differs between the two ABIs. All but init, fini and grow: any context. */
struct xn_evtchn_ops {
	const char *name;
	bool resets;		/* fini closes every port of the domain */
	bool priorities;	/* ports have one */
	int (*init)(struct xn_evtchn_table *t);
	int (*fini)(struct xn_evtchn_table *t);
	int (*grow)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*clear)(struct xn_evtchn_table *t, evtchn_port_t port);
	bool (*is_pending)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*set_pending)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*mask)(struct xn_evtchn_table *t, evtchn_port_t port);
	bool (*is_masked)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*unmask)(struct xn_evtchn_table *t, evtchn_port_t port);
	/* How many events were handled; @more: there are others, and no upcall. */
	unsigned int (*upcall)(struct xn_evtchn_table *t, unsigned int vcpu,
			       bool *more);
};

extern const struct xn_evtchn_ops xn_evtchn_twolevel;
extern const struct xn_evtchn_ops xn_evtchn_fifo;

#define XN_EVTCHN_MAX_PORTS	(1u << 17)	/* the FIFO ABI's limit */
#define XN_EVTCHN_MAX_VCPUS	XEN_LEGACY_MAX_VCPUS
#define XN_EVTCHN_DIR_PAGES	2

struct xn_evtchn_vcpu {
	evtchn_port_t relief;		/* interrupts this vCPU, or 0 */
	bool left;			/* an upcall has left events */
};

/* All fields are the room's own, but for max_ports and ops->name. */
struct xn_evtchn_table {
	const struct xn_evtchn_ops *ops;
	struct shared_info *shared;
	unsigned int nr_vcpus;
	struct xn_evtchn_vcpu *vcpu;	/* a page of these */
	struct xn_work relief;		/* for vCPUs whose upcall left events */
	evtchn_port_t max_ports;
	struct xn_lock lock;
	void *dir[XN_EVTCHN_DIR_PAGES];	/* pages of pointers to pages */
	evtchn_port_t last;		/* the highest that was ever bound */
	void *priv;			/* the ABI's own */
	uint32_t spurious;		/* events on ports that nobody bound */
};

/**
 * xn_evtchn_init - start to use event channels
 * @t: zeroed; owned by the caller, lives until xn_evtchn_fini()
 * @shared: the shared info page, mapped until xn_evtchn_fini()
 * @nr_vcpus: vCPUs 0 ... nr_vcpus - 1 can take upcalls
 * @ops: the ABI to use; NULL: FIFO where Xen has it, else 2-level
 *
 * Masks every port. Both ABIs tell a vCPU of its events by a flag in its
 * struct vcpu_info; without VCPUOP_register_vcpu_info, which cannot be undone,
 * only the first XN_EVTCHN_MAX_VCPUS have one. @t->nr_vcpus becomes less when
 * the domain has fewer.
 * Returns: 0, -ENOMEM, -EINVAL (no vCPU or too many), -EEXIST (the domain uses
 * the FIFO ABI already, for a kernel that has ended without xn_evtchn_fini():
 * see xn_evtchn_evict()), or what Xen answered, but for @ops NULL and a Xen
 * without the FIFO ABI. May sleep.
 */
int xn_evtchn_init(struct xn_evtchn_table *t, struct shared_info *shared,
		   unsigned int nr_vcpus, const struct xn_evtchn_ops *ops);

/**
 * xn_evtchn_fini - stop to use event channels; Xen forgets our pages
 * @t: the table; all ports are unbound, and no upcall runs any more
 *
 * The FIFO ABI is left by EVTCHNOP_reset, the only way there is. That closes
 * every port of the domain. The ports that the toolstack had made (those that
 * are open and are none of ours, whether or not they were adopted) are bound
 * again to the same remote ports, perhaps with new numbers (@moved tells), so
 * that a next user of the domain finds them.
 *
 * @moved: called for each of these that has a new number; may be NULL
 * @data: its first argument
 *
 * May sleep. All memory is freed, unless Xen refuses to let go of it: that is
 * logged.
 */
void xn_evtchn_fini(struct xn_evtchn_table *t,
		    void (*moved)(void *data, evtchn_port_t from,
				  evtchn_port_t to),
		    void *data);

/**
 * xn_evtchn_evict - end the event channels of the kernel before
 * @t: of an xn_evtchn_init() that has answered -EEXIST, and that can be called
 *     again after this
 * @keep: ports that are not that kernel's but the toolstack's, from the
 *        HVM_PARAM_*_EVTCHN
 * @count: how many
 * @moved: called for each of these that gets a new number; may be NULL
 * @data: its first argument
 *
 * EVTCHNOP_reset: Xen also forgets the pages of the FIFO ABI, which are ours
 * for other uses now. Returns: 0 or what Xen answered. May sleep.
 */
int xn_evtchn_evict(struct xn_evtchn_table *t, const evtchn_port_t *keep,
		    unsigned int count,
		    void (*moved)(void *data, evtchn_port_t from,
				  evtchn_port_t to),
		    void *data);

/**
 * xn_evtchn_bind_interdomain - connect to a port that another domain offers
 * @t: the table
 * @remote: the other domain
 * @remote_port: its port, unbound and meant for us
 * @fn: called for each event
 * @data: its first argument
 * @port: our end, on success, masked
 *
 * EVTCHNOP_bind_interdomain. Returns: 0 or a negative errno value. May sleep.
 */
int xn_evtchn_bind_interdomain(struct xn_evtchn_table *t, domid_t remote,
			       evtchn_port_t remote_port, xn_evtchn_fn fn,
			       void *data, evtchn_port_t *port);

/**
 * xn_evtchn_bind_unbound - make a port that another domain may connect to
 *
 * EVTCHNOP_alloc_unbound; as xn_evtchn_bind_interdomain() for the rest.
 */
int xn_evtchn_bind_unbound(struct xn_evtchn_table *t, domid_t remote,
			   xn_evtchn_fn fn, void *data, evtchn_port_t *port);

/**
 * xn_evtchn_bind_virq - receive a virtual interrupt
 * @t: the table
 * @virq: VIRQ_*
 * @vcpu: the vCPU, 0 for a global one
 *
 * EVTCHNOP_bind_virq; as xn_evtchn_bind_interdomain() for the rest.
 * -EEXIST when that VIRQ is bound on that vCPU already.
 */
int xn_evtchn_bind_virq(struct xn_evtchn_table *t, unsigned int virq,
			unsigned int vcpu, xn_evtchn_fn fn, void *data,
			evtchn_port_t *port);

/**
 * xn_evtchn_bind_ipi - a port by which our CPUs interrupt one of us
 * @t: the table
 * @vcpu: the one that is interrupted by xn_evtchn_send()
 *
 * EVTCHNOP_bind_ipi; as xn_evtchn_bind_interdomain() for the rest.
 */
int xn_evtchn_bind_ipi(struct xn_evtchn_table *t, unsigned int vcpu,
		       xn_evtchn_fn fn, void *data, evtchn_port_t *port);

/**
 * xn_evtchn_adopt - take over a port that the toolstack made (xenstore, console)
 * @t: the table
 * @port: the port, from a HVM_PARAM_*_EVTCHN
 *
 * xn_evtchn_unbind() does not close such a port. As
 * xn_evtchn_bind_interdomain() for the rest; -EINVAL for a number out of
 * range, -EBUSY for a port that is bound already.
 */
int xn_evtchn_adopt(struct xn_evtchn_table *t, evtchn_port_t port,
		    xn_evtchn_fn fn, void *data);

/**
 * xn_evtchn_detach - a port's function is called no more
 * @t: the table
 * @port: a port of one of the functions above
 *
 * An upcall that runs meanwhile on another CPU may still call it: who frees what
 * the function uses waits for such an upcall first. The number is taken until
 * xn_evtchn_close(): neither Xen nor xn_evtchn_adopt() gives it to anybody. So
 * what the OS keeps under that number is put away in between.
 * Nothing for a port that is not bound. Context: any.
 */
void xn_evtchn_detach(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_close - give a detached port back to Xen
 * @t: the table
 * @port: a port after xn_evtchn_detach(); any other is left alone
 *
 * EVTCHNOP_close, but for a port that was adopted. From now on the next bind, on
 * any CPU, may get this number. May sleep.
 */
void xn_evtchn_close(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_unbind - xn_evtchn_detach() and xn_evtchn_close() at once
 * @t: the table
 * @port: a port of one of the functions above
 *
 * For who keeps nothing under a port's number, and knows that no upcall runs its
 * function. May sleep.
 */
void xn_evtchn_unbind(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_move - let another vCPU take a port's events
 * @t: the table
 * @port: the port; not of a per-vCPU VIRQ or an IPI
 * @vcpu: the new vCPU
 *
 * EVTCHNOP_bind_vcpu. An event that is on its way may still come on the old
 * one; after a move when none is, all come on the new one. Returns: 0 or a
 * negative errno value. Context: any.
 */
int xn_evtchn_move(struct xn_evtchn_table *t, evtchn_port_t port,
		   unsigned int vcpu);

/**
 * xn_evtchn_set_priority - which events come first
 * @t: the table
 * @port: the port
 * @priority: EVTCHN_FIFO_PRIORITY_MAX (0) ... EVTCHN_FIFO_PRIORITY_MIN (15);
 *            a port is bound with EVTCHN_FIFO_PRIORITY_DEFAULT
 *
 * Of the events that wait for a vCPU, those of the highest priority are handled
 * first, also those that come while others are handled; none interrupts
 * another. An event that waits already keeps the priority that it came with.
 *
 * EVTCHNOP_set_priority. Returns: 0, -EOPNOTSUPP in the 2-level ABI, -EINVAL
 * for a port that is not bound or a number out of range. Context: any.
 */
int xn_evtchn_set_priority(struct xn_evtchn_table *t, evtchn_port_t port,
			   unsigned int priority);

/* ---- mask.c ---- */

/* Who may hold a port's events back: as bits, each for itself. */
enum xn_evtchn_holder {
	XN_HOLD_OWNER	= 1 << 0,	/* who bound it: an OS's interrupt code */
	XN_HOLD_BACKOFF	= 1 << 1,	/* backoff.c: it fires without work */
	XN_HOLD_ENGINE	= 1 << 2,	/* a frontend that polls its ring */
	XN_HOLD_RAISE	= 1 << 3,	/* xn_evtchn_raise() */
	XN_HOLD_UNBOUND	= 1 << 4,	/* table.c: nobody has bound it */
};

/**
 * xn_evtchn_hold - hold a port's events back
 * @t: the table
 * @port: the port; one that was never bound is left alone
 * @who: for whom; to hold twice is to hold once
 *
 * Events that come meanwhile make one event when nobody holds the port any more.
 * One that is being handled, or was taken just before, goes on.
 * Context: any.
 */
void xn_evtchn_hold(struct xn_evtchn_table *t, evtchn_port_t port,
		    enum xn_evtchn_holder who);

/**
 * xn_evtchn_release - hold a port's events back no longer
 * @t: the table
 * @port: the port; one that was never bound is left alone
 * @who: for whom; nothing changes for the others that hold it
 *
 * When nobody else does, events come, and one that waits comes now. A hypercall
 * (EVTCHNOP_unmask) only when one waits. A port that is not bound stays masked.
 * Context: any.
 */
void xn_evtchn_release(struct xn_evtchn_table *t, evtchn_port_t port,
		       enum xn_evtchn_holder who);

/**
 * xn_evtchn_raise - an event of our own on a port of ours
 * @t: the table
 * @port: a bound port
 *
 * It comes as one that the other end has sent does: now, or when nobody holds
 * the port any more. Context: any.
 */
void xn_evtchn_raise(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_mask - the owner holds its port's events back
 *
 * xn_evtchn_hold() for XN_HOLD_OWNER, which holds a port when it is bound.
 * Context: any.
 */
static inline void xn_evtchn_mask(struct xn_evtchn_table *t,
				  evtchn_port_t port)
{
	xn_evtchn_hold(t, port, XN_HOLD_OWNER);
}

/**
 * xn_evtchn_unmask - the owner lets its port's events come
 *
 * xn_evtchn_release() for XN_HOLD_OWNER. Context: any.
 */
static inline void xn_evtchn_unmask(struct xn_evtchn_table *t,
				    evtchn_port_t port)
{
	xn_evtchn_release(t, port, XN_HOLD_OWNER);
}

/* ---- table.c and the ABIs ---- */

/**
 * xn_evtchn_clear - forget a pending event
 * Context: any.
 */
static inline void xn_evtchn_clear(struct xn_evtchn_table *t,
				   evtchn_port_t port)
{
	t->ops->clear(t, port);
}

/**
 * xn_evtchn_send - notify the other end of a port
 * @port: a bound interdomain or IPI port
 *
 * EVTCHNOP_send: one hypercall. Returns: 0 or a negative errno value.
 * Context: any.
 */
static inline int xn_evtchn_send(evtchn_port_t port)
{
	struct evtchn_send send = { .port = port };

	xn_stat_inc(XN_STAT_NOTIFY);
	return xn_hc_evtchn(EVTCHNOP_send, &send);
}

/**
 * xn_evtchn_upcall - handle all events that wait for this vCPU
 * @t: the table
 * @vcpu: the vCPU that runs this
 *
 * Called by the port's upcall vector. Bounded, whatever the host does: what is
 * left when the bound is reached makes a new upcall.
 * Returns: how many events were handled. Context: upcall, upcalls disabled.
 */
unsigned int xn_evtchn_upcall(struct xn_evtchn_table *t, unsigned int vcpu);

/* ---- backoff.c ---- */

/*
 * What is known of a port whose events should come with work. All fields are
 * the room's own, but for spurious. Zeroed, it counts and holds nothing back.
 */
struct xn_backoff {
	struct xn_evtchn_table *t;	/* NULL: closed */
	struct xn_lock lock;		/* held */
	struct xn_work work;		/* lets the port go again */
	evtchn_port_t port;
	uint32_t idle;			/* events since there was work */
	bool held;			/* we hold the port */
	bool told;
	uint64_t spurious;		/* events of which nothing came */
};

/**
 * xn_backoff_open - hold a port back whenever it fires without work
 * @b: zeroed or closed; the caller's, until xn_backoff_close()
 * @t: the table
 * @port: a bound port
 *
 * The caller tells each event by xn_backoff_event(), and by xn_backoff_work()
 * that something came of it, at once or later. After 32 events in a row without
 * work the port is held for a millisecond, then for two, up to one second.
 * Context: any, as long as no other function of @b runs but xn_backoff_event()
 * and xn_backoff_work().
 */
void xn_backoff_open(struct xn_backoff *b, struct xn_evtchn_table *t,
		     evtchn_port_t port);

/**
 * xn_backoff_close - let the port go, for good
 * @b: open, or zeroed
 *
 * Called before the port is unbound. May sleep.
 */
void xn_backoff_close(struct xn_backoff *b);

/**
 * xn_backoff_event - the port's event has come
 * @b: may be closed
 *
 * Context: upcall, or any; never twice at once for one port.
 */
void xn_backoff_event(struct xn_backoff *b);

/**
 * xn_backoff_end - what xn_backoff_work() does after an event
 * @b: may be closed
 *
 * Context: any.
 */
void xn_backoff_end(struct xn_backoff *b);

/**
 * xn_backoff_work - there was work, with an event or without
 * @b: may be closed
 *
 * Lets the port go at once, if it is held. Context: any.
 */
static inline void xn_backoff_work(struct xn_backoff *b)
{
	if (__atomic_load_n(&b->idle, __ATOMIC_RELAXED))
		xn_backoff_end(b);
}

#endif /* XENION_EVENTS_H */
