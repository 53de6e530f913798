/* SPDX-License-Identifier: MIT */
/*
 * The common part of all frontends: frontend.c walks through the states,
 * resume.c begins again in a new domain, nodes.c reads and writes xenstore,
 * pages.c grants pages, channel.c holds event channels back, stall.c looks for
 * requests without an answer.
 */
#ifndef XENION_FRONTENDS_H
#define XENION_FRONTENDS_H

#include <xenion/frontend.h>

/*
 * What a frontend does in each phase. The device's work calls them, never two at
 * once; after it has been cancelled, xn_frontend_fini() does. All may sleep, but
 * none may wait for a backend: where one thread runs all works, the watches and
 * the other devices would wait with it.
 *
 * Those that return int return 0 or a negative errno value. On an error the
 * device fails and reports what it was doing, unless the function has called
 * xn_device_fail() or xn_node_fail(), which report more.
 */
struct xn_frontend_ops {
	/* Begin only with a backend that is in the state InitWait. */
	bool waits;
	/* A backend that comes back uses the existing rings again. */
	bool rejoins;
	/* The state that says: our half of the handshake is in xenstore. */
	enum xenbus_state published;
	/* Prefixes of the nodes of the handshake, ours and other drivers'. */
	const char *const *nodes;
	unsigned int nr_nodes;
	/* A node of the backend's that may change while connected. */
	const char *watched;

	/* Read and check what the backend offers before there is a ring. */
	int (*read)(struct xn_frontend *fe);
	/* Make the rings. -ENOSPC: fewer than refs() references are free. */
	int (*open)(struct xn_frontend *fe);
	/* The references that open(), or later connect(), needs at least. */
	unsigned int (*refs)(struct xn_frontend *fe);
	/* Bind the event channels of the rings. */
	int (*bind)(struct xn_frontend *fe);
	/* Write our nodes; called again when others interfered. */
	int (*publish)(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn);
	/* The backend is connected; -ENOSPC as open(). NULL: nothing to do. */
	int (*connect)(struct xn_frontend *fe);
	/* We are connected, too: take requests from now on. */
	void (*start)(struct xn_frontend *fe);
	/*
	 * Report the device to the OS layer; -EAGAIN: not yet, and called again
	 * after xn_frontend_wake(). hide: report that the device goes.
	 */
	int (*show)(struct xn_frontend *fe);
	void (*hide)(struct xn_frontend *fe);
	/*
	 * The domain has gone, and the device comes back in a new one: instead
	 * of hide, if the OS layer can wait. Then the next show or hide is for
	 * the same device. False, or NULL: it cannot.
	 */
	bool (*keep)(struct xn_frontend *fe);
	/* The backend's state or the watched node has changed. May be NULL. */
	void (*look)(struct xn_frontend *fe);
	/* Undo start(). What is in flight may still be answered. */
	void (*stop)(struct xn_frontend *fe);
	/* Is nothing in flight? NULL: no need to wait for that. */
	bool (*idle)(struct xn_frontend *fe);
	/* Undo bind(); no work and no event from now on. */
	void (*unbind)(struct xn_frontend *fe);
	/* Undo open(), also when it failed half-way; end every grant. */
	void (*close)(struct xn_frontend *fe);
};

/* ---- frontend.c ---- */

/*
 * Begin to connect a device. @fe is zeroed, @dev initialised and not started.
 * Returns: 0 or as xn_device_start(); on error nothing is left. May sleep.
 */
int xn_frontend_init(struct xn_frontend *fe, struct xn_device *dev,
		     const struct xn_frontend_ops *ops);

/*
 * Leave, give the backend a few seconds to let go of our memory, free all. May
 * sleep; not from one of @ops.
 */
void xn_frontend_fini(struct xn_frontend *fe);

/* Have the work run soon. No effect after xn_frontend_fini(). Context: any. */
void xn_frontend_wake(struct xn_frontend *fe);

/* For resume.c, while the work does not run; all may sleep. */

/* Requests may be in flight no more, and no event comes. */
void xn_frontend_cut(struct xn_frontend *fe);
/* Nothing is left of the rings. */
void xn_frontend_enter_idle(struct xn_frontend *fe);
/* The OS layer learns that the device goes, if it has one. */
void xn_frontend_hide(struct xn_frontend *fe);

/*
 * The backend broke the protocol: from now on nothing that it writes is read.
 * This is counted and reported once; the device fails soon after, in a context
 * that may sleep. @what: a phrase that lives as long as @fe. Context: any.
 */
void xn_frontend_refuse(struct xn_frontend *fe, const char *what);

/* xn_frontend_refuse() was called: read nothing from now on. Context: any. */
static inline bool xn_frontend_is_broken(const struct xn_frontend *fe)
{
	return XN_READ_ONCE(fe->fault);
}

static inline struct xn_gnttab *xn_frontend_gnttab(const struct xn_frontend *fe)
{
	return &fe->dev->guest->gnttab;
}

/* The backend wrote something invalid: count it. Context: any. */
void xn_frontend_count_refused(struct xn_frontend *fe);

/* A completion has made the device idle: the work may wait for that. */
static inline void xn_frontend_completed(struct xn_frontend *fe)
{
	if (XN_READ_ONCE(fe->draining))
		xn_frontend_wake(fe);
}

/* ---- nodes.c; all may sleep ---- */

/* A node that we read from xenstore. Most are numbers, from @min to @max. */
struct xn_node {
	const char *name;
	bool own;		/* in our directory, not the backend's */
	uint64_t min, max;
	const char *should;	/* what it has to be, in words */
};

/*
 * Read a node that must exist. If it does not, or its value is invalid, the
 * device fails; log and error node report the value and what it has to be.
 * Returns: 0 or a negative errno value. After an error that passes
 * (xn_xs_passes()) nothing fails: ops->read or ops->connect is called again.
 */
int xn_node_required(struct xn_frontend *fe, const struct xn_node *node,
		     uint64_t *val);

/* The same for a node that may be absent: then @val stays as it is. */
int xn_node_optional(struct xn_frontend *fe, const struct xn_node *node,
		     uint64_t *val);

/* A node is invalid for another reason: the device fails. Returns: @err. */
int xn_node_fail(struct xn_frontend *fe, int err, const struct xn_node *node);

/*
 * Does the backend offer a feature? If xenstored does not answer now, fe->unread
 * is the error, which the caller's ops->read or ops->connect returns.
 */
bool xn_frontend_offers(struct xn_frontend *fe, const char *feature);

/*
 * Does the guest's owner trust the backend: the toolstack's node "trusted", and
 * not @distrust? Returns: 0 or a negative errno value, as xn_node_required().
 */
int xn_frontend_read_trusted(struct xn_frontend *fe, bool distrust,
			     bool *trusted);

/*
 * Read the node ops->watched. Returns: 0; -ENOENT; -EINVAL: it is invalid, which
 * is counted; -EAGAIN: xenstore did not answer, and ops->look is called again.
 */
int xn_frontend_reread(struct xn_frontend *fe, uint64_t max, uint64_t *val);

/* Count that node's invalid value, and log it once. Returns: -EINVAL. */
int xn_frontend_reread_invalid(struct xn_frontend *fe);

/*
 * Publish queues: several in directories "queue-N", and how many there are; a
 * single one in the device's directory. @fn writes the nodes of one queue.
 */
int xn_frontend_publish_queues(struct xn_frontend *fe, struct xn_xs *xs,
			       uint32_t txn, unsigned int nr,
			       int (*fn)(struct xn_frontend *fe,
					 struct xn_xs *xs, uint32_t txn,
					 const char *dir, unsigned int index));

/* "ring-ref" and 3 make "ring-ref3", in 32 bytes. Returns: @buf. */
const char *xn_node_numbered(char *buf, const char *stem, unsigned int n);

/* ---- pages.c ---- */

/*
 * Allocate a zeroed page and grant it to the backend. Returns: 0, -ENOMEM, or
 * as xn_gnttab_get(). On error @page is unchanged. May sleep.
 */
int xn_shared_page_grant(struct xn_frontend *fe, bool readonly,
			 struct xn_shared_page *page);

/* Undo that; no effect on a page that is not granted. Context: any. */
void xn_shared_page_end(struct xn_frontend *fe, struct xn_shared_page *page);

/* ---- channel.c ---- */

/*
 * The OS layer has bound @port, or 0: none. From now on it is held back when it
 * fires without work. Context: any.
 */
void xn_channel_open(struct xn_channel *c, struct xn_evtchn_table *t,
		     evtchn_port_t port);

/*
 * Returns: the port, which the OS layer now has to unbind, or 0: it was closed.
 * May sleep.
 */
evtchn_port_t xn_channel_close(struct xn_channel *c);

/* The port's event has come. Context: as xn_backoff_event(). */
static inline void xn_channel_event(struct xn_channel *c)
{
	xn_backoff_event(&c->backoff);
}

/* The port's event came with work. Context: any. */
static inline void xn_channel_work(struct xn_channel *c)
{
	xn_backoff_work(&c->backoff);
}

/* ---- stall.c ---- */

void xn_stall_init(struct xn_stall *s, const struct xn_frontend *fe,
		   const char *what,
		   bool (*count)(struct xn_stall *s, unsigned int *late));

/* Look in a while. Called for what xn_stall_check() has found. Context: any. */
void xn_stall_watch(struct xn_stall *s);

/*
 * Called after a request is put in flight, and a barrier has made that visible.
 * Context: any, never twice at once.
 */
static inline void xn_stall_check(struct xn_stall *s)
{
	if (!XN_READ_ONCE(s->watched))
		xn_stall_watch(s);
}

/* @epoch: s->epoch when the request was submitted */
static inline bool xn_stall_is_late(const struct xn_stall *s, uint32_t epoch)
{
	/* The period of the submission does not count: it was not whole. */
	return s->epoch - epoch > XN_STALL_SECONDS / XN_STALL_PERIOD;
}

/* Stop looking. May sleep. */
void xn_stall_stop(struct xn_stall *s);

#endif /* XENION_FRONTENDS_H */
