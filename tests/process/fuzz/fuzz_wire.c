// SPDX-License-Identifier: MIT
/*
 * The xenstore wire protocol (xen-public/io/xs_wire.h): the stream of bytes is
 * hostile, written by xenstored or whatever else can write to the response
 * ring. xenbus/wire.c must cut any stream into the same messages, no matter in
 * which pieces it comes, and stop at the first invalid one.
 *
 * Input: how the stream is cut, then the stream.
 */
#include "fuzz.h"
#include <xenion/xenbus.h>

#define MAX_PIECE	32u

/* A checksum of all that a reader's owner saw, with one buffer at a time. */
struct owner {
	struct xn_wire_reader r;
	uint8_t *buf;
	uint32_t room, skip;
	unsigned int begun, ended;
	uint64_t sum;
};

static void add(struct owner *o, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		o->sum = (o->sum ^ *p++) * 0x100000001b3ull;
}

/* Where a body goes depends on its header alone. */
static uint32_t room_of(const struct xsd_sockmsg *hdr)
{
	return hdr->req_id & 0x3f;
}

static uint32_t skip_of(const struct xsd_sockmsg *hdr)
{
	switch (hdr->req_id >> 6 & 3) {
	case 0:
		return 0;
	case 1:
		return hdr->req_id >> 8 & 0x3f;
	case 2:
		return hdr->len > room_of(hdr) ? hdr->len - room_of(hdr) : 0;
	default:
		return hdr->req_id >> 8;
	}
}

static void sink(struct xn_wire_reader *r, uint8_t **buf, uint32_t *room)
{
	struct owner *o = xn_container_of(r, struct owner, r);

	assert_int_equal(o->begun, o->ended);
	o->begun++;
	free(o->buf);
	o->room = room_of(&r->hdr);
	/* Exactly as long, so that ASan sees each access outside. */
	o->buf = malloc(o->room);
	*buf = o->buf;
	*room = o->room;
	r->skip = skip_of(&r->hdr);
}

static void done(struct xn_wire_reader *r)
{
	struct owner *o = xn_container_of(r, struct owner, r);

	o->ended++;
	assert_int_equal(o->begun, o->ended);
	assert_true(r->room <= o->room);
	assert_int_equal(r->room + r->lost, r->hdr.len);
	add(o, &r->hdr, sizeof(r->hdr));
	add(o, o->buf, r->room);
	if (r->hdr.type == XS_ERROR)
		assert_true(xn_wire_error((char *)o->buf, r->room) < 0);
}

static void init(struct owner *o)
{
	memset(o, 0, sizeof(*o));
	o->r.sink = sink;
	o->r.done = done;
}

/* The same, implemented as simply as possible. */
static bool reference(struct owner *o, const uint8_t *p, size_t len)
{
	struct xsd_sockmsg hdr;

	while (len >= sizeof(hdr)) {
		uint32_t skip, kept;

		memcpy(&hdr, p, sizeof(hdr));
		if (hdr.type >= XS_TYPE_COUNT || hdr.len > XENSTORE_PAYLOAD_MAX)
			return false;
		o->begun++;
		if (len - sizeof(hdr) < hdr.len)
			return true;
		skip = skip_of(&hdr);
		kept = skip < hdr.len ? hdr.len - skip : 0;
		if (kept > room_of(&hdr))
			kept = room_of(&hdr);
		add(o, &hdr, sizeof(hdr));
		add(o, p + sizeof(hdr) + (kept ? skip : 0), kept);
		o->ended++;
		p += sizeof(hdr) + hdr.len;
		len -= sizeof(hdr) + hdr.len;
	}
	return true;
}

/* In pieces of these lengths, repeated. */
static int feed(struct owner *o, const uint8_t *p, size_t len,
		const uint8_t *cuts, size_t nr_cuts)
{
	size_t i = 0;
	int err = 0;

	while (len && !err) {
		size_t n = nr_cuts ? cuts[i++ % nr_cuts] + 1u : len;
		uint8_t *piece;

		if (n > len)
			n = len;
		piece = malloc(n);
		memcpy(piece, p, n);
		err = xn_wire_feed(&o->r, piece, n);
		free(piece);
		p += n;
		len -= n;
	}
	if (err)
		assert_int_equal(xn_wire_feed(&o->r, "x", 1), err);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner whole, parts, want;
	size_t nr_cuts, len;
	const uint8_t *cuts, *p;
	bool good;

	fuzz_begin(data, size);
	cuts = fuzz_bytes(fuzz_below(MAX_PIECE), &nr_cuts);
	len = fuzz_left();
	p = fuzz_bytes(len, &len);

	init(&want);
	good = reference(&want, p, len);
	init(&whole);
	assert_int_equal(feed(&whole, p, len, NULL, 0), good ? 0 : -EPROTO);
	init(&parts);
	assert_int_equal(feed(&parts, p, len, cuts, nr_cuts),
			 good ? 0 : -EPROTO);
	assert_int_equal(whole.begun, want.begun);
	assert_int_equal(whole.ended, want.ended);
	assert_int_equal(whole.sum, want.sum);
	assert_int_equal(parts.begun, want.begun);
	assert_int_equal(parts.ended, want.ended);
	assert_int_equal(parts.sum, want.sum);
	free(whole.buf);
	free(parts.buf);
	return 0;
}
