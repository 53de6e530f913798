/* SPDX-License-Identifier: MIT */
/*
 * A backend in dom0's user space that does what Linux's does, except one lie:
 * blk.c, net.c and 9p.c are the honest ones, lies_*.c what they are talked into,
 * main.c the toolstack's part and the verdict.
 *
 * A lie is told in hooks, each of which stands in the place of one step of the
 * honest way, and says by told() that it was.
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

/* What the frontend has to do about it; that the guest lives is always asked. */
enum expect {
	CLOSES,		/* its state becomes Closed, with an error that says why */
	WORKS,		/* it stays Connected, and goes on to ask for things */
	LIVES,		/* any of these */
};

/* Longer than a frontend waits before it tells of requests without an answer. */
#define STALL	45000

struct node {
	const char *name, *value;	/* NULL: not there */
};

struct lie {
	const char *name;
	enum expect expect;
	const char *says;		/* of the error, if it closes */
	unsigned int quiet;		/* ms that it must live on; 0: QUIET */
	const struct node *nodes;	/* of the backend's: other than usual */
	const struct node *front;	/* of the frontend's, likewise */
	/* In place of: writing InitWait, connecting. */
	void (*wait)(struct be *b);
	void (*connect)(struct be *b);
	/* After connecting, once; about every 10 ms from then on. */
	void (*connected)(struct be *b);
	void (*tick)(struct be *b);
	/* Each kind has more, for what goes through its rings. */
	const void *more;
};

/* What differs between the kinds of device. */
struct kind {
	const char *name, *type;	/* ours, xenstore's */
	unsigned int devid;
	enum xenbus_state ready;	/* of the frontend: rings are published */
	const char *port;		/* the node with the frontend's */
	const struct node *nodes, *front;
	const struct node *front_second;	/* what is other for devid_second */
	unsigned int devid_second;
	const struct lie *lies;
	int (*map)(struct be *b);	/* the rings: 0, or -1 */
	void (*unmap)(struct be *b);
	void (*work)(struct be *b);	/* what lies in the rings */
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
	bool second;			/* of two devices at once */
	char front[64], back[64];
	int port;			/* ours, -1: none */
	bool mapped;
	bool connected;			/* its time to connect has come */
	bool closing;			/* and comes again when the frontend has closed */
	unsigned int rounds;		/* how often it came again */
	bool deaf;			/* looks into no ring any more */
	bool is_told;
	unsigned int served;		/* requests, since it was told */
	unsigned int all;		/* and from the beginning */
	unsigned int ticks;
	/* What it found in a page that was not for its eyes, or NULL. */
	const char *saw;
	void *priv;			/* the kind's */
	/* Pages that are held for a lie, until the end. */
	void *held[512];
	unsigned int nr_held;
	/* A thread that writes a word of shared memory all the time. */
	volatile uint32_t *flip;
	uint32_t flip_to[2];
};

/* ---- main.c ---- */

void told(struct be *b);
/* In the directory of the backend, or of the frontend; NULL: remove it. */
void put_back(struct be *b, const char *node, const char *value);
void put_front(struct be *b, const char *node, const char *value);
void put_state(struct be *b, unsigned int state);
/* -1: not there, or no number */
long get_front(struct be *b, const char *node);
void connect_honestly(struct be *b);
/* Likewise, with a port of the frontend's that is told. */
void connect_to(struct be *b, long theirs);
/* As a backend that restarts: closes, and begins once more. */
void begin_again(struct be *b);
/* As a backend whose process dies: rings, port and pages go. */
void vanish(struct be *b);
void *map_page(struct be *b, uint32_t ref, bool write);
void unmap_page(struct be *b, void *va);
void hold_page(struct be *b, void *va);
void notify(struct be *b);
/* Events without a reason, as many as can be sent in so many milliseconds. */
void storm(struct be *b, unsigned int ms);
/* From now on a word is one and then the other, as fast as a CPU can. */
void flip_word(struct be *b, volatile uint32_t *word, uint32_t one,
	       uint32_t other);

/* ---- lies.c: those of states and nodes, for every kind ---- */

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
/* For hooks that come again and again: told() for the first time only. */
void once(struct be *b);
/* While what is in the ring is looked at, which is not ours after that. */
void dies(struct be *b);
void storms(struct be *b);
/* The frontend waits for answers, which do not come, and must hold up nobody. */
void closes(struct be *b);
void until_closed(struct be *b);
/* Nothing is to be done for it, but to be there. */
void at_once(struct be *b);
void poke(struct be *b);
void tell_and_wait(struct be *b);
extern const struct node long_nodes[];

/* A node that is another than usual, and the error that it leads to. */
#define NODES(_name, _node, _value) \
	static const struct node _name[] = { { _node, _value }, { NULL, NULL } }
#define REFUSED(_name, _where, _nodes, _says) \
	{ _name, CLOSES, _says, ._where = _nodes, .wait = tell_and_wait }

/* What each kind has of these. */
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
