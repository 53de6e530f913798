// SPDX-License-Identifier: MIT
/*
 * The xenstore wire protocol: splits a stream of bytes into messages.
 *
 * Specified in docs/misc/xenstore.txt of Xen and xen-public/io/xs_wire.h. Each
 * message is a struct xsd_sockmsg and as many bytes as its len says. This is a
 * pure state machine: its caller, client.c, owns the ring that the bytes come
 * from and the buffers that they go to. Each byte is read once, so the ring
 * itself may be passed in while the host can still write to it.
 */
#include "xs.h"

/* The header is complete: check it and choose a buffer for the body. */
static void message_begins(struct xn_wire_reader *r)
{
	uint32_t fits;

	if (r->hdr.type >= XS_TYPE_COUNT ||
	    r->hdr.len > XENSTORE_PAYLOAD_MAX) {
		r->broken = true;
		return;
	}
	r->body = NULL;
	r->room = 0;
	r->skip = 0;
	r->sink(r, &r->body, &r->room);

	fits = r->skip < r->hdr.len ? r->hdr.len - r->skip : 0;
	if (r->room > fits)
		r->room = fits;
	r->lost = r->hdr.len - r->room;
}

/* Store bytes @pos ... @pos + @len - 1 of the body, as far as they fit. */
static void body_bytes(struct xn_wire_reader *r, uint32_t pos,
		       const uint8_t *data, uint32_t len)
{
	uint32_t from = r->skip > pos ? r->skip : pos;
	uint32_t to = xn_min32(pos + len, r->skip + r->room);

	if (from < to)
		memcpy(r->body + (from - r->skip), data + (from - pos),
		       to - from);
}

int xn_wire_feed(struct xn_wire_reader *r, const void *data, uint32_t len)
{
	const uint32_t head = sizeof(r->hdr);
	const uint8_t *p = data;

	while (len && !r->broken) {
		uint32_t n;

		if (r->got < head) {
			n = xn_min32(len, head - r->got);
			memcpy((uint8_t *)&r->hdr + r->got, p, n);
			if (r->got + n == head)
				message_begins(r);
		} else {
			n = xn_min32(len, head + r->hdr.len - r->got);
			body_bytes(r, r->got - head, p, n);
		}
		r->got += n;
		p += n;
		len -= n;

		if (r->got >= head && !r->broken &&
		    r->got == head + r->hdr.len) {
			r->got = 0;
			r->done(r);
		}
	}
	return r->broken ? -EPROTO : 0;
}

int xn_wire_error(const char *body, uint32_t len)
{
	unsigned int i;

	if (len && !body[len - 1])
		len--;
	for (i = 0; i < XN_ARRAY_SIZE(xsd_errors); i++) {
		const char *name = xsd_errors[i].errstring;

		if (strlen(name) == len && !memcmp(name, body, len))
			return -xsd_errors[i].errnum;
	}
	return -EIO;
}
