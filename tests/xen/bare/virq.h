/* SPDX-License-Identifier: MIT */
/* Events of a VIRQ, counted for each CPU: events_virq*.c. */
#ifndef VIRQ_H
#define VIRQ_H

#include "selftest.h"

#define LONG	(10 * XN_NSEC_PER_SEC)

struct seen {
	unsigned int count[XN_MAX_VCPUS];	/* by the CPU that got them */
	struct xn_waitq wait;
};

static inline void event(void *data, evtchn_port_t port)
{
	struct seen *s = data;

	__atomic_fetch_add(&s->count[xn_os_cpu()], 1, __ATOMIC_SEQ_CST);
	xn_wake(&s->wait);
}

static inline unsigned int count_on(struct seen *s, unsigned int cpu)
{
	return __atomic_load_n(&s->count[cpu], __ATOMIC_SEQ_CST);
}

#endif /* VIRQ_H */
