// SPDX-License-Identifier: MIT
/*
 * The PV console's event channel (xen-public/io/console.h). Called by the OS
 * layer. It is not in ring.c so that a kernel that polls its console links none
 * of it.
 */
#include <xenion/console.h>
#include "../frontend.h"

void xn_console_open(struct xn_console *con, struct xn_evtchn_table *t)
{
	xn_channel_open(&con->channel, t, con->port);
}

void xn_console_close(struct xn_console *con)
{
	(void)xn_channel_close(&con->channel);
}

void xn_console_event(struct xn_console *con)
{
	xn_channel_event(&con->channel);
	if (xn_console_moved(con))
		xn_channel_work(&con->channel);
}
