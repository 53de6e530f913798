// SPDX-License-Identifier: MIT
/*
 * The PV console's two byte rings (xen-public/io/console.h). Called by the OS
 * layer's terminal driver and by its early console.
 *
 * Our indices are kept in the guest and only published in the page. The host's
 * are read once per call; an invalid one ends the use of the ring.
 */
#include <xenion/console.h>

void xn_console_init(struct xn_console *con, struct xencons_interface *intf,
		     evtchn_port_t port)
{
	memset(con, 0, sizeof(*con));
	con->intf = intf;
	con->port = port;
	con->out_prod = XN_READ_ONCE(intf->out_prod);
	con->in_cons = XN_READ_ONCE(intf->in_cons);
	con->out_seen = con->out_prod;
	con->in_seen = con->in_cons;
}

/* Has the host moved its index forwards, and no further than it may? */
static bool index_moved(XENCONS_RING_IDX *seen, XENCONS_RING_IDX now,
			XENCONS_RING_IDX limit)
{
	if (now - *seen - 1 >= limit - *seen)
		return false;
	*seen = now;
	return true;
}

bool xn_console_moved(struct xn_console *con)
{
	struct xencons_interface *intf = con->intf;
	XENCONS_RING_IDX out_cons = XN_READ_ONCE(intf->out_cons);
	XENCONS_RING_IDX in_prod = XN_READ_ONCE(intf->in_prod);
	bool out, in;

	if (XN_READ_ONCE(con->broken))
		return false;
	out = index_moved(&con->out_seen, out_cons,
			  XN_READ_ONCE(con->out_prod));
	in = index_moved(&con->in_seen, in_prod,
			 XN_READ_ONCE(con->in_cons) + sizeof(intf->in));
	return out || in;
}

/* Returns: true if, by the host's index, the ring holds more than its @size. */
static bool ring_is_broken(struct xn_console *con, uint32_t used, uint32_t size)
{
	if (used > size &&
	    !__atomic_exchange_n(&con->broken, true, __ATOMIC_RELAXED)) {
		xn_stat_inc(XN_STAT_REFUSED);
		con->wrong = used;
		__atomic_store_n(&con->unsaid, size, __ATOMIC_RELEASE);
	}
	return XN_READ_ONCE(con->broken);
}

void xn_console_report(struct xn_console *con)
{
	uint32_t size = __atomic_exchange_n(&con->unsaid, 0, __ATOMIC_ACQUIRE);

	if (size)
		xn_os_log(XN_ERR,
			  "xenion: console: %u bytes in a ring of %u: not used from now on",
			  con->wrong, size);
}

unsigned int xn_console_room(struct xn_console *con)
{
	struct xencons_interface *intf = con->intf;
	uint32_t used = con->out_prod - XN_READ_ONCE(intf->out_cons);

	return ring_is_broken(con, used, sizeof(intf->out)) ?
		0 : sizeof(intf->out) - used;
}

int xn_console_write(struct xn_console *con, const char *data,
		     unsigned int len)
{
	struct xencons_interface *intf = con->intf;
	XENCONS_RING_IDX prod = con->out_prod;
	unsigned int i, room = xn_console_room(con);

	if (con->broken)
		return -EIO;
	if (len > room)
		len = room;
	if (!len)
		return 0;
	/* The host has read the bytes that we now overwrite. */
	xn_mb();
	for (i = 0; i < len; i++)
		intf->out[MASK_XENCONS_IDX(prod++, intf->out)] = data[i];
	XN_WRITE_ONCE(con->out_prod, prod);
	xn_wmb();
	XN_WRITE_ONCE(intf->out_prod, prod);
	xn_evtchn_send(con->port);
	return len;
}

int xn_console_read(struct xn_console *con, char *data, unsigned int size)
{
	struct xencons_interface *intf = con->intf;
	XENCONS_RING_IDX cons = con->in_cons;
	uint32_t used = XN_READ_ONCE(intf->in_prod) - cons;
	unsigned int i;

	if (ring_is_broken(con, used, sizeof(intf->in)))
		return -EIO;
	if (size > used)
		size = used;
	if (!size)
		return 0;
	xn_rmb();
	for (i = 0; i < size; i++)
		data[i] = XN_READ_ONCE(intf->in[MASK_XENCONS_IDX(cons++,
								 intf->in)]);
	XN_WRITE_ONCE(con->in_cons, cons);
	/* The host may overwrite what we have read from here on. */
	xn_mb();
	XN_WRITE_ONCE(intf->in_cons, cons);
	xn_evtchn_send(con->port);
	return size;
}
