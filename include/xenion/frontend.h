/* SPDX-License-Identifier: MIT */
/*
 * frontends/: the life of every frontend, from a device in xenstore to a
 * connected one and back (xen-public/io/xenbus.h). The structures here are
 * parts of struct xn_blk, xn_net, xn_9p and xn_console. An OS layer reads only
 * what their comments allow, and calls the device's own functions.
 */
#ifndef XENION_FRONTEND_H
#define XENION_FRONTEND_H

#include <xenion/decls.h>
#include <xenion/guest.h>

XN_DECLS_BEGIN

struct xn_frontend;
struct xn_frontend_ops;		/* frontends/frontend.h */

enum xn_frontend_phase {
	XN_FRONTEND_IDLE,	/* nothing is allocated */
	XN_FRONTEND_PUBLISHED,	/* the backend may map our rings */
	XN_FRONTEND_CONNECTED,
	XN_FRONTEND_DRAINING,	/* no new request; some may be answered */
	XN_FRONTEND_CLOSING,	/* no request; our rings may still be mapped */
};

/*
 * One device. An OS layer reads dev, phase and refused; all other fields are the
 * engine's own.
 */
struct xn_frontend {
	struct xn_device *dev;
	enum xn_frontend_phase phase;
	uint64_t refused;		/* invalid values from the backend */

	struct xn_device_ops device_ops;
	const struct xn_frontend_ops *ops;
	struct xn_work work;		/* changes the phase; nothing else does */
	struct xn_lock lock;		/* the next five */
	bool stopping;			/* the work does nothing from now on */
	bool asleep;			/* nor in the meantime */
	bool state_news;		/* the backend's state has changed */
	bool node_news;			/* the watched node has changed */
	const char *fault;		/* how the backend broke the protocol */
	struct xn_waitq wait;		/* for the backend's state */
	bool shown;			/* the OS layer has a connected device */
	bool kept;			/* or that of a domain that has gone */
	bool lost;			/* the domain has gone, and the device */
	bool draining;			/* the last completion wakes the work */
	uint64_t drain_end;
	bool drain_warned;		/* that requests fail was reported */
	bool put_off;			/* a wait for xenstored was reported */
	int unread;			/* why a feature could not be read, or 0 */
	struct xn_work drain_timeout;
	struct xn_xs_watch watch;	/* on one of the backend's nodes */
	bool watching;
	bool node_warned;		/* an invalid value was logged */
};

/* A page of ours that stays granted to the backend. */
struct xn_shared_page {
	void *va;			/* NULL: none */
	grant_ref_t ref;
};

/*
 * An event channel to a backend that may fire without work. An OS layer reads
 * port, and backoff.spurious.
 */
struct xn_channel {
	evtchn_port_t port;		/* 0: it is closed */
	struct xn_backoff backoff;
};

/* Seconds after which a request without an answer is reported. */
#define XN_STALL_PERIOD		10
#define XN_STALL_SECONDS	(3 * XN_STALL_PERIOD)

/*
 * Looks for requests that the backend does not answer. An OS layer reads stalled.
 */
struct xn_stall {
	const struct xn_frontend *fe;
	struct xn_work work;		/* while something is in flight */
	bool watched;			/* @work is queued */
	uint32_t epoch;			/* how often @work has looked */
	unsigned int late;		/* late requests, the last time */
	uint64_t stalled;		/* how often a stall has begun */
	const char *what;		/* "requests", for the log */
	/* Returns: is anything in flight? @late: requests with xn_stall_is_late() */
	bool (*count)(struct xn_stall *s, unsigned int *late);
};

/*
 * A guest that is saved, restored or moved. For all devices of a guest, in this
 * order: xn_frontend_suspend() for each, while xenstore works; in a new domain,
 * when the grant table is there and before xenstore is, xn_frontend_lost() for
 * each; when xenstore is there, or in the same domain, xn_frontend_resume() for
 * each.
 */

/**
 * xn_frontend_suspend - the device stays in its phase from now on
 * @fe: the fe of a device whose init succeeded
 *
 * Requests and packets may go on being made and answered. Changes of the backend
 * are only noted. The device's fini may be called instead of what follows.
 *
 * Context: may sleep; not from an op of the device's.
 */
void xn_frontend_suspend(struct xn_frontend *fe);

/**
 * xn_frontend_lost - give up what the device had in a domain that has gone
 * @fe: after xn_frontend_suspend(); the grant table is that of the new domain
 *
 * The rings, their grants and pages are given back at once: no backend uses them.
 * The device's event_unbind is called for its ports. All devices do this before
 * the first one binds a port in the new domain. Makes no xenstore request.
 *
 * What the OS layer sees is in each device's header. A disk can stay: see lost in
 * struct xn_blk_ops. For others this is as if the backend had closed, and came
 * back: closing is called, and after xn_frontend_resume() connected. Packets and
 * messages in flight end with an error. A device that had failed gets another
 * chance.
 *
 * Context: may sleep; not from an op of the device's.
 */
void xn_frontend_lost(struct xn_frontend *fe);

/**
 * xn_frontend_resume - go on, from the beginning if the device was lost
 * @fe: after xn_frontend_suspend(), and perhaps xn_frontend_lost()
 *
 * In the same domain what has changed meanwhile is looked at. After
 * xn_frontend_lost() this reads the nodes backend and backend-id again, begins
 * from the state Initialising, and waits for no backend: the device is connected
 * whenever its backend is ready.
 *
 * Context: may sleep; not from an op of the device's.
 * Return: 0, also always in the same domain; -ENOENT: the new domain has no such
 * device, call its fini; or as xn_device_resume(): then the call may be repeated,
 * which is worth while if xn_xs_passes().
 */
int xn_frontend_resume(struct xn_frontend *fe);

XN_DECLS_END

#endif /* XENION_FRONTEND_H */
