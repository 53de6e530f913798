/* SPDX-License-Identifier: MIT */
/* The block backend: blk.c and lies_blk.c. */
#ifndef HOSTILE_BLK_H
#define HOSTILE_BLK_H

#include "backend.h"
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#include <xen/io/blkif.h>

#define BLK_RING	32u	/* requests in a ring of one page */
#define BLK_SEGMENTS	64u

struct blk {
	struct be *b;
	struct blkif_sring *sring;
	RING_IDX req_cons, rsp_prod;
	bool keep;			/* keep data mapped */
	bool scribble;			/* overwrite the page around data */
	struct blkif_response last;	/* for lies_blk.c */
};

/*
 * Hooks, used after @after honest answers: request() may replace an answer and
 * then returns true; response() changes one.
 */
struct blk_more {
	unsigned int after;
	bool (*request)(struct blk *k, const struct blkif_request *r);
	void (*response)(struct blk *k, struct blkif_response *rsp);
};

int16_t blk_do(struct blk *k, const struct blkif_request *r);
struct blkif_response blk_response(struct blk *k,
				   const struct blkif_request *r);
/* Put a response into the ring at an index; set the producer's index; both. */
void blk_put(struct blk *k, RING_IDX at, const struct blkif_response *rsp);
void blk_show(struct blk *k, RING_IDX prod);
void blk_answer(struct blk *k, const struct blkif_response *rsp);

#endif /* HOSTILE_BLK_H */
