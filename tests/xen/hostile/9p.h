/* SPDX-License-Identifier: MIT */
/* The 9P backend: 9p.c and lies_9p.c. */
#ifndef HOSTILE_9P_H
#define HOSTILE_9P_H

#include "backend.h"
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#include <xen/io/9pfs.h>

#define P9_RINGS	2u
#define P9_HEADER	7u
/* The longest message: a reply to a read, or a write, of 64 KiB. */
#define P9_MSIZE	(65536u + 24)
/* With room for a longer lie. */
#define P9_BYTES	(P9_MSIZE + 64)

enum p9_type {
	P9_RLERROR = 7,
	P9_TLOPEN = 12,
	P9_TGETATTR = 24,
	P9_TREADDIR = 40,
	P9_TVERSION = 100,
	P9_TATTACH = 104,
	P9_TFLUSH = 108,
	P9_TWALK = 110,
	P9_TREAD = 116,
	P9_TWRITE = 118,
	P9_TCLUNK = 120,
};

struct p9_ring {
	struct xen_9pfs_data_intf *intf;
	uint8_t *data;			/* of replies, then of requests */
	uint32_t pages, size;		/* bytes each way */
	RING_IDX out_cons, in_prod;
};

struct p9_msg {
	uint32_t len;			/* its first field may differ */
	uint8_t bytes[P9_BYTES];
};

struct p9 {
	struct be *b;
	struct p9_ring ring[P9_RINGS];
	unsigned int nr_rings;
	uint32_t msize;
	bool is_file[256];		/* by fid; false: the root */
	bool hoards;			/* does not update out_cons */
	struct p9_msg request, reply;
	/* For an answer that comes too late. */
	enum { P9_NOTHING_LATE, P9_HELD, P9_TAKEN_BACK } late;
	struct p9_msg held;
};

/*
 * Hooks, used after @after honest answers: request() may replace an answer and
 * then returns true; reply() changes one.
 */
struct p9_more {
	unsigned int after;
	enum p9_type type;		/* only such requests; 0: all */
	bool (*request)(struct p9 *p, struct p9_ring *r);
	void (*reply)(struct p9 *p, struct p9_msg *m);
};

/* Write a number of @bytes bytes to a message. */
void p9_set(uint8_t *at, uint64_t value, unsigned int bytes);
/* Set p->reply to the honest answer to p->request. */
void p9_answer(struct p9 *p);
/* Put a message into the ring; set the index of replies; send p->reply. */
void p9_put(struct p9_ring *r, const struct p9_msg *m);
void p9_show(struct p9 *p, struct p9_ring *r, RING_IDX prod);
void p9_send(struct p9 *p, struct p9_ring *r);
/* Returns: a byte of the ring of replies. */
uint8_t *p9_at(struct p9_ring *r, RING_IDX i);

#endif /* HOSTILE_9P_H */
