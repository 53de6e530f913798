// SPDX-License-Identifier: MIT
/*
 * The gate of the connection to xenstore. While the guest is suspended it is
 * closed: a request, a transaction or the call of a watch function must not be
 * half done when the guest goes on in a new domain, whose xenstored knows neither
 * (docs/misc/xenstore.txt of Xen: transactions and watches end with the domain).
 * Called by request.c, and by resume.c, which opens and closes it.
 */
#include "xs.h"

/*
 * Returns: is the answer known? @in: yes. What belongs to a transaction goes on,
 * or that would never end. A connection that is dead while the gate is closed may
 * come back.
 */
static bool gate_try(struct xn_xs *xs, bool transaction, bool *in)
{
	unsigned long flags = xn_lock(&xs->lock);
	bool open = !xs->held || (!transaction && xs->transactions);

	*in = open && !xs->dead;
	if (*in) {
		xs->active++;
		xs->transactions += transaction;
	}
	xn_unlock(&xs->lock, flags);
	return open;
}

/* From now on xn_xs_fini() waits for the caller. */
static void gate_arrive(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->users++;
	xn_unlock(&xs->lock, flags);
}

static void gate_depart(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->users--;
	/* After the last user xn_xs_fini() continues: do not use @xs then. */
	xn_wake(&xs->wait);
	xn_unlock(&xs->lock, flags);
}

int xn_xs_enter(struct xn_xs *xs, bool transaction)
{
	bool in;

	gate_arrive(xs);
	while (!xn_wait(&xs->wait, gate_try(xs, transaction, &in), XN_XS_SLICE))
		;
	if (!in)
		gate_depart(xs);
	return in ? 0 : -ESHUTDOWN;
}

bool xn_xs_enter_now(struct xn_xs *xs)
{
	bool in;

	gate_arrive(xs);
	(void)gate_try(xs, false, &in);
	if (!in)
		gate_depart(xs);
	return in;
}

void xn_xs_leave(struct xn_xs *xs, bool transaction)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->active--;
	xs->transactions -= transaction;
	xn_unlock(&xs->lock, flags);
	gate_depart(xs);
}

void xn_xs_gate_set(struct xn_xs *xs, bool quiet, bool held)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->quiet = quiet;
	xs->held = held;
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
}
