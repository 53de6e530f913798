/* SPDX-License-Identifier: MIT */
/*
 * One guest: an instance of each room that its frontends share. A kernel owns
 * one; a test may hold several in one process.
 */
#ifndef XENION_GUEST_H
#define XENION_GUEST_H

#include <xenion/events.h>
#include <xenion/grant.h>
#include <xenion/xenbus.h>

struct xn_guest {
	struct xn_evtchn_table evtchn;
	struct xn_gnttab gnttab;
	struct xn_xs xs;
};

/*
 * A piece of data for input or output. It lies within one page of memory for
 * which xn_os_gfn() works.
 */
struct xn_sg {
	void *va;
	uint32_t len;		/* bytes, at least 1 */
};

#endif /* XENION_GUEST_H */
