/* SPDX-License-Identifier: MIT */
/*
 * A xenstored that cannot answer one request now: the n-th gets an error that
 * passes. For tests of frontends.
 */
#ifndef XS_BUSY_H
#define XS_BUSY_H

#include "xs_guest.h"

static struct xs_busy {
	struct host_xs *h;
	const char *error;
	unsigned int left;		/* requests until then */
	bool done;
} xs_busy;

static inline bool xs_busy_request(void *data, const struct xsd_sockmsg *hdr,
				   const char *body)
{
	if (xs_busy.done || xs_busy.left--)
		return false;
	xs_busy.done = true;
	host_xs_send(xs_busy.h, XS_ERROR, hdr->req_id, xs_busy.error,
		     strlen(xs_busy.error) + 1);
	return true;
}

/* Request number @nth from now on, the first is 0, fails with @error. */
static inline void xs_busy_begin(struct host_xs *h, unsigned int nth,
				 const char *error)
{
	xs_busy = (struct xs_busy){ .h = h, .error = error, .left = nth };
	host_xs_lies(h)->request = xs_busy_request;
}

/* Returns: there was such a request. */
static inline bool xs_busy_end(void)
{
	host_xs_lies(xs_busy.h)->request = NULL;
	return xs_busy.done;
}

#endif /* XS_BUSY_H */
