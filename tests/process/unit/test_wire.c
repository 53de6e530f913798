// SPDX-License-Identifier: MIT
/*
 * xenbus/wire.c: messages are cut out of the stream no matter where it is cut,
 * bodies go where their owner wants them, and an invalid header ends the
 * stream.
 */
#include "unit.h"
#include <xenion/xenbus.h>

#define MAX_MESSAGES	8
#define CANARY		0xa5

/* What the reader's owner saw. */
static struct {
	unsigned int begun, ended;
	struct xsd_sockmsg hdr[MAX_MESSAGES];
	uint32_t lost[MAX_MESSAGES];
	uint8_t body[MAX_MESSAGES][64];
	/* where each body goes */
	uint32_t room[MAX_MESSAGES], skip[MAX_MESSAGES];
} seen;

static void sink(struct xn_wire_reader *r, uint8_t **buf, uint32_t *room)
{
	unsigned int i = seen.begun++;

	assert_true(i < MAX_MESSAGES);
	assert_int_equal(seen.ended, i);
	*buf = seen.body[i];
	*room = seen.room[i];
	r->skip = seen.skip[i];
}

static void done(struct xn_wire_reader *r)
{
	unsigned int i = seen.ended++;

	assert_int_equal(seen.begun, i + 1);
	seen.hdr[i] = r->hdr;
	seen.lost[i] = r->lost;
}

static void start(struct xn_wire_reader *r, uint32_t room)
{
	unsigned int i;

	memset(&seen, 0, sizeof(seen));
	memset(seen.body, CANARY, sizeof(seen.body));
	for (i = 0; i < MAX_MESSAGES; i++)
		seen.room[i] = room;
	memset(r, 0, sizeof(*r));
	r->sink = sink;
	r->done = done;
}

static uint32_t message(uint8_t *at, uint32_t type, uint32_t id,
			const void *body, uint32_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = id, .len = len };

	memcpy(at, &hdr, sizeof(hdr));
	memcpy(at + sizeof(hdr), body, len);
	return sizeof(hdr) + len;
}

/* Three messages, one of them empty. */
static uint32_t three(uint8_t *at)
{
	uint32_t n = message(at, XS_READ, 7, "value", 5);

	n += message(at + n, XS_WRITE, 8, "", 0);
	return n + message(at + n, XS_WATCH_EVENT, 0, "a/b\0token", 10);
}

static void check_three(void)
{
	assert_int_equal(seen.ended, 3);
	assert_int_equal(seen.hdr[0].type, XS_READ);
	assert_int_equal(seen.hdr[0].req_id, 7);
	assert_memory_equal(seen.body[0], "value\xa5", 6);
	assert_int_equal(seen.hdr[1].type, XS_WRITE);
	assert_int_equal(seen.body[1][0], CANARY);
	assert_memory_equal(seen.body[2], "a/b\0token\0\xa5", 11);
	assert_int_equal(seen.lost[0] + seen.lost[1] + seen.lost[2], 0);
}

/* In two pieces and in three, cut at every place. */
static void test_cut_anywhere(void **state)
{
	struct xn_wire_reader r;
	uint8_t data[128];
	uint32_t len = three(data), a, b;

	for (a = 0; a <= len; a++) {
		for (b = a; b <= len; b++) {
			start(&r, sizeof(seen.body[0]));
			assert_int_equal(xn_wire_feed(&r, data, a), 0);
			assert_int_equal(xn_wire_feed(&r, data + a, b - a), 0);
			assert_int_equal(xn_wire_feed(&r, data + b, len - b),
					 0);
			check_three();
		}
	}
}

static void test_byte_by_byte(void **state)
{
	struct xn_wire_reader r;
	uint8_t data[128];
	uint32_t len = three(data), i;

	start(&r, sizeof(seen.body[0]));
	for (i = 0; i < len; i++)
		assert_int_equal(xn_wire_feed(&r, data + i, 1), 0);
	check_three();
}

/* Every size of buffer, every number of bytes skipped, every cut. */
static void test_room_and_skip(void **state)
{
	struct xn_wire_reader r;
	uint8_t data[64];
	uint32_t len = message(data, XS_READ, 1, "0123456789", 10);
	uint32_t room, skip, cut;

	for (room = 0; room <= 12; room++) {
		for (skip = 0; skip <= 12; skip++) {
			uint32_t left = skip < 10 ? 10 - skip : 0;
			uint32_t kept = room < left ? room : left;

			for (cut = 0; cut <= len; cut++) {
				start(&r, room);
				seen.skip[0] = skip;
				xn_wire_feed(&r, data, cut);
				xn_wire_feed(&r, data + cut, len - cut);
				assert_int_equal(seen.ended, 1);
				assert_int_equal(seen.lost[0], 10 - kept);
				assert_memory_equal(seen.body[0],
						    "0123456789" + skip % 11,
						    kept);
				assert_int_equal(seen.body[0][kept], CANARY);
			}
		}
	}
}

/* The owner may drop a body while it comes. */
static void test_dropped_midway(void **state)
{
	struct xn_wire_reader r;
	uint8_t data[64];
	uint32_t len = message(data, XS_READ, 1, "0123456789", 10);

	start(&r, sizeof(seen.body[0]));
	xn_wire_feed(&r, data, len - 6);
	r.room = 0;
	xn_wire_feed(&r, data + len - 6, 6);
	assert_int_equal(seen.ended, 1);
	assert_memory_equal(seen.body[0], "0123\xa5", 5);
}

static void test_longest(void **state)
{
	static uint8_t data[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
	static uint8_t body[XENSTORE_PAYLOAD_MAX];
	struct xn_wire_reader r;

	start(&r, 8);
	message(data, XS_READ, 1, body, sizeof(body));
	assert_int_equal(xn_wire_feed(&r, data, sizeof(data)), 0);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.lost[0], sizeof(body) - 8);
}

/* Nothing passes after an invalid header. */
static void test_broken(void **state)
{
	static const struct xsd_sockmsg bad[] = {
		{ .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 },
		{ .type = XS_READ, .len = 0xffffffff },
		{ .type = XS_READ, .len = 0xfffffff0 },
		{ .type = XS_TYPE_COUNT },
		{ .type = XS_INVALID },
		{ .type = 0xffffffff },
	};
	struct xn_wire_reader r;
	uint8_t data[128];
	unsigned int i;
	uint32_t len = three(data);

	for (i = 0; i < XN_ARRAY_SIZE(bad); i++) {
		start(&r, 64);
		assert_int_equal(xn_wire_feed(&r, data, len), 0);
		assert_int_equal(xn_wire_feed(&r, &bad[i], sizeof(bad[i]) - 1),
				 0);
		assert_int_equal(xn_wire_feed(&r, (uint8_t *)&bad[i] +
					      sizeof(bad[i]) - 1, 1), -EPROTO);
		assert_int_equal(xn_wire_feed(&r, data, len), -EPROTO);
		check_three();
		assert_int_equal(seen.begun, 3);
	}
}

static void test_error_names(void **state)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(xsd_errors); i++) {
		strcpy(name, xsd_errors[i].errstring);
		assert_int_equal(xn_wire_error(name, strlen(name)),
				 -xsd_errors[i].errnum);
		assert_int_equal(xn_wire_error(name, strlen(name) + 1),
				 -xsd_errors[i].errnum);
	}
	assert_int_equal(xn_wire_error("ENOENT", 7), -ENOENT);
	assert_int_equal(xn_wire_error("", 0), -EIO);
	assert_int_equal(xn_wire_error("", 1), -EIO);
	assert_int_equal(xn_wire_error("ENOEN", 5), -EIO);
	assert_int_equal(xn_wire_error("ENOENTX", 8), -EIO);
	assert_int_equal(xn_wire_error("enoent", 7), -EIO);
	assert_int_equal(xn_wire_error("ENOENT\0\0", 8), -EIO);
	assert_int_equal(xn_wire_error(" ENOENT", 8), -EIO);
	assert_int_equal(xn_wire_error("EWHATEVER", 10), -EIO);
	assert_int_equal(xn_wire_error("OK", 3), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_room_and_skip),
		cmocka_unit_test(test_dropped_midway),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_error_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
