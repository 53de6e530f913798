// SPDX-License-Identifier: MIT
/*
 * The early console of a PV guest that may not use Xen's: the ring of its PV
 * console (xen-public/io/console.h), polled, until the console's driver takes
 * the ring over by xn_early_console().
 */
#include <xenion/hypercall.h>
#include <xenion/x86/tsc.h>
#include <xen-public/io/console.h>
#include "x86.h"

/* How long the other side may take to make room, in cycles: some seconds. */
#define PATIENCE	(1ull << 32)

static struct xencons_interface *ring;
static evtchn_port_t port;
static bool lost;		/* no room in time: stop waiting */

static void early_notify(void)
{
	struct evtchn_send x = { .port = port };

	xn_hc_evtchn(EVTCHNOP_send, &x);
}

static bool has_room(XENCONS_RING_IDX prod)
{
	return prod - XN_READ_ONCE(ring->out_cons) < sizeof(ring->out);
}

static bool wait_for_room(XENCONS_RING_IDX prod)
{
	uint64_t start = xn_cycles();

	if (has_room(prod)) {
		lost = false;
		return true;
	}
	early_notify();
	while (!lost && !has_room(prod)) {
		lost = xn_cycles() - start > PATIENCE;
		xn_hc_sched(SCHEDOP_yield, NULL);
	}
	return !lost;
}

static void write_ring(const char *s, unsigned int len)
{
	XENCONS_RING_IDX prod = XN_READ_ONCE(ring->out_prod);

	if (xn_early_owner) {
		xn_early_owner(s, len);
		return;
	}
	for (; len && wait_for_room(prod); s++, len--) {
		/* The other side has read what is overwritten now. */
		xn_mb();
		ring->out[MASK_XENCONS_IDX(prod, ring->out)] = *s;
		xn_wmb();
		XN_WRITE_ONCE(ring->out_prod, ++prod);
	}
	early_notify();
}

static void write_nothing(const char *s, unsigned int len)
{
}

void xn_early_ring(const struct xn_boot_channel *console)
{
	ring = (void *)(uintptr_t)console->gpa;
	port = console->port;
	xn_early_other = ring ? write_ring : write_nothing;
}
