// SPDX-License-Identifier: MIT
/* Lies of a block backend. The table below says what each must lead to. */
#include <unistd.h>

#include "blk.h"

#define RESPONSE(_name) \
	static void _name(struct blk *k, struct blkif_response *rsp)
#define REQUEST(_name) \
	static bool _name(struct blk *k, const struct blkif_request *r)

/* ---- invalid responses ---- */

RESPONSE(id_far)	{ rsp->id = ~0ull; told(k->b); }
RESPONSE(id_behind)	{ rsp->id = BLK_RING; told(k->b); }
RESPONSE(id_high_bits)	{ rsp->id |= 1ull << 32; told(k->b); }
RESPONSE(id_idle)	{ rsp->id = (rsp->id + BLK_RING / 2) % BLK_RING; told(k->b); }
RESPONSE(op_other)	{ rsp->operation ^= 1; told(k->b); }
RESPONSE(op_none)	{ rsp->operation = 0xee; told(k->b); }
RESPONSE(status_none)	{ rsp->status = 7; told(k->b); }
RESPONSE(status_low)	{ rsp->status = INT16_MIN; told(k->b); }

/* ---- valid responses ---- */

RESPONSE(all_errors)
{
	rsp->status = BLKIF_RSP_ERROR;
	once(k->b);
}

RESPONSE(not_supported)
{
	rsp->status = BLKIF_RSP_EOPNOTSUPP;
	once(k->b);
}

/* ---- responses without a request ---- */

REQUEST(twice)
{
	struct blkif_response rsp = blk_response(k, r);

	blk_answer(k, &rsp);
	blk_answer(k, &rsp);
	told(k->b);
	return true;
}

/* Both at once, before the memory of the request is used again. */
REQUEST(twice_at_once)
{
	struct blkif_response rsp = blk_response(k, r);

	blk_put(k, k->rsp_prod, &rsp);
	blk_put(k, k->rsp_prod + 1, &rsp);
	k->rsp_prod += 2;
	blk_show(k, k->rsp_prod);
	told(k->b);
	return true;
}

REQUEST(jump)
{
	blk_show(k, k->rsp_prod + 1000);
	told(k->b);
	return true;
}

REQUEST(jump_half)
{
	blk_show(k, k->rsp_prod + (1u << 31));
	told(k->b);
	return true;
}

/* Before what a frontend has seen, even if it is a whole ring behind. */
REQUEST(back)
{
	blk_show(k, k->rsp_prod - BLK_RING - 1);
	told(k->b);
	return true;
}

REQUEST(overtake)
{
	blk_show(k, k->req_cons + 1);
	told(k->b);
	return true;
}

/* ---- values that change while they are read ---- */

REQUEST(producer_flips)
{
	blk_response(k, r);
	flip_word(k->b, &k->sring->rsp_prod, k->rsp_prod, k->rsp_prod + 500);
	notify(k->b);
	told(k->b);
	k->b->deaf = true;
	return true;
}

/* The id alternates between its correct and an invalid value. */
REQUEST(id_flips)
{
	struct blkif_response rsp = blk_response(k, r);
	volatile void *id = &k->sring->ring[k->rsp_prod % BLK_RING].rsp.id;

	blk_put(k, k->rsp_prod, &rsp);
	flip_word(k->b, id, rsp.id, 0x7fffffff);
	k->rsp_prod++;
	blk_show(k, k->rsp_prod);
	told(k->b);
	k->b->deaf = true;
	return true;
}

REQUEST(status_flips)
{
	struct blkif_response rsp = blk_response(k, r);
	volatile void *op =
		&k->sring->ring[k->rsp_prod % BLK_RING].rsp.operation;

	blk_put(k, k->rsp_prod, &rsp);
	flip_word(k->b, op, rsp.operation, 0x12340000u | rsp.operation);
	k->rsp_prod++;
	blk_show(k, k->rsp_prod);
	told(k->b);
	k->b->deaf = true;
	return true;
}

/* The guest's own half of the ring. */
REQUEST(requests_flip)
{
	flip_word(k->b, &k->sring->req_prod, 0, 0xffffffff);
	blk_response(k, r);
	told(k->b);
	k->b->deaf = true;
	return true;
}

/* ---- memory that stays mapped ---- */

REQUEST(still_mapped)
{
	struct blkif_response rsp;

	if (r->operation != BLKIF_OP_READ && r->operation != BLKIF_OP_WRITE)
		return false;
	k->keep = true;
	rsp = blk_response(k, r);
	blk_answer(k, &rsp);
	told(k->b);
	return true;
}

/* ... and is written to after the answer. */
REQUEST(still_written)
{
	struct blkif_response rsp;

	if (r->operation != BLKIF_OP_READ)
		return false;
	k->keep = true;
	rsp = blk_response(k, r);
	if (k->b->nr_held)
		flip_word(k->b, (uint32_t *)k->b->held[0] +
			  r->seg[0].first_sect * 128, 0xdeadbeef, 0);
	blk_answer(k, &rsp);
	told(k->b);
	return true;
}

/* More requests than one round of the guest's use of a disk. */
#define ALL_USES	64u

/* Overwrites the page around the data, where the guest may have objects. */
REQUEST(scribbles)
{
	k->scribble = true;
	if (k->b->all >= ALL_USES)
		once(k->b);
	return false;
}

/* ---- silence, and noise ---- */

REQUEST(silence)
{
	once(k->b);
	return true;
}

REQUEST(dies_now)	{ dies(k->b); return true; }
REQUEST(storms_first)	{ storms(k->b); return false; }
REQUEST(closes_now)	{ closes(k->b); return true; }

REQUEST(asks_for_all)
{
	*(volatile RING_IDX *)&k->sring->req_event = k->req_cons + 12345;
	once(k->b);
	return false;
}

/* ---- nodes ---- */

#define FLIP(_name, _fn, _expect, _says) \
	{ _name, _expect, _says, .tick = poke, \
	  .more = &(const struct blk_more){ 3, .request = _fn } }

static void sectors_0(struct be *b)
{
	put_back(b, "sectors", "0");
	told(b);
}

/* Only for a disk in use: while it connects, these would be refused. */
static void sectors_nonsense(struct be *b)
{
	static const char *const values[] = {
		"18446744073709551616", "-5", "many", "", "0x10", "3",
	};
	unsigned int i;

	if (b->is_told || get_front(b, "state") != XenbusStateConnected)
		return;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		put_back(b, "sectors", values[i]);
		usleep(20000);
	}
	put_back(b, "sectors", "32768");
	told(b);
}

static void features_vanish(struct be *b)
{
	put_back(b, "feature-flush-cache", NULL);
	put_back(b, "feature-max-indirect-segments", "0");
	put_back(b, "sector-size", "4096");
	put_back(b, "feature-persistent", "1");
	told(b);
}

NODES(no_sectors, "sectors", NULL);
NODES(big_sectors, "sectors", "99999999999999999999");
NODES(small_sector, "sector-size", "1");
NODES(odd_sector, "sector-size", "1000");
NODES(big_sector, "sector-size", "1073741824");
NODES(no_info, "info", "all");
NODES(indirect_huge, "feature-max-indirect-segments", "4294967295");
NODES(indirect_beyond, "feature-max-indirect-segments", "4294967296");
NODES(indirect_few, "feature-max-indirect-segments", "1");
NODES(ring_order, "max-ring-page-order", "4294967295");
NODES(queues_huge, "multi-queue-max-queues", "4294967295");
static const struct node discard_odd[] = {
	{ "feature-discard", "1" }, { "discard-granularity", "0" },
	{ "discard-alignment", "77" }, { NULL, NULL },
};
static const struct node discard_small[] = {
	{ "feature-discard", "1" }, { "discard-granularity", "4294966784" },
	{ NULL, NULL },
};
NODES(persistent_odd, "feature-persistent", "maybe");

#define REPLY(_name, _after, _fn, _says) \
	{ _name, CLOSES, _says, \
	  .more = &(const struct blk_more){ _after, .response = _fn } }
#define ACT(_name, _after, _fn, _expect, _says) \
	{ _name, _expect, _says, \
	  .more = &(const struct blk_more){ _after, .request = _fn } }

const struct lie blk_lies[] = {
	LIES_OF_STATES,
	{ "nodes-of-3000-bytes", LIVES, .nodes = long_nodes,
	  .connected = at_once },

	REPLY("id-far-away", 3, id_far, "no request can have"),
	REPLY("id-behind-the-last", 3, id_behind, "no request can have"),
	REPLY("id-with-high-bits", 3, id_high_bits, "no request can have"),
	REPLY("id-not-in-flight", 3, id_idle, "not in flight"),
	REPLY("another-operation", 3, op_other, "another operation"),
	REPLY("no-operation", 3, op_none, "another operation"),
	REPLY("status-that-is-none", 3, status_none, "status"),
	REPLY("status-lowest", 3, status_low, "status"),
	{ "all-are-errors", WORKS,
	  .more = &(const struct blk_more){ 3, .response = all_errors } },
	{ "not-supported-after-all", WORKS,
	  .more = &(const struct blk_more){ 3, .response = not_supported } },
	ACT("answers-twice", 3, twice, CLOSES, "response"),
	ACT("answers-twice-at-once", 3, twice_at_once, CLOSES, "response"),
	ACT("producer-jumps", 3, jump, CLOSES, "more responses"),
	ACT("producer-jumps-half-way", 3, jump_half, CLOSES, "more responses"),
	ACT("producer-runs-back", 3, back, CLOSES, "more responses"),
	ACT("producer-overtakes", 3, overtake, CLOSES, "response"),
	FLIP("producer-flips", producer_flips, CLOSES, "response"),
	FLIP("id-flips", id_flips, LIVES, NULL),
	FLIP("status-flips", status_flips, LIVES, NULL),
	FLIP("guest-index-flips", requests_flip, LIVES, NULL),
	ACT("page-still-mapped", 3, still_mapped, CLOSES, "still in use"),
	ACT("page-still-written", 3, still_written, CLOSES, "still in use"),
	ACT("scribbles-beside-data", 0, scribbles, WORKS, NULL),
	{ "never-answers", LIVES, .quiet = STALL,
	  .more = &(const struct blk_more){ 3, .request = silence } },
	ACT("never-answered-at-all", 0, silence, LIVES, NULL),
	ACT("dies-during-io", 3, dies_now, LIVES, NULL),
	ACT("dies-at-the-first-request", 0, dies_now, LIVES, NULL),
	{ "closes-during-io", LIVES, .tick = until_closed,
	  .more = &(const struct blk_more){ 3, .request = closes_now } },
	ACT("storms-during-io", 3, storms_first, WORKS, NULL),
	ACT("wants-no-events", 3, asks_for_all, LIVES, NULL),

	{ "size-becomes-0", LIVES, .connected = sectors_0 },
	{ "size-becomes-nonsense", WORKS, .tick = sectors_nonsense },
	{ "features-vanish", WORKS, .connected = features_vanish },
	REFUSED("no-sectors", nodes, no_sectors, "sectors"),
	REFUSED("too-many-sectors", nodes, big_sectors, "sectors"),
	REFUSED("sectors-of-1-byte", nodes, small_sector, "sector-size"),
	REFUSED("sectors-of-1000-bytes", nodes, odd_sector, "sector-size"),
	REFUSED("sectors-of-1-GiB", nodes, big_sector, "sector-size"),
	REFUSED("info-is-no-number", nodes, no_info, "info"),
	REFUSED("indirect-beyond-32-bits", nodes, indirect_beyond, "indirect"),
	{ "indirect-4294967295", WORKS, .nodes = indirect_huge,
	  .connected = at_once },
	{ "indirect-1", WORKS, .nodes = indirect_few, .connected = at_once },
	{ "discard-that-cannot-be", WORKS, .nodes = discard_odd,
	  .connected = at_once },
	{ "discard-in-single-sectors", WORKS, .nodes = discard_small,
	  .connected = at_once },
	{ "persistent-maybe", LIVES, .nodes = persistent_odd,
	  .connected = at_once },
	{ "ring-order-4294967295", LIVES, .nodes = ring_order,
	  .wait = tell_and_wait },
	{ "4294967295-queues", LIVES, .nodes = queues_huge,
	  .wait = tell_and_wait },
	{ NULL },
};
