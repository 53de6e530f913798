/* SPDX-License-Identifier: MIT */
/*
 * A storm of events: another CPU sends by one end of an event channel within
 * the domain, as fast as it can, while the test does something to the other
 * end. Each send has a number, which is written first. So the function of an
 * event that came after the last send has seen the last number; if that event
 * was lost, the last number was not seen.
 */
#ifndef STORM_H
#define STORM_H

#include "selftest.h"

struct storm {
	evtchn_port_t port;		/* where events come */
	evtchn_port_t sender;		/* the other end */
	unsigned int sends;		/* how many to send */
	unsigned int number;		/* of the last send */
	unsigned int seen;		/* the last number that an event saw */
	unsigned int events;
	unsigned int ended;
	bool mask;			/* an event masks its port */
	struct xn_waitq wait;
};

/* Binds both ends, and unmasks the first one. */
bool storm_init(struct storm *s);
void storm_fini(struct storm *s);

/* Start the sends on CPU @cpu; are there more to come? */
bool storm_start(struct storm *s, unsigned int cpu, unsigned int sends);
bool storm_lasts(struct storm *s);

/* Check that the last send has ended and that its event has come. */
void storm_check(struct storm *s, unsigned int cpu);

#endif /* STORM_H */
