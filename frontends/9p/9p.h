/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the 9P frontend: life.c says what is done in each phase,
 * nodes.c reads and writes xenstore, ring.c owns a ring's memory and event
 * channel, messages.c carries requests and replies.
 */
#ifndef XENION_FRONTENDS_9P_H
#define XENION_FRONTENDS_9P_H

#include <xenion/9p.h>
#include "../frontend.h"

static inline struct xn_9p *xn_9p_of(struct xn_frontend *fe)
{
	return xn_container_of(fe, struct xn_9p, fe);
}

/* nodes.c, both may sleep. Errors have been reported. */
int xn_9p_read_info(struct xn_frontend *fe);
int xn_9p_publish(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn);

/* ring.c, all may sleep. Once for each ring, before anything else: */
void xn_9pr_init(struct xn_9p_ring *r, struct xn_9p *p9, unsigned int index);
/* Make its memory and grant it. On error the caller closes the ring. */
int xn_9pr_open(struct xn_9p_ring *r);
/* Bind its channel. On error the caller unbinds and closes the ring. */
int xn_9pr_bind(struct xn_9p_ring *r);
/* Unbind its channel: no event comes from now on. */
void xn_9pr_unbind(struct xn_9p_ring *r);
/* Take back every grant and free all memory, whatever has been set up. */
void xn_9pr_close(struct xn_9p_ring *r);

/* messages.c. The device's work: take replies. */
void xn_9p_poll(struct xn_work *work);
/*
 * Complete what is in flight with @err, while the work does not run. @bound: do
 * so only if the ring is bound, and replies may still come; else only if it is
 * unbound.
 */
void xn_9pr_end_all(struct xn_9p_ring *r, int err, bool bound);

#endif /* XENION_FRONTENDS_9P_H */
