/* SPDX-License-Identifier: MIT */
/*
 * frontends/console/: the PV console, one shared page with a ring of bytes
 * each way (xen-public/io/console.h). The page and the port come from the
 * toolstack (HVM_PARAM_CONSOLE_PFN and _EVTCHN): there is no handshake.
 */
#ifndef XENION_CONSOLE_H
#define XENION_CONSOLE_H

#include <xenion/decls.h>
#include <xenion/frontend.h>
#include <xen-public/io/console.h>

XN_DECLS_BEGIN

struct xn_console {
	struct xencons_interface *intf;
	evtchn_port_t port;
	struct xn_channel channel;	/* for @port, from open to close */
	bool broken;		/* read only: the host's indices are invalid */
	/* the engine's own: */
	XENCONS_RING_IDX out_prod;	/* ours, whatever the page says */
	XENCONS_RING_IDX in_cons;
	XENCONS_RING_IDX out_seen;	/* the host's out_cons, as last seen */
	XENCONS_RING_IDX in_seen;	/* the host's in_prod, as last seen */
	uint32_t wrong;		/* bytes in the ring, by an invalid index */
	uint32_t unsaid;	/* size of that ring; 0: nothing to report */
};

/**
 * xn_console_init - use a console page
 * @con: filled in
 * @intf: the shared page
 * @port: its event channel, bound by the caller
 *
 * Also for a guest that goes on in a new domain, where page and port are other
 * ones (xn_hvm_console()): after xn_console_close(), with no reader or writer
 * meanwhile. What the old domain's host had not taken is lost.
 *
 * Context: any.
 */
void xn_console_init(struct xn_console *con, struct xencons_interface *intf,
		     evtchn_port_t port);

/**
 * xn_console_open - the port's events call xn_console_event() from now on
 * @con: after xn_console_init()
 * @t: the table in which the port is bound
 *
 * From now on the port is held back when it fires without work. A console that
 * is polled needs no call of this. Context: any.
 */
void xn_console_open(struct xn_console *con, struct xn_evtchn_table *t);

/**
 * xn_console_close - let the port go, before it is unbound
 * @con: open, or not
 *
 * Output and input still work, by polling. May sleep.
 */
void xn_console_close(struct xn_console *con);

/**
 * xn_console_event - the port's event has come
 * @con: the console; open, or not yet
 *
 * There may be input, or room for output. Context: upcall, or any; never twice at
 * once.
 */
void xn_console_event(struct xn_console *con);

/**
 * xn_console_moved - did an event of the port come with work?
 * @con: the console
 *
 * Input that is left in the ring does not count again.
 *
 * Return: true if the host has written input or taken output since the last
 * call.
 *
 * Context: as xn_console_event(), which calls it.
 */
bool xn_console_moved(struct xn_console *con);

/**
 * xn_console_report - log what ended the use of the ring, if anything did
 * @con: the console
 *
 * To be called when @con->broken is set, or one of the functions below has
 * returned -EIO. They log nothing themselves: the log may go out through this
 * console, and their caller holds the lock that excludes another writer. Logs
 * once, however often it is called.
 *
 * Context: any, but under no lock that a writer takes.
 */
void xn_console_report(struct xn_console *con);

/**
 * xn_console_write - put bytes into the ring, as many as fit
 * @con: the console
 * @data: the bytes
 * @len: how many
 *
 * Returns: how many, perhaps 0; -EIO when the ring is broken. The caller
 * excludes a second writer. Notifies once. Context: raw.
 */
int xn_console_write(struct xn_console *con, const char *data,
		     unsigned int len);

/**
 * xn_console_room - how many bytes xn_console_write() would take now
 * @con: the console
 *
 * Returns: a count, 0 when the ring is broken. Context: any.
 */
unsigned int xn_console_room(struct xn_console *con);

/**
 * xn_console_read - take bytes out of the ring, as many as there are
 * @con: the console
 * @data: gets the bytes
 * @size: bytes of @data
 *
 * Returns: how many, perhaps 0; -EIO when the ring is broken. The caller
 * excludes a second reader. Notifies once, if anything was taken.
 * Context: any.
 */
int xn_console_read(struct xn_console *con, char *data, unsigned int size);

XN_DECLS_END

#endif /* XENION_CONSOLE_H */
