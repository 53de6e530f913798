/* SPDX-License-Identifier: MIT */
/*
 * A backend in dom0's user space that does what Linux's does, except one lie:
 * blk.c, net.c and 9p.c are the honest backends, lies_*.c the lies, main.c is
 * the toolstack's part and the verdict.
 *
 * A lie consists of hooks, each of which replaces one step of the honest
 * backend. It calls told() when the lie was told.
 */
#ifndef HOSTILE_BACKEND_H
#define HOSTILE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/xenbus.h>

#define PAGE	4096u
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct be;

/* What the frontend has to do; the guest must survive in any case. */
enum expect {
	CLOSES,		/* go to Closed, with an error that says why */
	WORKS,		/* stay Connected, and send more requests */
	LIVES,		/* either of these */
};

/* Longer than a frontend waits before it reports requests without an answer. */
#define STALL	45000

struct node {
	const char *name, *value;	/* NULL: no such node */
};

struct lie {
	const char *name;
	enum expect expect;
	const char *says;		/* part of the error, with CLOSES */
	unsigned int quiet;		/* ms to survive; 0: QUIET */
	const struct node *nodes;	/* changed nodes of the backend */
	const struct node *front;	/* changed nodes of the frontend */
	/* In place of writing InitWait, and of connecting. */
	void (*wait)(struct be *b);
	void (*connect)(struct be *b);
	/* Once after connecting, and about every 10 ms from then on. */
	void (*connected)(struct be *b);
	void (*tick)(struct be *b);
	/* More hooks of each kind, for its rings. */
	const void *more;
};

/* What differs between the kinds of device. */
struct kind {
	const char *name, *type;	/* here, and in xenstore */
	unsigned int devid;
	enum xenbus_state ready;	/* the frontend's, with rings */
	const char *port;		/* node of the frontend's port */
	const struct node *nodes, *front;
	const struct node *front_second;	/* changed for devid_second */
	unsigned int devid_second;
	const struct lie *lies;
	int (*map)(struct be *b);	/* map the rings: 0, or -1 */
	void (*unmap)(struct be *b);
	void (*work)(struct be *b);	/* handle what is in the rings */
};

extern const struct kind blk_kind, net_kind, p9_kind;
extern const struct lie blk_lies[], net_lies[], p9_lies[];

struct be {
	const struct kind *kind;
	const struct lie *lie;
	struct xs_handle *xs;
	xengnttab_handle *gnt;
	xenevtchn_handle *evt;
	uint32_t domid;
	unsigned int devid;
	bool second;			/* the second of two devices */
	char front[64], back[64];
	int port;			/* its own, -1: none */
	bool mapped;
	bool connected;			/* the step of connecting was done */
	bool closing;			/* begins again after Closed */
	unsigned int rounds;		/* how often it has begun again */
	bool deaf;			/* no longer reads its rings */
	bool is_told;
	unsigned int served;		/* requests since told() */
	unsigned int all;		/* requests from the start */
	unsigned int ticks;
	/* Data that it must not see, found in a page; or NULL. */
	const char *saw;
	void *priv;			/* of the kind */
	/* Pages that a lie keeps mapped until the end. */
	void *held[512];
	unsigned int nr_held;
	/* The word of shared memory that a thread writes all the time. */
	volatile uint32_t *flip;
	uint32_t flip_to[2];
};

/* ---- main.c ---- */

void told(struct be *b);
/* Write a node of the backend, or of the frontend; NULL: remove it. */
void put_back(struct be *b, const char *node, const char *value);
void put_front(struct be *b, const char *node, const char *value);
void put_state(struct be *b, unsigned int state);
/* Returns: -1: no such node, or not a number */
long get_front(struct be *b, const char *node);
void connect_honestly(struct be *b);
/* The same, with the given port of the frontend. */
void connect_to(struct be *b, long theirs);
/* As a backend that restarts: closes, and begins again. */
void begin_again(struct be *b);
/* As a backend whose process dies: rings, port and pages are released. */
void vanish(struct be *b);
void *map_page(struct be *b, uint32_t ref, bool write);
void unmap_page(struct be *b, void *va);
void hold_page(struct be *b, void *va);
void notify(struct be *b);
/* Events without a reason, as many as possible in @ms milliseconds. */
void storm(struct be *b, unsigned int ms);
/* From now on, a word alternates between two values, as fast as possible. */
void flip_word(struct be *b, volatile uint32_t *word, uint32_t one,
	       uint32_t other);

/* ---- lies.c: lies about states and nodes, for every kind ---- */

void vanishes(struct be *b);
void early_connected(struct be *b);
void states_in_disorder(struct be *b);
void states_of_nonsense(struct be *b);
void back_to_waiting(struct be *b);
void open_and_close(struct be *b);
void closed_but_mapped(struct be *b);
void closing_without_end(struct be *b);
void port_closed(struct be *b);
void events_only(struct be *b);
void watch_flood(struct be *b);
void front_state_removed(struct be *b);
void restarts(struct be *b);
/* For hooks that are called repeatedly: told() the first time only. */
void once(struct be *b);
/* Dies within a hook of the rings, which are not read after that. */
void dies(struct be *b);
void storms(struct be *b);
/* Closes without answering; the frontend must not delay anything else. */
void closes(struct be *b);
void until_closed(struct be *b);
/* The lie is told by the existence of the device. */
void at_once(struct be *b);
void poke(struct be *b);
void tell_and_wait(struct be *b);
extern const struct node long_nodes[];

/* A changed node, and the error that it must lead to. */
#define NODES(_name, _node, _value) \
	static const struct node _name[] = { { _node, _value }, { NULL, NULL } }
#define REFUSED(_name, _where, _nodes, _says) \
	{ _name, CLOSES, _says, ._where = _nodes, .wait = tell_and_wait }

/* The lies about states that each kind has. */
#define LIES_OF_STATES \
	{ "dies-before-initwait", LIVES, .wait = vanishes }, \
	{ "dies-before-connected", LIVES, .connect = vanishes }, \
	{ "dies-when-connected", LIVES, .connected = vanishes }, \
	{ "connected-from-the-start", LIVES, .wait = early_connected }, \
	{ "silent-from-the-start", LIVES, .wait = at_once }, \
	{ "silent-before-connected", LIVES, .connect = at_once }, \
	{ "states-in-disorder", LIVES, .connected = states_in_disorder }, \
	{ "states-of-nonsense", LIVES, .connected = states_of_nonsense }, \
	{ "back-to-initwait", LIVES, .connected = back_to_waiting }, \
	{ "opens-and-closes", LIVES, .tick = open_and_close }, \
	{ "restarts", WORKS, .tick = restarts }, \
	{ "closed-but-mapped", LIVES, .connected = closed_but_mapped }, \
	{ "closing-without-end", LIVES, .connected = closing_without_end }, \
	{ "port-closed", LIVES, .connected = port_closed }, \
	{ "events-only", LIVES, .connected = events_only }, \
	{ "watch-flood", WORKS, .connected = watch_flood }, \
	{ "frontend-state-removed", LIVES, .connected = front_state_removed }

#endif /* HOSTILE_BACKEND_H */
