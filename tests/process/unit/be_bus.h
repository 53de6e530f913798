/* SPDX-License-Identifier: MIT */
/*
 * What the scripted backends in domain 0 have in common: nodes in xenstore,
 * states that follow the frontend's as those of Linux's backends do, pages and
 * ports of rings, and requests that are held back. Each backend embeds a struct
 * be_bus, and a struct be_kind describes what is particular to it. Used by
 * blk_backend.h, net_backend.h and 9p_backend.h, and so by tests/process/fuzz
 * and tests/process/linux.
 */
#ifndef XENION_BE_BUS_H
#define XENION_BE_BUS_H

#include <stdio.h>
#include <stdlib.h>

#include "store_guest.h"
#include <xenion/frontend.h>
#include <xenion/ring.h>

struct be_bus;

struct be_kind {
	const char *type;	/* as in the names of folders */
	/* The states of the frontend in which it connects and disconnects. */
	enum xenbus_state connects, lets_go;
	/* What the backend does then, except writing its state. */
	void (*connect)(struct be_bus *bus);
	void (*disconnect)(struct be_bus *bus);
	/* Answers and frees a request that was given to be_handle(). */
	void (*answer)(void *request);
};

struct be_bus {
	const struct be_kind *kind;
	struct host_guest *g;
	struct host_xs *h;
	unsigned int id;
	char path[64];		/* its folder; "" while it has none */
	char front[32];		/* the frontend's */

	/* Set by tests */
	bool hold;		/* keep requests unanswered */
	bool asleep;		/* do not look at the rings */
	bool sticky;		/* ignore the frontend's state */

	/* What the backend saw */
	bool connected;
	void *held[512];
	unsigned int nr_held;
};

/* ---- nodes ---- */

static inline const char *be_path(struct be_bus *bus, const char *node)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", bus->path, node);
	return path;
}

/* @value: NULL to remove the node */
static inline void be_write(struct be_bus *bus, const char *node,
			    const char *value)
{
	if (value)
		host_xs_write(bus->h, be_path(bus, node), value);
	else
		host_xs_rm(bus->h, be_path(bus, node));
}

static inline void be_state(struct be_bus *bus, enum xenbus_state state)
{
	host_xs_printf(bus->h, be_path(bus, "state"), "%u", state);
}

/* Returns: the number in a node of @dir, or below 0 if there is none. */
static inline long long be_number(struct be_bus *bus, const char *dir,
				  const char *node)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	return host_xs_read_int(bus->h, path);
}

/* Returns: how many queues the frontend has. */
static inline unsigned int be_queues(struct be_bus *bus)
{
	long long nr = be_number(bus, bus->front, "multi-queue-num-queues");

	return nr > 0 ? nr : 1;
}

/* Returns: the folder of queue @n of @nr. A single queue uses the device's. */
static inline const char *be_queue_dir(struct be_bus *bus, unsigned int n,
				       unsigned int nr)
{
	static char dir[64];

	snprintf(dir, sizeof(dir), "%s/queue-%u", bus->front, n);
	return nr > 1 ? dir : bus->front;
}

/* ---- rings ---- */

static inline void *be_map_ring(struct be_bus *bus, grant_ref_t ref)
{
	void *page = host_gnttab_map(bus->g, 0, ref, true);

	assert_non_null(page);
	return page;
}

/* Connects the event channel whose port is in @node of @dir. */
static inline struct host_port *
be_bind(struct be_bus *bus, const char *dir, const char *node,
	void (*fn)(void *data, struct host_port *p), void *data)
{
	struct host_port *port;

	port = host_port_connect(bus->g, be_number(bus, dir, node), fn, data);
	assert_non_null(port);
	return port;
}

/* Is @event among the entries produced since @old? */
static inline bool be_crossed(RING_IDX prod, RING_IDX old, RING_IDX event)
{
	return prod - event < prod - old;
}

/* Answer or hold back a request, which is on the heap. */
static inline void be_handle(struct be_bus *bus, void *request)
{
	if (!bus->hold) {
		bus->kind->answer(request);
		return;
	}
	assert_true(bus->nr_held < XN_ARRAY_SIZE(bus->held));
	bus->held[bus->nr_held++] = request;
}

/* Answer what was held back, the last first. */
static inline void be_release(struct be_bus *bus)
{
	bus->hold = false;
	while (bus->nr_held)
		bus->kind->answer(bus->held[--bus->nr_held]);
}

/* ---- its life ---- */

static inline void be_connect(struct be_bus *bus)
{
	bus->kind->connect(bus);
	bus->connected = true;
	be_state(bus, XenbusStateConnected);
}

static inline void be_disconnect(struct be_bus *bus)
{
	if (!bus->connected)
		return;
	bus->connected = false;
	while (bus->nr_held)
		free(bus->held[--bus->nr_held]);
	bus->kind->disconnect(bus);
}

/* The frontend's state has changed. */
static inline void be_watch(void *data)
{
	struct be_bus *bus = data;
	long long state, ours;

	if (bus->sticky || !bus->path[0])
		return;
	state = be_number(bus, bus->front, "state");
	ours = be_number(bus, bus->path, "state");
	if (state == XenbusStateInitialising && ours == XenbusStateClosed)
		be_state(bus, XenbusStateInitWait);
	if (state == (long long)bus->kind->connects && !bus->connected)
		be_connect(bus);
	if (state != XenbusStateClosing && state != XenbusStateClosed)
		return;
	if (state >= (long long)bus->kind->lets_go)
		be_disconnect(bus);
	if (state == XenbusStateClosing || ours > 0)
		be_state(bus, state);
}

static inline void be_bus_init(struct be_bus *bus, const struct be_kind *kind,
			       struct host_guest *g, struct host_xs *h,
			       unsigned int id)
{
	bus->kind = kind;
	bus->g = g;
	bus->h = h;
	bus->id = id;
	snprintf(bus->front, sizeof(bus->front), "device/%s/%u", kind->type,
		 id);
}

/* The toolstack makes the device: both folders, without nodes of the kind. */
static inline void be_bus_plug(struct be_bus *bus)
{
	snprintf(bus->path, sizeof(bus->path), "%s",
		 host_xs_plug(bus->h, bus->kind->type, bus->id));
}

/* The toolstack removes the device. */
static inline void be_bus_unplug(struct be_bus *bus)
{
	be_disconnect(bus);
	bus->path[0] = '\0';
	host_xs_unplug(bus->h, bus->kind->type, bus->id);
}

/* The guest's domain goes, with all that domain 0 has of it: host_xs_restore(). */
static inline void be_bus_lose(struct be_bus *bus)
{
	be_disconnect(bus);
	bus->path[0] = '\0';
}

/* ---- the guest ---- */

/* As an OS layer does: bind a port for @otherend and unmask it. */
static inline int guest_event_bind(struct host_xenion *x, domid_t otherend,
				   xn_evtchn_fn fn, void *data,
				   evtchn_port_t *port)
{
	int err = xn_evtchn_bind_unbound(&x->guest.evtchn, otherend, fn, data,
					 port);

	if (!err)
		xn_evtchn_unmask(&x->guest.evtchn, *port);
	return err;
}

#endif /* XENION_BE_BUS_H */
