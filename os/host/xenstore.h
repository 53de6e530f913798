/* SPDX-License-Identifier: MIT */
/*
 * A simulated xenstored with the nodes of one guest and of domain 0, for tests.
 * The guest reaches it through its ring page and event channel, tests and
 * scripted backends through the functions below, as domain 0. There are no
 * permissions. It answers in host_pump() and in an xn_wait() of the core.
 *
 * Like the real xenstored, it looks at the ring only when it is notified: a
 * client that does not notify gets no answer.
 *
 * Paths are absolute, or relative to the guest's own directory. An invalid path
 * ends the program with a message. A guest that breaks the protocol is ignored
 * from then on, as by the real xenstored.
 */
#ifndef XENION_HOST_XENSTORE_H
#define XENION_HOST_XENSTORE_H

#include "host.h"
#include <xen-public/io/xenbus.h>
#include <xen-public/io/xs_wire.h>

struct host_xs;

/* One xenstored for @g, with /local/domain/<id> in it. */
struct host_xs *host_xs_create(struct host_guest *g);
/*
 * After host_guest_restore(): a directory for the domain's new number, the new
 * page and port. The guest's watches, transactions and devices are gone.
 */
void host_xs_restore(struct host_xs *h);
/* After host_guest_destroy(). */
void host_xs_destroy(struct host_xs *h);

/* ---- nodes ---- */

void host_xs_write(struct host_xs *h, const char *path, const char *value);
void host_xs_printf(struct host_xs *h, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void host_xs_write_raw(struct host_xs *h, const char *path, const void *value,
		       size_t len);
/* The value, until the node changes; NULL: there is no such node. */
const char *host_xs_read(struct host_xs *h, const char *path);
/* The value as a number; -1: no such node, or it is not a number. */
long long host_xs_read_int(struct host_xs *h, const char *path);
void host_xs_rm(struct host_xs *h, const char *path);

/*
 * @fn is called in the next round of the pump, and again whenever something at
 * or below @path has changed. It may do anything that these files offer.
 */
void host_xs_watch(struct host_xs *h, const char *path,
		   void (*fn)(void *data), void *data);

/* ---- devices, as a toolstack makes them ---- */

/*
 * device/<type>/<id> with backend, backend-id and state 1, and domain 0's
 * backend/<type>/<guest>/<id> with frontend, frontend-id, online and state 1.
 * Returns: the backend's path, valid until the node is removed.
 */
const char *host_xs_plug(struct host_xs *h, const char *type, unsigned int id);
/* Remove both directories. */
void host_xs_unplug(struct host_xs *h, const char *type, unsigned int id);

/* ---- what the guest has ---- */

unsigned int host_xs_requests(const struct host_xs *h);	/* ever sent */
unsigned int host_xs_watches(const struct host_xs *h);
unsigned int host_xs_transactions(const struct host_xs *h);
/* Is no byte in either ring, or in xenstored's buffers? */
bool host_xs_quiet(const struct host_xs *h);

/* ---- lies ---- */

struct host_xs_lies {
	unsigned int fragment;	/* bytes moved at once; 0: what fits */
	unsigned int conflicts;	/* commits that fail with EAGAIN */
	bool deaf;		/* takes nothing from the ring */
	bool mute;		/* takes requests, and answers none */
	bool no_notify;		/* its events are lost */
	/* true: it has handled the request */
	bool (*request)(void *data, const struct xsd_sockmsg *hdr,
			const char *body);
	void *data;
};

struct host_xs_lies *host_xs_lies(struct host_xs *h);

/* Send any message. */
void host_xs_send(struct host_xs *h, uint32_t type, uint32_t req_id,
		  const void *body, uint32_t len);
/* Send any bytes. */
void host_xs_send_raw(struct host_xs *h, const void *data, size_t len);
/* Answer this request as the real xenstored would. */
void host_xs_answer(struct host_xs *h, const struct xsd_sockmsg *hdr,
		    const char *body);

#endif /* XENION_HOST_XENSTORE_H */
