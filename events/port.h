/* SPDX-License-Identifier: MIT */
/*
 * events/, internal: one port as the directory keeps it, and the functions that
 * the files call in each other. From the lowest file up: directory.c; mask.c
 * and the two ABIs; reset.c; table.c; resume.c.
 */
#ifndef XENION_EVENTS_PORT_H
#define XENION_EVENTS_PORT_H

#include <xenion/events.h>

/*
 * Upcalls read this without a lock, concurrently with bind and unbind: @gen
 * changes before and after @fn and @data do, and is odd while they are valid.
 * The other fields change under the table's lock.
 */
struct xn_evtchn_port {
	xn_evtchn_fn fn;
	void *data;
	uint32_t gen;
	union {
		uint32_t holders;	/* enum xn_evtchn_holder; atomic */
		evtchn_port_t remote_port;	/* during EVTCHNOP_reset */
	};
	domid_t remote;		/* the other domain, during EVTCHNOP_reset */
	uint8_t vcpu;		/* to which Xen signals the port's events */
	uint8_t adopted : 4;	/* the toolstack's: its EVTCHNSTAT_*; else 0 */
	uint8_t detached : 2;	/* unbound, but not closed yet */
	uint8_t lost : 2;	/* detached, and of a domain that has gone */
};

/* ---- directory.c ---- */

/* The entry of a port. NULL: the port has never been bound. */
struct xn_evtchn_port *xn_evtchn_port(struct xn_evtchn_table *t,
				      evtchn_port_t port);

/* Make an entry for a port; free all entries. May sleep. */
int xn_evtchn_table_grow(struct xn_evtchn_table *t, evtchn_port_t port);
void xn_evtchn_table_free(struct xn_evtchn_table *t);

/* Put a new page into @slot unless it has one. May sleep. */
int xn_evtchn_fill(struct xn_evtchn_table *t, void **slot);

/* Call the function of a port whose event was cleared. */
void xn_evtchn_dispatch(struct xn_evtchn_table *t, evtchn_port_t port);

/* ---- twolevel.c ---- */

/* Mask every port of the 2-level ABI: it stays masked until it is bound. */
void xn_evtchn_twolevel_mask_all(struct shared_info *shared);

/* ---- table.c ---- */

/* Use the 2-level ABI from now on. */
int xn_evtchn_fall_back(struct xn_evtchn_table *t);

/* ---- reset.c ---- */

/* End the ABI and free the directory, as xn_evtchn_fini() does. */
void xn_evtchn_leave(struct xn_evtchn_table *t,
		     void (*moved)(void *data, evtchn_port_t from,
				   evtchn_port_t to),
		     void *data);

#endif /* XENION_EVENTS_PORT_H */
