/* SPDX-License-Identifier: MIT */
/* The 9P backend's own: 9p.c, and lies_9p.c. */
#ifndef HOSTILE_9P_H
#define HOSTILE_9P_H

#include "backend.h"
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#include <xen/io/9pfs.h>

#define P9_RINGS	2u
#define P9_HEADER	7u
/* What it agrees to: a reply to a read of 64 KiB, and a write of as much. */
#define P9_MSIZE	(65536u + 24)
/* For a lie that is longer. */
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
	uint8_t *data;			/* those of replies, then of requests */
	uint32_t pages, size;		/* bytes each way */
	RING_IDX out_cons, in_prod;
};

struct p9_msg {
	uint32_t len;			/* whatever its first field says */
	uint8_t bytes[P9_BYTES];
};

struct p9 {
	struct be *b;
	struct p9_ring ring[P9_RINGS];
	unsigned int nr_rings;
	uint32_t msize;
	bool is_file[256];		/* by fid; false: the root */
	bool hoards;			/* says nothing of requests that it took */
	struct p9_msg request, reply;
	/* For an answer that comes too late. */
	enum { P9_NOTHING_LATE, P9_HELD, P9_TAKEN_BACK } late;
	struct p9_msg held;
};

/* After so many honest ones: in the place of an answer (true), or of a part. */
struct p9_more {
	unsigned int after;
	enum p9_type type;		/* of the requests; 0: of all */
	bool (*request)(struct p9 *p, struct p9_ring *r);
	void (*reply)(struct p9 *p, struct p9_msg *m);
};

/* A number in a message, of so many bytes. */
void p9_set(uint8_t *at, uint64_t value, unsigned int bytes);
/* p->reply becomes what is honest to say to p->request. */
void p9_answer(struct p9 *p);
/* Into the ring; the index of replies becomes that; both, of p->reply. */
void p9_put(struct p9_ring *r, const struct p9_msg *m);
void p9_show(struct p9 *p, struct p9_ring *r, RING_IDX prod);
void p9_send(struct p9 *p, struct p9_ring *r);
/* A byte of the ring of replies. */
uint8_t *p9_at(struct p9_ring *r, RING_IDX i);

#endif /* HOSTILE_9P_H */
