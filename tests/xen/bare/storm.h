/* SPDX-License-Identifier: MIT */
/*
 * A storm of events: another CPU sends by one end of an event channel of the
 * domain with itself, as fast as it can, while the test does something to the
 * other end. Each send has a number, which is written before; so the function
 * of an event that came after the last send has seen the last number, and one
 * that was lost shows as a number that nobody saw.
 */
#ifndef STORM_H
#define STORM_H

#include "selftest.h"

struct storm {
	evtchn_port_t port;		/* where events come */
	evtchn_port_t sender;		/* the other end */
	unsigned int sends;		/* how many there are to be */
	unsigned int number;		/* of the last that was sent */
	unsigned int seen;		/* of the last whose event came */
	unsigned int events;
	unsigned int ended;
	bool mask;			/* an event masks its port */
	struct xn_waitq wait;
};

/* Two ends, the first one unmasked. */
bool storm_init(struct storm *s);
void storm_fini(struct storm *s);

/* Have CPU @cpu send; and is it still at it? */
bool storm_start(struct storm *s, unsigned int cpu, unsigned int sends);
bool storm_lasts(struct storm *s);

/* The last send has ended, and its event has come. */
void storm_check(struct storm *s, unsigned int cpu);

#endif /* STORM_H */
