// SPDX-License-Identifier: MIT
/*
 * Lies of a backend for 9P file systems. The table below says what each must
 * lead to. The engine checks only a message's header; the rest is checked by
 * Linux's own client.
 */
#include <unistd.h>

#include "9p.h"

#define RESPONSE(_name) \
	static void _name(struct p9 *p, struct p9_msg *m)
#define REQUEST(_name) \
	static bool _name(struct p9 *p, struct p9_ring *r)

static void set_size(struct p9_msg *m, uint32_t size)
{
	p9_set(m->bytes, size, 4);
}

/* The same bytes in each run. */
static uint8_t noise(void)
{
	static uint32_t seed = 1;

	seed = seed * 1103515245 + 12345;
	return seed >> 16;
}

static void scribble(void *at, uint32_t len)
{
	volatile uint8_t *byte = at;

	while (len--)
		*byte++ = noise();
}

/* ---- invalid headers ---- */

RESPONSE(tag_idle)	{ m->bytes[6] ^= 0x40; told(p->b); }
RESPONSE(tag_none)	{ p9_set(m->bytes + 5, 0xffff, 2); told(p->b); }
RESPONSE(type_other)	{ m->bytes[4] += 2; told(p->b); }
RESPONSE(type_asked)	{ m->bytes[4]--; told(p->b); }
RESPONSE(size_0)	{ set_size(m, 0); told(p->b); }
RESPONSE(size_6)	{ set_size(m, P9_HEADER - 1); told(p->b); }
RESPONSE(size_most)	{ set_size(m, ~0u); told(p->b); }
RESPONSE(size_ring)	{ set_size(m, p->ring[0].size + 1); told(p->b); }

/* ... for the request. */
RESPONSE(too_long)
{
	m->len = p->msize + 1;
	set_size(m, m->len);
	told(p->b);
}

/* ---- invalid bodies: the frontend stays connected ---- */

static void make_error(struct p9_msg *m, uint32_t number)
{
	m->bytes[4] = P9_RLERROR;
	p9_set(m->bytes + P9_HEADER, number, 4);
	m->len = P9_HEADER + 4;
	set_size(m, m->len);
}

RESPONSE(all_errors)	{ make_error(m, 5); once(p->b); }
RESPONSE(error_0)	{ make_error(m, 0); once(p->b); }
RESPONSE(error_4096)	{ make_error(m, 4096); once(p->b); }
RESPONSE(error_most)	{ make_error(m, ~0u); once(p->b); }

RESPONSE(no_body)
{
	m->len = P9_HEADER;
	set_size(m, m->len);
	once(p->b);
}

RESPONSE(bare_error)
{
	m->bytes[4] = P9_RLERROR;
	no_body(p, m);
}

/* Only in replies to a file system that is mounted. */
RESPONSE(body_noise)
{
	if (m->bytes[4] == P9_TVERSION + 1 || m->bytes[4] == P9_TATTACH + 1)
		return;
	scribble(m->bytes + P9_HEADER, m->len - P9_HEADER);
	once(p->b);
}

RESPONSE(version_u)	{ m->bytes[m->len - 1] = 'u'; once(p->b); }
RESPONSE(version_x)	{ m->bytes[m->len - 1] = 'X'; once(p->b); }
RESPONSE(first_0)	{ p9_set(m->bytes + P9_HEADER, 0, 4); once(p->b); }
RESPONSE(first_most)	{ p9_set(m->bytes + P9_HEADER, ~0u, 4); once(p->b); }

/* ---- replies without a request, or incomplete ---- */

REQUEST(twice)
{
	p9_answer(p);
	p9_send(p, r);
	p9_send(p, r);
	told(p->b);
	return true;
}

REQUEST(twice_at_once)
{
	p9_answer(p);
	p9_put(r, &p->reply);
	p9_send(p, r);
	told(p->b);
	return true;
}

/* An honest backend may do this. */
REQUEST(in_pieces)
{
	RING_IDX at = r->in_prod;

	p9_answer(p);
	p9_put(r, &p->reply);
	for (at += 2; r->in_prod - at < P9_BYTES; at += p->reply.len / 4) {
		p9_show(p, r, at);
		usleep(2000);
	}
	p9_show(p, r, r->in_prod);
	once(p->b);
	return true;
}

static bool send_but(struct p9 *p, struct p9_ring *r, uint32_t rest)
{
	p9_answer(p);
	p9_put(r, &p->reply);
	p9_show(p, r, r->in_prod - rest);
	p->b->deaf = true;
	told(p->b);
	return true;
}

REQUEST(no_end)	{ return send_but(p, r, 1); }

REQUEST(no_header)
{
	p9_answer(p);
	return send_but(p, r, p->reply.len - 3);
}

/* The reader is killed meanwhile, and flushes its request. The late answer
 * comes after the reply to that, when Linux sends another request, maybe with
 * the same tag.
 */
REQUEST(late)
{
	uint8_t type = p->request.bytes[4];

	if (type == P9_TREAD && p->late == P9_NOTHING_LATE) {
		p9_answer(p);
		p->held = p->reply;
		p->late = P9_HELD;
		return true;
	}
	if (type == P9_TFLUSH && p->late == P9_HELD) {
		p->late = P9_TAKEN_BACK;
	} else if (p->late == P9_TAKEN_BACK) {
		p9_put(r, &p->held);
		p9_show(p, r, r->in_prod);
		told(p->b);
		return true;
	}
	return false;
}

REQUEST(no_flush)
{
	if (p->request.bytes[4] == P9_TFLUSH)
		once(p->b);
	return p->request.bytes[4] == P9_TFLUSH ||
	       p->request.bytes[4] == P9_TREAD;
}

/* ---- indices ---- */

static bool show(struct p9 *p, struct p9_ring *r, RING_IDX prod)
{
	p9_show(p, r, prod);
	told(p->b);
	return true;
}

REQUEST(jump)	{ return show(p, r, r->in_prod + r->size + 1000); }
REQUEST(jump_half)	{ return show(p, r, r->in_prod + (1u << 31)); }
REQUEST(back)	{ return show(p, r, r->in_prod - r->size - 1); }
REQUEST(overtake)	{ return show(p, r, r->in_prod + 64); }

/* The consumer's index, which the frontend reads with its next request. */
static bool take_until(struct p9 *p, struct p9_ring *r, RING_IDX cons)
{
	p->hoards = true;
	*(volatile RING_IDX *)&r->intf->out_cons = cons;
	told(p->b);
	return false;
}

REQUEST(take_more)	{ return take_until(p, r, r->out_cons + r->size); }
REQUEST(take_back)	{ return take_until(p, r, r->out_cons - r->size - 1); }

REQUEST(take_none)
{
	p->hoards = true;
	if (r->out_cons - r->intf->out_cons > r->size / 2)
		once(p->b);
	return false;
}

/* ---- values that change while they are read ---- */

static bool flip(struct p9 *p, volatile void *word, uint32_t one, uint32_t other)
{
	flip_word(p->b, word, one, other);
	notify(p->b);
	told(p->b);
	p->b->deaf = true;
	return true;
}

REQUEST(prod_flips)
{
	return flip(p, &r->intf->in_prod, r->in_prod, r->in_prod + r->size + 1);
}

/* Requests are answered, so that more come. */
REQUEST(cons_flips)
{
	p->hoards = true;
	if (!p->b->flip)
		flip_word(p->b, &r->intf->out_cons, r->out_cons,
			  r->out_cons + r->size);
	once(p->b);
	return false;
}

REQUEST(guest_flips)
{
	return flip(p, &r->intf->out_prod, 0, ~0u);
}

/* A word of a reply alternates between its correct and an invalid value. It may
 * be unaligned, which x86 allows.
 */
static bool reply_flips(struct p9 *p, struct p9_ring *r, uint32_t at,
			uint32_t change)
{
	volatile uint32_t *word = (void *)p9_at(r, r->in_prod + at);

	p9_answer(p);
	p9_send(p, r);
	return flip(p, word, *word, *word ^ change);
}

REQUEST(size_flips)	{ return reply_flips(p, r, 0, 0x7fff0000); }
REQUEST(type_flips)	{ return reply_flips(p, r, 3, 0xee00); }
REQUEST(tag_flips)	{ return reply_flips(p, r, 3, 0x40000000); }

/* ---- noise ---- */

REQUEST(scribbles)
{
	scribble(r->intf, PAGE);
	scribble(r->data, 2 * r->size);
	notify(p->b);
	told(p->b);
	p->b->deaf = true;
	return true;
}

REQUEST(scribbles_replies)
{
	p9_answer(p);
	p9_send(p, r);
	scribble(r->data, r->size);
	once(p->b);
	return true;
}

/* Overwrites the place of each request that was taken. */
REQUEST(scribbles_requests)
{
	uint32_t i;

	for (i = 1; i <= p->request.len; i++)
		p9_at(r, r->out_cons - i)[r->size] = noise();
	once(p->b);
	return false;
}

/* Overwrites the rings' order and references, which the frontend wrote. */
REQUEST(scribbles_refs)
{
	scribble(&r->intf->ring_order,
		 PAGE - offsetof(struct xen_9pfs_data_intf, ring_order));
	once(p->b);
	return false;
}

REQUEST(silence)	{ once(p->b); return true; }
REQUEST(dies_now)	{ dies(p->b); return true; }
REQUEST(closes_now)	{ closes(p->b); return true; }
REQUEST(storms_first)	{ storms(p->b); return false; }

/* ---- two rings ---- */

REQUEST(other_answers)
{
	struct p9_ring *other = &p->ring[r == &p->ring[0]];

	p9_answer(p);
	p9_send(p, other);
	told(p->b);
	return true;
}

static void other_notifies(struct be *b)
{
	connect_to(b, get_front(b, "event-channel-1"));
	told(b);
}

/* ---- nodes ---- */

static void nodes_vanish(struct be *b)
{
	put_back(b, "versions", NULL);
	put_back(b, "max-rings", "0");
	put_back(b, "max-ring-page-order", "none");
	put_front(b, "tag", "");
	told(b);
}

NODES(no_versions, "versions", NULL);
NODES(other_versions, "versions", "2,11,1.1");
NODES(no_rings, "max-rings", NULL);
NODES(rings_0, "max-rings", "0");
NODES(rings_words, "max-rings", "some");
NODES(rings_2, "max-rings", "2");
NODES(rings_most, "max-rings", "4294967295");
NODES(no_order, "max-ring-page-order", NULL);
NODES(order_0, "max-ring-page-order", "0");
NODES(order_1, "max-ring-page-order", "1");
NODES(order_below, "max-ring-page-order", "-1");
NODES(order_most, "max-ring-page-order", "4294967295");
NODES(no_tag, "tag", NULL);
NODES(tag_empty, "tag", "");
NODES(tag_long, "tag",
	"0123456789012345678901234567890123456789012345678901234567890123");

#define REPLY(_name, _fn, _says) \
	{ _name, CLOSES, _says, \
	  .more = &(const struct p9_more){ 3, .reply = _fn } }
#define BODY(_name, _type, _fn) \
	{ _name, WORKS, \
	  .more = &(const struct p9_more){ .type = _type, .reply = _fn } }
#define ACT(_name, _after, _fn, _expect, _says) \
	{ _name, _expect, _says, \
	  .more = &(const struct p9_more){ _after, .request = _fn } }
#define FLIP(_name, _fn, _expect, _says) \
	{ _name, _expect, _says, .tick = poke, \
	  .more = &(const struct p9_more){ 3, .request = _fn } }

const struct lie p9_lies[] = {
	LIES_OF_STATES,

	REPLY("tag-not-in-flight", tag_idle, "no request"),
	REPLY("tag-of-no-session", tag_none, "no request"),
	REPLY("reply-to-another-kind", type_other, "another kind"),
	REPLY("reply-is-a-request", type_asked, "another kind"),
	REPLY("size-0", size_0, "invalid length"),
	REPLY("size-6", size_6, "invalid length"),
	REPLY("size-4294967295", size_most, "invalid length"),
	REPLY("size-beyond-the-ring", size_ring, "invalid length"),
	REPLY("size-beyond-the-request", too_long, "too long"),

	BODY("all-are-errors", 0, all_errors),
	BODY("error-0", 0, error_0),
	BODY("error-4096", 0, error_4096),
	BODY("error-4294967295", 0, error_most),
	BODY("error-without-number", 0, bare_error),
	BODY("no-body", 0, no_body),
	BODY("body-of-noise", 0, body_noise),
	BODY("version-of-another-kind", P9_TVERSION, version_u),
	BODY("version-that-is-none", P9_TVERSION, version_x),
	BODY("messages-of-0-bytes", P9_TVERSION, first_0),
	BODY("messages-of-4294967295-bytes", P9_TVERSION, first_most),
	BODY("walks-65535-names", P9_TWALK, first_most),
	BODY("reads-0-bytes", P9_TREAD, first_0),
	BODY("reads-4294967295-bytes", P9_TREAD, first_most),

	ACT("answers-twice", 3, twice, CLOSES, "a reply to"),
	ACT("answers-twice-at-once", 3, twice_at_once, CLOSES, "a reply to"),
	ACT("answers-in-pieces", 3, in_pieces, WORKS, NULL),
	ACT("last-byte-never-comes", 3, no_end, LIVES, NULL),
	ACT("header-never-ends", 3, no_header, LIVES, NULL),
	ACT("flush-then-the-answer", 3, late, CLOSES, "a reply to"),
	{ "flush-never-answered", LIVES, .quiet = 5000,
	  .more = &(const struct p9_more){ 3, .request = no_flush } },

	ACT("producer-jumps", 3, jump, CLOSES, "more bytes"),
	ACT("producer-jumps-half-way", 3, jump_half, CLOSES, "more bytes"),
	ACT("producer-runs-back", 3, back, CLOSES, "more bytes"),
	ACT("producer-overtakes", 3, overtake, CLOSES, "a reply"),
	ACT("consumer-overtakes", 3, take_more, CLOSES, "more requests"),
	ACT("consumer-runs-back", 3, take_back, CLOSES, "more requests"),
	{ "consumer-stands-still", LIVES, .quiet = 5000,
	  .more = &(const struct p9_more){ 3, .request = take_none } },

	FLIP("producer-flips", prod_flips, CLOSES, "more bytes"),
	FLIP("consumer-flips", cons_flips, CLOSES, "more requests"),
	FLIP("guest-index-flips", guest_flips, LIVES, NULL),
	FLIP("size-flips", size_flips, LIVES, NULL),
	FLIP("type-flips", type_flips, LIVES, NULL),
	FLIP("tag-flips", tag_flips, LIVES, NULL),

	FLIP("scribbles-everywhere", scribbles, CLOSES, "more"),
	ACT("scribbles-in-replies", 3, scribbles_replies, LIVES, NULL),
	ACT("scribbles-in-requests", 3, scribbles_requests, WORKS, NULL),
	ACT("scribbles-in-ring-refs", 3, scribbles_refs, WORKS, NULL),

	{ "never-answers", LIVES, .quiet = STALL,
	  .more = &(const struct p9_more){ 3, .request = silence } },
	ACT("never-answered-at-all", 0, silence, LIVES, NULL),
	ACT("dies-during-io", 3, dies_now, LIVES, NULL),
	ACT("dies-at-the-first-request", 0, dies_now, LIVES, NULL),
	{ "closes-while-mounted", LIVES, .tick = until_closed,
	  .more = &(const struct p9_more){ 3, .request = closes_now } },
	ACT("storms-during-io", 3, storms_first, WORKS, NULL),

	{ "other-ring-answers", CLOSES, "no request", .nodes = rings_2,
	  .more = &(const struct p9_more){ 3, .request = other_answers } },
	{ "other-ring-notifies", WORKS, .nodes = rings_2,
	  .connect = other_notifies },

	{ "nodes-vanish", WORKS, .connected = nodes_vanish },
	REFUSED("no-versions", nodes, no_versions, "versions"),
	REFUSED("other-versions", nodes, other_versions, "versions"),
	REFUSED("versions-of-3000-bytes", nodes, long_nodes, "versions"),
	REFUSED("no-rings", nodes, no_rings, "max-rings"),
	REFUSED("0-rings", nodes, rings_0, "max-rings"),
	REFUSED("some-rings", nodes, rings_words, "max-rings"),
	REFUSED("no-ring-order", nodes, no_order, "max-ring-page-order"),
	REFUSED("ring-order-0", nodes, order_0, "max-ring-page-order"),
	REFUSED("ring-order-below-0", nodes, order_below, "max-ring-page-order"),
	REFUSED("no-tag", front, no_tag, "tag"),
	REFUSED("tag-of-0-bytes", front, tag_empty, "tag"),
	REFUSED("tag-of-64-bytes", front, tag_long, "tag"),
	{ "4294967295-rings", WORKS, .nodes = rings_most,
	  .connected = at_once },
	{ "ring-order-1", WORKS, .nodes = order_1, .connected = at_once },
	{ "ring-order-4294967295", WORKS, .nodes = order_most,
	  .connected = at_once },
	{ NULL },
};
