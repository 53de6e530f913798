/* SPDX-License-Identifier: MIT */
/*
 * xenbus/, internal: shared by the files of this folder.
 */
#ifndef XENION_XENBUS_XS_H
#define XENION_XENBUS_XS_H

#include <xenion/xenbus.h>

static inline uint32_t xn_min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint64_t xn_min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A character that another domain wrote, for the log and for error nodes. */
static inline char xn_printable(char c)
{
	return c < ' ' || c > '~' ? '?' : c;
}

/* The longest wait for a reply, and between two checks for a lost event. */
#define XN_XS_TIMEOUT	(30 * XN_NSEC_PER_SEC)
#define XN_XS_SLICE	XN_NSEC_PER_SEC

/* So many late answers in a row without an event are reported in the log. */
#define XN_XS_UNHEARD	3u

/*
 * Sleep until @condition holds or @deadline has passed; true if it holds. The
 * condition may have a side effect when it becomes true. Each slice ends with a
 * look at the ring and an event to xenstored: a lost event, in either
 * direction, only costs time.
 */
#define xn_xs_wait(xs, condition, deadline)				\
({									\
	const uint64_t end_ = (deadline);				\
	bool held_;							\
									\
	for (;;) {							\
		uint64_t now_ = xn_os_now();				\
		uint64_t left_ = now_ < end_ ?				\
			xn_min64(end_ - now_, XN_XS_SLICE) : 0;		\
									\
		held_ = xn_wait(&(xs)->wait, condition, left_);		\
		if (held_ || !left_)					\
			break;						\
		xn_xs_nudge(xs);					\
	}								\
	held_;								\
})

/* One piece of a message's body. */
struct xn_xs_part {
	const void *data;
	uint32_t len;
};

/*
 * gate.c: wait until requests are let in, make some, and say when they are done.
 * -ESHUTDOWN: the connection is closed. In a transaction further requests are
 * let in at once, so that it ends. May sleep.
 */
int xn_xs_enter(struct xn_xs *xs, bool transaction);
void xn_xs_leave(struct xn_xs *xs, bool transaction);
/* xn_xs_enter() without waiting: is the caller let in? Context: any. */
bool xn_xs_enter_now(struct xn_xs *xs);
/* @held: let nobody in. @quiet: call no watch function. Context: any. */
void xn_xs_gate_set(struct xn_xs *xs, bool quiet, bool held);

/* resume.c: xenstored knows no watch of ours: make them all. May sleep. */
void xn_xs_watches_anew(struct xn_xs *xs);
void xn_xs_resume_init(struct xn_xs *xs);

/* request.c: a watch in xenstored; XS_WATCH or XS_UNWATCH. */
int xn_xs_watch_request(struct xn_xs *xs, enum xsd_sockmsg_type type,
			const char *path, const char *token);

/* request.c: the work that ends transactions that nobody waits for. */
void xn_xs_late_init(struct xn_xs *xs);

/*
 * client.c: make a request that was let in, so that xn_xs_fini() waits for it, or that
 * begins or ends the connection.
 */
int xn_xs_talk(struct xn_xs *xs, enum xsd_sockmsg_type type, uint32_t txn,
	       const struct xn_xs_part *parts, unsigned int nr_parts,
	       void *buf, uint32_t room);
void xn_xs_client_init(struct xn_xs *xs);
void xn_xs_quit(struct xn_xs *xs);
void xn_xs_nudge(struct xn_xs *xs);

/* watch.c */
void xn_xs_watch_init(struct xn_xs *xs);
void xn_xs_watch_link(struct xn_xs *xs, struct xn_xs_watch *w);
void xn_xs_watch_forget(struct xn_xs *xs, struct xn_xs_watch *w);
void xn_xs_watch_event(struct xn_xs *xs, const char *tail, uint32_t len,
		       bool whole);

/* scan.c: find the lowest number in a listing that is at least @from, or -ENOENT. */
int xn_xs_next_id(const char *names, int len, uint64_t from, uint64_t *next);

/* value.c. The number of a new transaction, as xenstored writes it; 0: invalid. */
uint32_t xn_xs_transaction_id(const char *s, uint32_t len);
bool xn_xs_name_ok(const char *s, uint32_t len, bool slashes);

#endif /* XENION_XENBUS_XS_H */
