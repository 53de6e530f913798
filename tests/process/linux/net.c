// SPDX-License-Identifier: MIT
/*
 * The scripted network backend of tests/process/unit, used with a kernel.
 * Called by test_net.c.
 */
#include "dom0.h"
#include "../unit/net_backend.h"

void um_net_plug(void)
{
	t.h = guest_start_with(&t.x, NULL);
	be_bus_init(&t.b.bus, &net_kind, t.x.host, t.h, 0);
	host_xs_watch(t.h, FRONT "/state", be_watch, &t.b.bus);
	t_plug();
}

void um_net_unplug(void)
{
	t_unplug();
}

void um_net_receive(const unsigned char *data, const unsigned int *pieces)
{
	struct be_queue *q = &t.b.queue[0];
	unsigned int n = 0;

	for (; *pieces; pieces++) {
		struct netif_rx_request *req = be_rx_page(q);
		struct netif_rx_response rsp = {
			.id = req->id,
			.status = *pieces,
			.flags = pieces[1] ? NETRXF_more_data : 0,
		};

		host_gnttab_write(t.b.bus.g, 0, req->gref, 0, data, *pieces);
		data += *pieces;
		be_rx_put(q, n++, rsp);
	}
	be_rx_push(q, n);
}

unsigned int um_net_sent(void)
{
	return t.b.tx_packets;
}

unsigned int um_net_last(const unsigned char **data)
{
	*data = t.b.last.data;
	return t.b.last.len;
}
