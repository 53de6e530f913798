// SPDX-License-Identifier: MIT
/*
 * A network interface (xen-public/io/netif.h): frames arrive unchanged in both
 * directions (ping.c).
 */
#include "ping.h"
#include "selftest.h"

SELFTEST(frontends, net, NEEDS_STORE | NEEDS_DOM0)
{
	static const unsigned int sizes[] = { 1, 64, 255, 256, 1000, 1472 };
	unsigned int refs = xn_gnttab_used(&bare_guest.gnttab), i;
	int err = ping_begin();

	REQUIRE(!err, "connected, the link is up, and dom0 answers ARP (error %d)",
		err);
	for (i = 0; i < XN_ARRAY_SIZE(sizes); i++)
		CHECK(ping(sizes[i]), "a ping of %u bytes comes back",
		      sizes[i]);
	for (i = 0; i < 600 && ping(100); i++)
		;
	if (i < 600)
		ping_note();
	CHECK(i == 600, "600 more, more than the ring has slots (%u)", i);
	bare_net_close(&ping_net);
	CHECK(xn_gnttab_used(&bare_guest.gnttab) == refs,
	      "no grant reference was left behind");
}
