/* SPDX-License-Identifier: MIT */
/*
 * events/: event channels (xen-public/event_channel.h), in the 2-level and in
 * the FIFO ABI, behind one table of ports.
 *
 * The caller that binds a port owns it until it unbinds it. A port is bound
 * masked: the owner unmasks it when it can handle the first event. An event is
 * cleared before its function is called, so an event that arrives during the
 * call is not lost.
 *
 * "vcpu" is always Xen's number of a vCPU.
 */
#ifndef XENION_EVENTS_H
#define XENION_EVENTS_H

#include <xenion/decls.h>
#include <xenion/hypercall.h>
#include <xenion/vcpus.h>

XN_DECLS_BEGIN

/*
 * xn_evtchn_fn - handle an event
 *
 * Context: in the upcall, upcalls disabled; may not sleep. May mask, unmask
 * and send, but not bind or unbind. In raw context if xn_evtchn_upcall() is
 * called in it: then no function of the other rooms may be called from here.
 */
typedef void (*xn_evtchn_fn)(void *data, evtchn_port_t port);

struct xn_evtchn_table;

/* Operations of an ABI. Context: raw; those from init to grow may sleep. */
struct xn_evtchn_ops {
	const char *name;
	bool resets;		/* fini closes every port of the domain */
	bool priorities;	/* ports have priorities */
	int (*init)(struct xn_evtchn_table *t);
	int (*fini)(struct xn_evtchn_table *t);
	/*
	 * The domain is a new one, and shared info is mapped: make the ABI
	 * known to Xen, as init does. Every port is masked, and none pending.
	 * -ENOSYS or -EOPNOTSUPP, and nothing has changed: Xen lacks the ABI.
	 */
	int (*resume)(struct xn_evtchn_table *t);
	/* Free what was in t->priv, of which Xen knows nothing. */
	void (*forget)(void *priv);
	int (*grow)(struct xn_evtchn_table *t, evtchn_port_t port);
	/*
	 * Which vCPU takes @port's events, under the table's lock: place() when
	 * it is bound; move() before Xen is asked to signal @vcpu instead, and
	 * moved() when Xen has answered. All NULL: the ABI need not know.
	 */
	void (*place)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*move)(struct xn_evtchn_table *t, evtchn_port_t port,
		     unsigned int vcpu);
	void (*moved)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*clear)(struct xn_evtchn_table *t, evtchn_port_t port);
	bool (*is_pending)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*set_pending)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*mask)(struct xn_evtchn_table *t, evtchn_port_t port);
	bool (*is_masked)(struct xn_evtchn_table *t, evtchn_port_t port);
	void (*unmask)(struct xn_evtchn_table *t, evtchn_port_t port);
	/* Returns: events handled. @more: some are left, without an upcall. */
	unsigned int (*upcall)(struct xn_evtchn_table *t, unsigned int vcpu,
			       bool *more);
};

extern const struct xn_evtchn_ops xn_evtchn_twolevel;
extern const struct xn_evtchn_ops xn_evtchn_fifo;

#define XN_EVTCHN_MAX_PORTS	(1u << 17)	/* the FIFO ABI's limit */
#define XN_EVTCHN_DIR_PAGES	2

struct xn_evtchn_vcpu {
	evtchn_port_t relief;		/* interrupts this vCPU; or 0 */
	bool left;			/* an upcall has left events */
};

/* All fields are the room's own, except max_ports and ops->name. */
struct xn_evtchn_table {
	const struct xn_evtchn_ops *ops;
	const struct xn_vcpus *vcpus;
	unsigned int nr_vcpus;
	struct xn_evtchn_vcpu *vcpu;	/* a page of these */
	struct xn_work relief;		/* for vCPUs whose upcall left events */
	evtchn_port_t max_ports;
	/*
	 * Raw: an upcall takes it, and so does whoever moves a port under a
	 * lock of the OS's interrupt code.
	 */
	struct xn_raw_lock lock;
	void *dir[XN_EVTCHN_DIR_PAGES];	/* pages of pointers to pages */
	evtchn_port_t last;		/* the highest port ever bound */
	evtchn_port_t marker;		/* of xn_evtchn_suspend(); or 0 */
	void *priv;			/* the ABI's own */
	uint32_t spurious;		/* events on unbound ports */
};

/**
 * xn_evtchn_init - start to use event channels
 * @t: zeroed; owned by the caller, lives until xn_evtchn_fini()
 * @vcpus: where Xen signals them; lives until xn_evtchn_fini()
 * @ops: the ABI to use; NULL: FIFO if Xen has it, else 2-level
 *
 * Masks every port. A vCPU takes events from xn_vcpu_enter() on. @t->nr_vcpus is
 * less than @vcpus->nr if the domain has fewer vCPUs.
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -EEXIST (a previous kernel switched the domain to the
 * FIFO ABI and did not call xn_evtchn_fini(): see xn_evtchn_evict()), or Xen's
 * error. With @ops NULL, a Xen without the FIFO ABI is no error.
 */
int xn_evtchn_init(struct xn_evtchn_table *t, const struct xn_vcpus *vcpus,
		   const struct xn_evtchn_ops *ops);

/**
 * xn_evtchn_fini - stop using event channels; Xen releases our pages
 * @t: the table; all ports are unbound, and no upcall runs
 * @moved: called for each of the toolstack's ports that gets a new number; may
 *         be NULL
 * @data: its first argument
 *
 * EVTCHNOP_reset is the only way to leave the FIFO ABI, and it closes every
 * port of the domain. The toolstack's ports (every open port that we did not
 * bind, adopted or not) are then bound again to the same remote ports, so that
 * the next kernel finds them. They may get new numbers, which @moved reports.
 *
 * All memory is freed, unless Xen refuses to release it, which is logged.
 *
 * Context: may sleep.
 */
void xn_evtchn_fini(struct xn_evtchn_table *t,
		    void (*moved)(void *data, evtchn_port_t from,
				  evtchn_port_t to),
		    void *data);

/**
 * xn_evtchn_evict - reset the event channels of a previous kernel
 * @t: the table for which xn_evtchn_init() returned -EEXIST; call that again
 *     after this
 * @keep: the toolstack's ports, from the HVM_PARAM_*_EVTCHN
 * @count: how many
 * @moved: called for each of these that gets a new number; may be NULL
 * @data: its first argument
 *
 * EVTCHNOP_reset: Xen also stops using the FIFO pages of that kernel, which are
 * our memory now.
 *
 * Context: may sleep.
 * Return: 0 or Xen's error.
 */
int xn_evtchn_evict(struct xn_evtchn_table *t, const evtchn_port_t *keep,
		    unsigned int count,
		    void (*moved)(void *data, evtchn_port_t from,
				  evtchn_port_t to),
		    void *data);

/* ---- resume.c ---- */

/**
 * xn_evtchn_suspend - prepare to find out whether a suspend was cancelled
 * @t: the table
 *
 * Makes a port that is unbound, and meant for ourselves: the marker. To be
 * called before SCHEDOP_shutdown with SHUTDOWN_suspend, whose result does not
 * tell whether the guest goes on in its old domain (a checkpoint, or a migration
 * that failed) or in a new one. A second call does nothing.
 *
 * EVTCHNOP_alloc_unbound.
 *
 * Context: may sleep.
 * Return: 0, or Xen's error: then do not suspend.
 */
int xn_evtchn_suspend(struct xn_evtchn_table *t);

/**
 * xn_evtchn_survived - is this still the domain of xn_evtchn_suspend()?
 * @t: the table
 *
 * If so, nothing was lost, and the marker is closed. It needs no shared info
 * page.
 *
 * EVTCHNOP_status; EVTCHNOP_alloc_unbound to find out our own number.
 *
 * Context: raw, and it may log.
 * Return: 1: the same domain; no room has to be resumed in a new one. 0: a new
 * domain: call xn_vcpus_resume(), xn_evtchn_resume() and so on. Or Xen's error:
 * that is not known; call again. -EINVAL: there is no marker.
 */
int xn_evtchn_survived(struct xn_evtchn_table *t);

/**
 * xn_evtchn_resume - use event channels in a new domain
 * @t: the table; xn_evtchn_survived() has returned 0, shared info is mapped
 *     again, and no upcall runs. Only once when it has succeeded
 *
 * All ports are lost: none exists in the new domain. A lost port's function is
 * called no more, and masking it or letting it go has no effect. Its owner still
 * detaches and closes it, which makes no hypercall then. Until that, a bind to
 * which Xen gives the same number fails (-EBUSY). So all owners let their old
 * ports go before the first of them binds a new one.
 *
 * The FIFO ABI's control blocks are registered again, its array page by page as
 * ports are bound. If the new Xen does not have the ABI, the table continues with
 * the 2-level ABI: ports beyond its limit cannot be bound any more. As with
 * xn_evtchn_init(), @t->nr_vcpus may be less than there are: vCPUs that the new
 * domain does not have get no events.
 *
 * Context: may sleep. Where nothing can be in the way of a mutex or an
 * allocation it may be called with upcalls disabled.
 * Return: 0, or as xn_evtchn_init(): then there are no events, no port can be
 * bound, and the call may be repeated. Old ports can be let go all the same.
 */
int xn_evtchn_resume(struct xn_evtchn_table *t);

/* ---- table.c ---- */

/**
 * xn_evtchn_bind_interdomain - connect to a port that another domain offers
 * @t: the table
 * @remote: the other domain
 * @remote_port: its port, unbound and meant for us
 * @fn: called for each event
 * @data: its first argument
 * @port: our end, on success, masked
 *
 * EVTCHNOP_bind_interdomain.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno value.
 */
int xn_evtchn_bind_interdomain(struct xn_evtchn_table *t, domid_t remote,
			       evtchn_port_t remote_port, xn_evtchn_fn fn,
			       void *data, evtchn_port_t *port);

/**
 * xn_evtchn_bind_unbound - make a port that another domain may connect to
 * @t: the table
 * @remote: the domain that may connect to it
 * @fn: called for each event
 * @data: its first argument
 * @port: our end, on success, masked
 *
 * EVTCHNOP_alloc_unbound; otherwise as xn_evtchn_bind_interdomain().
 *
 * Context: may sleep.
 * Return: 0 or a negative errno value.
 */
int xn_evtchn_bind_unbound(struct xn_evtchn_table *t, domid_t remote,
			   xn_evtchn_fn fn, void *data, evtchn_port_t *port);

/**
 * xn_evtchn_bind_virq - receive a virtual interrupt
 * @t: the table
 * @virq: VIRQ_*
 * @vcpu: the vCPU; 0 for a global VIRQ
 * @fn: called for each event
 * @data: its first argument
 * @port: our end, on success, masked
 *
 * EVTCHNOP_bind_virq; otherwise as xn_evtchn_bind_interdomain().
 *
 * Context: may sleep.
 * Return: 0, -EEXIST when that VIRQ is bound on that vCPU already, or another
 * negative errno value.
 */
int xn_evtchn_bind_virq(struct xn_evtchn_table *t, unsigned int virq,
			unsigned int vcpu, xn_evtchn_fn fn, void *data,
			evtchn_port_t *port);

/**
 * xn_evtchn_bind_ipi - make a port by which our vCPUs interrupt one of them
 * @t: the table
 * @vcpu: the one that is interrupted by xn_evtchn_send()
 * @fn: called for each event
 * @data: its first argument
 * @port: the port, on success, masked
 *
 * EVTCHNOP_bind_ipi; otherwise as xn_evtchn_bind_interdomain().
 *
 * Context: may sleep.
 * Return: 0 or a negative errno value.
 */
int xn_evtchn_bind_ipi(struct xn_evtchn_table *t, unsigned int vcpu,
		       xn_evtchn_fn fn, void *data, evtchn_port_t *port);

/**
 * xn_evtchn_adopt - take over a port that the toolstack made (xenstore,
 * console)
 * @t: the table
 * @port: the port, from a HVM_PARAM_*_EVTCHN
 * @fn: called for each event
 * @data: its first argument
 *
 * xn_evtchn_unbind() does not close such a port. Otherwise as
 * xn_evtchn_bind_interdomain().
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for a number out of range, -EBUSY for a port that is bound
 * already, or another negative errno value.
 */
int xn_evtchn_adopt(struct xn_evtchn_table *t, evtchn_port_t port,
		    xn_evtchn_fn fn, void *data);

/**
 * xn_evtchn_detach - stop calling a port's function
 * @t: the table
 * @port: a port of one of the functions above
 *
 * An upcall that is running on another CPU may still call the function: wait
 * for such an upcall before you free what the function uses. The number stays
 * in use until xn_evtchn_close(); neither Xen nor xn_evtchn_adopt() can return
 * it before. In between, remove what the OS keeps under that number. Does
 * nothing for a port that is not bound.
 *
 * Context: raw.
 */
void xn_evtchn_detach(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_close - give a detached port back to Xen
 * @t: the table
 * @port: a port after xn_evtchn_detach(); any other is left alone
 *
 * EVTCHNOP_close, unless the port was adopted, or is lost (xn_evtchn_resume()).
 * From now on the next bind, on any CPU, may return this number.
 *
 * Context: may sleep.
 */
void xn_evtchn_close(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_unbind - xn_evtchn_detach() and xn_evtchn_close() at once
 * @t: the table
 * @port: a port of one of the functions above
 *
 * For callers that keep nothing under a port's number, and know that no upcall
 * is running its function.
 *
 * Context: may sleep.
 */
void xn_evtchn_unbind(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_move - let another vCPU take a port's events
 * @t: the table
 * @port: the port; not of a per-vCPU VIRQ or an IPI
 * @vcpu: the new vCPU
 *
 * EVTCHNOP_bind_vcpu, unless the port is there already. The old vCPU may still
 * handle an event that is pending or being sent during the move. With the 2-level
 * ABI it may take events for another 100 ms, and until one is taken after that.
 *
 * Context: raw.
 * Return: 0 or a negative errno value.
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
 * Of a vCPU's pending events, those of the highest priority are handled first,
 * including events that arrive while others are handled; no event interrupts
 * the handling of another. An event that is already pending keeps its old
 * priority.
 *
 * EVTCHNOP_set_priority.
 *
 * Context: raw.
 * Return: 0, -EOPNOTSUPP in the 2-level ABI, -EINVAL for a port that is not
 * bound or a number out of range.
 */
int xn_evtchn_set_priority(struct xn_evtchn_table *t, evtchn_port_t port,
			   unsigned int priority);

/* ---- mask.c ---- */

/* Reasons to hold a port's events back; each is independent of the others. */
enum xn_evtchn_holder {
	XN_HOLD_OWNER	= 1 << 0,	/* its owner: an OS's interrupt code */
	XN_HOLD_BACKOFF	= 1 << 1,	/* backoff.c: it fires without work */
	XN_HOLD_ENGINE	= 1 << 2,	/* a frontend that polls its ring */
	XN_HOLD_RAISE	= 1 << 3,	/* xn_evtchn_raise() */
	XN_HOLD_UNBOUND	= 1 << 4,	/* table.c: it is not bound */
};

/**
 * xn_evtchn_hold - hold a port's events back
 * @t: the table
 * @port: the port; one that was never bound is left alone
 * @who: the reason; holding a port twice for one reason has no further effect
 *
 * Events that arrive while the port is held are merged into one, which is
 * delivered when the last holder releases the port. An event that is being
 * handled continues.
 *
 * Context: raw.
 */
void xn_evtchn_hold(struct xn_evtchn_table *t, evtchn_port_t port,
		    enum xn_evtchn_holder who);

/**
 * xn_evtchn_release - stop holding a port's events back
 * @t: the table
 * @port: the port; one that was never bound is left alone
 * @who: the reason; other holders are not affected
 *
 * The last release delivers a pending event and lets new ones arrive. It costs
 * a hypercall (EVTCHNOP_unmask) only if an event is pending. A port that is not
 * bound stays masked.
 *
 * Context: raw.
 */
void xn_evtchn_release(struct xn_evtchn_table *t, evtchn_port_t port,
		       enum xn_evtchn_holder who);

/**
 * xn_evtchn_raise - signal an event to ourselves on one of our ports
 * @t: the table
 * @port: a bound port
 *
 * It is delivered like an event that the other end sends: now, or when the last
 * holder releases the port.
 *
 * Context: raw.
 */
void xn_evtchn_raise(struct xn_evtchn_table *t, evtchn_port_t port);

/**
 * xn_evtchn_mask - the owner holds its port's events back
 * @t: the table
 * @port: the port
 *
 * xn_evtchn_hold() for XN_HOLD_OWNER, which holds a port when it is bound.
 *
 * Context: raw.
 */
static inline void xn_evtchn_mask(struct xn_evtchn_table *t,
				  evtchn_port_t port)
{
	xn_evtchn_hold(t, port, XN_HOLD_OWNER);
}

/**
 * xn_evtchn_unmask - the owner lets its port's events come
 * @t: the table
 * @port: the port
 *
 * xn_evtchn_release() for XN_HOLD_OWNER.
 *
 * Context: raw.
 */
static inline void xn_evtchn_unmask(struct xn_evtchn_table *t,
				    evtchn_port_t port)
{
	xn_evtchn_release(t, port, XN_HOLD_OWNER);
}

/* ---- table.c and the ABIs ---- */

/**
 * xn_evtchn_clear - forget a pending event
 * @t: the table
 * @port: the port
 *
 * Context: raw.
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
 * EVTCHNOP_send: one hypercall.
 *
 * Context: raw.
 * Return: 0 or a negative errno value.
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
 * Called by the OS layer's upcall vector. The number of events is bounded,
 * whatever the host does: events beyond the bound make a new upcall.
 *
 * Takes raw locks only, and calls the ports' functions; may schedule a work.
 *
 * Context: raw, upcalls disabled; no lock held.
 * Return: how many events were handled.
 */
unsigned int xn_evtchn_upcall(struct xn_evtchn_table *t, unsigned int vcpu);

/* ---- backoff.c ---- */

/*
 * Storm protection of a port whose events should come with work. All fields
 * except spurious are private. Zeroed, it counts events and holds nothing back.
 */
struct xn_backoff {
	struct xn_evtchn_table *t;	/* NULL: closed */
	struct xn_lock lock;		/* held */
	struct xn_work work;		/* lets the port go again */
	evtchn_port_t port;
	uint32_t idle;			/* events since there was work */
	bool held;			/* we hold the port */
	bool told;			/* it was logged */
	uint64_t spurious;		/* events without work */
};

/**
 * xn_backoff_open - hold a port back while it fires without work
 * @b: zeroed or closed; the caller's, until xn_backoff_close()
 * @t: the table
 * @port: a bound port
 *
 * The caller reports each event by xn_backoff_event(), and work that an event
 * announced by xn_backoff_work(), at once or later. After 32 events in a row
 * without work the port is held for 1 ms, then for 2 ms, up to one second.
 *
 * Context: any. Of the other functions only xn_backoff_event() and
 * xn_backoff_work() may run at the same time for @b.
 */
void xn_backoff_open(struct xn_backoff *b, struct xn_evtchn_table *t,
		     evtchn_port_t port);

/**
 * xn_backoff_close - let the port go, for good
 * @b: open, or zeroed
 *
 * Called before the port is unbound.
 *
 * Context: may sleep.
 */
void xn_backoff_close(struct xn_backoff *b);

/**
 * xn_backoff_event - report an event of the port
 * @b: may be closed
 *
 * Context: upcall, or any; never twice at once for one port.
 */
void xn_backoff_event(struct xn_backoff *b);

/**
 * xn_backoff_end - the slow path of xn_backoff_work()
 * @b: may be closed
 *
 * Context: any.
 */
void xn_backoff_end(struct xn_backoff *b);

/**
 * xn_backoff_work - report that there was work, with an event or without
 * @b: may be closed
 *
 * Releases the port at once, if it is held.
 *
 * Context: any.
 */
static inline void xn_backoff_work(struct xn_backoff *b)
{
	if (__atomic_load_n(&b->idle, __ATOMIC_RELAXED))
		xn_backoff_end(b);
}

XN_DECLS_END

#endif /* XENION_EVENTS_H */
