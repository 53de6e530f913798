/* SPDX-License-Identifier: MIT */
/*
 * events/, inside: one port as the directory keeps it, and what the files have
 * of each other. From the ground up: directory.c; mask.c and the two ABIs;
 * reset.c; table.c.
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
		evtchn_port_t remote_port;	/* of a toolstack's port, */
	};
	domid_t remote;		/* while EVTCHNOP_reset closes it */
	uint8_t vcpu;		/* that Xen signals its events to */
	uint8_t adopted : 4;	/* the toolstack's: its EVTCHNSTAT_*; else 0 */
	uint8_t detached : 4;	/* the number is in use until closed */
};

/* ---- directory.c ---- */

/* The entry of a port that was ever bound; NULL: it was not. */
struct xn_evtchn_port *xn_evtchn_port(struct xn_evtchn_table *t,
				      evtchn_port_t port);

/* Make an entry for a port; free all entries. May sleep. */
int xn_evtchn_table_grow(struct xn_evtchn_table *t, evtchn_port_t port);
void xn_evtchn_table_free(struct xn_evtchn_table *t);

/* Put a new page where there is none yet. May sleep. */
int xn_evtchn_fill(struct xn_evtchn_table *t, void **slot);

/* Call the function of a port whose event was cleared. */
void xn_evtchn_dispatch(struct xn_evtchn_table *t, evtchn_port_t port);

/* ---- twolevel.c ---- */

/* Hold back every port of the 2-level ABI: until bound, none is wanted. */
void xn_evtchn_twolevel_mask_all(struct shared_info *shared);

/* ---- reset.c ---- */

/* The ABI ends, and so does the directory: as xn_evtchn_fini(). */
void xn_evtchn_leave(struct xn_evtchn_table *t,
		     void (*moved)(void *data, evtchn_port_t from,
				   evtchn_port_t to),
		     void *data);

#endif /* XENION_EVENTS_PORT_H */
