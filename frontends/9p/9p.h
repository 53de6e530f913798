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

/* ring.c, all may sleep. Once per xn_9p, before anything else: */
void xn_9pr_init(struct xn_9p_ring *r, struct xn_9p *p9, unsigned int index);
/* Its memory, granted. On error xn_9pr_close() follows. */
int xn_9pr_open(struct xn_9p_ring *r);
/* Its event channel. On error xn_9pr_unbind() and xn_9pr_close() follow. */
int xn_9pr_bind(struct xn_9p_ring *r);
/* No event from now on. */
void xn_9pr_unbind(struct xn_9p_ring *r);
/* Take back every grant and free all memory, of whatever has been set up. */
void xn_9pr_close(struct xn_9p_ring *r);

/* messages.c. Take replies: the device's work. */
void xn_9p_poll(struct xn_work *work);
/*
 * Complete what is in flight with @err. The work does not run. @bound: the ring
 * goes on, so the replies may still come; nothing if it has been unbound.
 */
void xn_9pr_end_all(struct xn_9p_ring *r, int err, bool bound);

#endif /* XENION_FRONTENDS_9P_H */
