// SPDX-License-Identifier: MIT
/*
 * Requests that somebody else has worded: a program in the guest. Each has to have the
 * form that docs/misc/xenstore.txt of Xen specifies for its type. One that has not is
 * refused here, because a xenstored may do worse than refuse it: some end, and with
 * them whatever dom0 does with domains. Called by an OS's device for programs.
 */
#include "xs.h"

/* What follows the header: so many words, each with a NUL at its end. */
struct form {
	uint16_t min, max;
	bool path;		/* the first is one */
	bool data;		/* any bytes may follow */
};

#define MANY	XENSTORE_PAYLOAD_MAX

/* Not those that concern watches, which are our own business, and no replies. */
static const struct form forms[XS_TYPE_COUNT] = {
	[XS_CONTROL]		= { .min = 1, .max = MANY },
	[XS_DIRECTORY]		= { .min = 1, .max = 1, .path = true },
	[XS_DIRECTORY_PART]	= { .min = 2, .max = 2, .path = true },
	[XS_READ]		= { .min = 1, .max = 1, .path = true },
	[XS_GET_PERMS]		= { .min = 1, .max = 1, .path = true },
	[XS_SET_PERMS]		= { .min = 2, .max = MANY, .path = true },
	[XS_WRITE]		= { .min = 1, .max = 1, .path = true,
				    .data = true },
	[XS_MKDIR]		= { .min = 1, .max = 1, .path = true },
	[XS_RM]			= { .min = 1, .max = 1, .path = true },
	[XS_TRANSACTION_START]	= { .min = 0, .max = 1 },
	[XS_TRANSACTION_END]	= { .min = 1, .max = 1 },
	[XS_INTRODUCE]		= { .min = 3, .max = 4 },
	[XS_RELEASE]		= { .min = 1, .max = 1 },
	[XS_RESUME]		= { .min = 1, .max = 1 },
	[XS_SET_TARGET]		= { .min = 2, .max = 2 },
	[XS_GET_DOMAIN_PATH]	= { .min = 1, .max = 1 },
	[XS_IS_DOMAIN_INTRODUCED] = { .min = 1, .max = 1 },
};

bool xn_xs_path_ok(const char *path, uint32_t len)
{
	bool absolute = len && path[0] == '/';

	if (absolute && len == 1)
		return true;
	return len <= (absolute ? XENSTORE_ABS_PATH_MAX :
				  XENSTORE_REL_PATH_MAX) &&
	       xn_xs_name_ok(path, len, true);
}

/* Bytes before the NUL, or @room if there is none. */
static uint32_t word_length(const char *s, uint32_t room)
{
	uint32_t n = 0;

	while (n < room && s[n])
		n++;
	return n;
}

static bool form_fits(const struct form *form, const char *body, uint32_t len)
{
	uint32_t words = 0, at = 0, n;

	if (!form->max)
		return false;
	while (at < len && (!form->data || words < form->max)) {
		n = word_length(body + at, len - at);
		if (at + n == len)
			return false;		/* has no end */
		if (form->path && !words && !xn_xs_path_ok(body, n))
			return false;
		at += n + 1;
		words++;
	}
	return words >= form->min && words <= form->max;
}

int xn_xs_request(struct xn_xs *xs, enum xsd_sockmsg_type type, uint32_t txn,
		  const void *body, uint32_t len, void *buf, uint32_t size)
{
	const struct xn_xs_part part = { body, len };
	int ret;

	if (len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	if ((unsigned int)type >= XS_TYPE_COUNT ||
	    !form_fits(&forms[type], body, len))
		return -EINVAL;
	ret = xn_xs_enter(xs, false);
	if (ret)
		return ret;
	ret = xn_xs_talk(xs, type, txn, &part, 1, buf, size);
	xn_xs_leave(xs, false);
	return ret;
}
