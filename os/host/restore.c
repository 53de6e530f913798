// SPDX-License-Identifier: MIT
/*
 * A simulated guest that was saved and restored, or has moved to another host:
 * what Xen and the toolstack keep of a domain, and what they do not. Called by
 * tests.
 */
#include "internal.h"

void host_guest_restore(struct host_guest *g)
{
	unsigned int pages = HOST_NR_STATUS(g->cfg.max_grant_frames);

	host_gnttab_restore(g);
	host_hole_empty(g);
	/* The frames are new; the kept pages are RAM. */
	memset(g->xen, 0, (size_t)(1 + g->cfg.max_grant_frames + pages +
				   HOST_NR_SPECIAL) * XN_PAGE_SIZE);
	host_evtchn_restore(g);
	host_time_init(g);
	g->assists = 0;
	memset(g->param, 0, sizeof(g->param));
	g->domid = host_next_domid();
	g->special_first ^= 2;
	host_toolstack_build(g);
}
