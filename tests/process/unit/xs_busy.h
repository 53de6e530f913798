/* SPDX-License-Identifier: MIT */
/*
 * A xenstored that is busy once: the n-th request fails with an error that may
 * pass. For tests of frontends.
 */
#ifndef XS_BUSY_H
#define XS_BUSY_H

#include "xs_guest.h"

static struct xs_busy {
	struct host_xs *h;
	const char *error;
	unsigned int left;		/* requests until the error */
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

/* From now on, request number @nth, counted from 0, fails with @error. */
static inline void xs_busy_begin(struct host_xs *h, unsigned int nth,
				 const char *error)
{
	xs_busy = (struct xs_busy){ .h = h, .error = error, .left = nth };
	host_xs_lies(h)->request = xs_busy_request;
}

/* Returns: was there such a request? */
static inline bool xs_busy_end(void)
{
	host_xs_lies(xs_busy.h)->request = NULL;
	return xs_busy.done;
}

/*
 * Each request of the handshake fails once in turn, with an error that passes.
 * @start: returns as xn_device_init() or the frontend's init; @state: the
 * frontend's node; @works: does the device work?
 */
static inline void xs_busy_handshake(struct host_xs *h, const char *state,
				     int (*start)(void), bool (*works)(void),
				     void (*stop)(void))
{
	static const char *const errors[] = { "EIO", "ENOMEM", "EBUSY", "EAGAIN" };
	unsigned int nth;
	bool failed;
	int err;

	for (nth = 0; ; nth++) {
		xs_busy_begin(h, nth, errors[nth % XN_ARRAY_SIZE(errors)]);
		err = start();
		host_run(10 * XN_NSEC_PER_SEC);
		failed = xs_busy_end();
		if (err) {
			/* The caller tries again after such an error. */
			assert_true(failed && err != -EINVAL);
			continue;
		}
		if (!works() ||
		    host_xs_read_int(h, state) != XenbusStateConnected)
			fail_msg("request %u: state %lld", nth,
				 host_xs_read_int(h, state));
		assert_int_equal(host_log_count(XN_ERR), 0);
		stop();
		if (!failed)
			break;
	}
	assert_true(nth > 10);
}

#endif /* XS_BUSY_H */
