// SPDX-License-Identifier: MIT
/*
 * xenbus/client.c with a xenstored that lies, is slow or does not answer: a
 * request fails, or the connection does, once and with a line in the log.
 * Nothing crashes, hangs or writes to a buffer that is no longer in use.
 */
#include <stdio.h>

#include "xs_guest.h"

static struct xs_guest *xg;
static struct xn_xs *xs;
static struct host_xs_lies *lies;
static uint64_t refused;

static int setup(void **state)
{
	xg = xs_guest_start();
	xs = &xg->xn.xs;
	lies = host_xs_lies(xg->h);
	host_xs_write(xg->h, "x", "value");
	refused = host_stat_get(XN_STAT_REFUSED);
	return 0;
}

/* For tests that end with a working connection. */
static int teardown(void **state)
{
	char buf[8];

	lies->request = NULL;
	assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 5);
	assert_string_equal(buf, "value");
	assert_int_equal(host_log_count(XN_ERR), 0);
	xs_guest_stop(xg);
	return 0;
}

/* For tests that end with a dead one: requests fail at once, and it can end. */
static int teardown_dead(void **state)
{
	uint64_t begin = xn_os_now();
	char buf[8];

	assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), -ESHUTDOWN);
	assert_int_equal(xn_xs_write(xs, 0, "x", "", "y"), -ESHUTDOWN);
	assert_true(xn_os_now() - begin < XN_NSEC_PER_MSEC);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_true(host_stat_get(XN_STAT_REFUSED) > refused);
	lies->deaf = true;
	xn_xs_upcall(xs);
	xn_xs_fini(xs);
	xs_guest_destroy(xg);
	return 0;
}

/* A read into memory that is guarded on both sides, and freed afterwards. */
static int read_x(unsigned int size)
{
	char *buf = malloc(size);
	int ret = xn_xs_read(xs, 0, "x", "", buf, size);

	free(buf);
	return ret;
}

/* ---- invalid answers ---- */

static struct xsd_sockmsg answer;
static const void *answer_body;

static bool answer_so(void *data, const struct xsd_sockmsg *hdr,
		      const char *body)
{
	/* answer.req_id is relative to the true id. */
	host_xs_send(xg->h, answer.type, hdr->req_id + answer.req_id,
		     answer_body, answer.len);
	return true;
}

static int read_answered(uint32_t type, uint32_t id, const void *body,
			 uint32_t len)
{
	answer = (struct xsd_sockmsg){ .type = type, .req_id = id, .len = len };
	answer_body = body;
	lies->request = answer_so;
	return read_x(64);
}

static void test_wrong_id(void **state)
{
	assert_int_equal(read_answered(XS_READ, 1, "evil", 4), -ETIMEDOUT);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + 1);
	assert_int_equal(read_answered(XS_ERROR, 0x80000000, "ENOENT", 7),
			 -ETIMEDOUT);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + 2);
}

static void test_wrong_type(void **state)
{
	static const uint32_t types[] = {
		XS_WRITE, XS_DIRECTORY, XS_CONTROL, XS_TRANSACTION_START,
		XS_TYPE_COUNT - 1,
	};
	static const char text[] = "evil, and more than fits anywhere";
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(types); i++) {
		assert_int_equal(read_answered(types[i], 0, text, sizeof(text)),
				 -EPROTO);
		assert_int_equal(host_stat_get(XN_STAT_REFUSED),
				 refused + i + 1);
	}
}

static void test_error_text(void **state)
{
	static char page[XENSTORE_PAYLOAD_MAX];

	assert_int_equal(read_answered(XS_ERROR, 0, "EBUSY", 6), -EBUSY);
	assert_int_equal(read_answered(XS_ERROR, 0, "EBUSY", 5), -EBUSY);
	assert_int_equal(read_answered(XS_ERROR, 0, "", 0), -EIO);
	assert_int_equal(read_answered(XS_ERROR, 0, "EBAD", 5), -EIO);
	assert_int_equal(read_answered(XS_ERROR, 0, "ENOENTENOENTENOENT", 19),
			 -EIO);
	memset(page, 'E', sizeof(page));
	assert_int_equal(read_answered(XS_ERROR, 0, page, sizeof(page)), -EIO);
	memcpy(page, "EINVAL", 7);
	assert_int_equal(read_answered(XS_ERROR, 0, page, sizeof(page)), -EIO);
}

static void test_long_answer(void **state)
{
	static const char page[XENSTORE_PAYLOAD_MAX];
	char buf[4];

	assert_int_equal(read_answered(XS_READ, 0, page, sizeof(page)),
			 -EMSGSIZE);
	answer.type = XS_WRITE;
	assert_int_equal(xn_xs_write(xs, 0, "x", "", "value"), 0);
	answer.type = XS_DIRECTORY;
	assert_int_equal(xn_xs_list(xs, 0, "x", "", buf, 4), -EMSGSIZE);
}

static bool twice(void *data, const struct xsd_sockmsg *hdr, const char *body)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		host_xs_send(xg->h, hdr->type, hdr->req_id, "again", 5);
	return true;
}

static void test_answered_twice(void **state)
{
	lies->request = twice;
	assert_int_equal(read_x(64), 5);
	assert_int_equal(read_x(64), 5);
}

static void test_bad_names(void **state)
{
	static const struct {
		const char *body;
		uint32_t len;
		int want;
	} lists[] = {
		{ "a\0b", 4, 4 },
		{ "", 0, 0 },
		{ "", 1, -EPROTO },
		{ "a", 1, -EPROTO },
		{ "a\0b", 3, -EPROTO },
		{ "a\0\0b", 5, -EPROTO },
		{ "a/b", 4, -EPROTO },
		{ "..", 3, -EPROTO },
		{ "a b", 4, -EPROTO },
		{ "%s", 3, -EPROTO },
		{ "\xff", 2, -EPROTO },
	};
	char buf[8];
	unsigned int i;

	lies->request = answer_so;
	for (i = 0; i < XN_ARRAY_SIZE(lists); i++) {
		answer = (struct xsd_sockmsg){
			.type = XS_DIRECTORY, .len = lists[i].len,
		};
		answer_body = lists[i].body;
		assert_int_equal(xn_xs_list(xs, 0, "x", "", buf, sizeof(buf)),
				 lists[i].want);
	}
	assert_true(host_stat_get(XN_STAT_REFUSED) > refused);
}

static int never_called(struct xn_xs *x, uint32_t txn, void *data)
{
	fail_msg("called without a transaction");
	return 0;
}

static void test_bad_transaction_id(void **state)
{
	static const char * const ids[] = {
		"", "0", "x", "-1", "4294967296", "99999999999999999999999999",
		"1 ", "OK",
	};
	unsigned int i;

	lies->request = answer_so;
	for (i = 0; i < XN_ARRAY_SIZE(ids); i++) {
		answer = (struct xsd_sockmsg){
			.type = XS_TRANSACTION_START, .len = strlen(ids[i]) + 1,
		};
		answer_body = ids[i];
		assert_int_equal(xn_xs_transact(xs, never_called, NULL),
				 -EPROTO);
	}
}

/* ---- no answer ---- */

static void test_mute(void **state)
{
	uint64_t begin = xn_os_now();

	lies->mute = true;
	assert_int_equal(read_x(64), -ETIMEDOUT);
	assert_true(xn_os_now() - begin >= 10 * XN_NSEC_PER_SEC);
	assert_true(xn_os_now() - begin <= 60 * XN_NSEC_PER_SEC);
	lies->mute = false;
}

/* Requests fill the ring; none is sent in part. */
static void test_deaf(void **state)
{
	unsigned int i;

	lies->deaf = true;
	for (i = 0; i < 100; i++)
		assert_int_equal(read_x(64), -ETIMEDOUT);
	assert_true(xg->page->req_prod - xg->page->req_cons <=
		    XENSTORE_RING_SIZE);
	lies->deaf = false;
	assert_int_equal(read_x(64), 5);
	/* The late answers to all the others did no harm. */
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused);
}

static struct xsd_sockmsg late;

static bool remember(void *data, const struct xsd_sockmsg *hdr,
		     const char *body)
{
	late = *hdr;
	return true;
}

static void test_late_answer(void **state)
{
	lies->request = remember;
	assert_int_equal(read_x(64), -ETIMEDOUT);
	host_xs_send(xg->h, XS_READ, late.req_id, "late", 4);
	host_pump();
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused);
}

/* The answer begins in time, but ends after the request has timed out. */
static void test_half_answer(void **state)
{
	static const char body[] = "a body that comes in two pieces";
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = sizeof(body) };
	unsigned int cut;

	for (cut = 1; cut < sizeof(hdr) + sizeof(body); cut++) {
		uint8_t data[sizeof(hdr) + sizeof(body)];

		/* Answer the next read in advance: it has the next id. */
		hdr.req_id = xs->next_id;
		memcpy(data, &hdr, sizeof(hdr));
		memcpy(data + sizeof(hdr), body, sizeof(body));
		lies->mute = true;
		lies->request = NULL;
		host_xs_send_raw(xg->h, data, cut);
		if (cut < sizeof(hdr))
			assert_int_equal(read_x(64), -ETIMEDOUT);
		else
			read_x(64);
		host_xs_send_raw(xg->h, data + cut, sizeof(data) - cut);
		host_pump();
		lies->mute = false;
		assert_int_equal(read_x(64), 5);
	}
}

static bool half(void *data, const struct xsd_sockmsg *hdr, const char *body)
{
	struct xsd_sockmsg reply = {
		.type = hdr->type, .req_id = hdr->req_id, .len = 20,
	};

	host_xs_send_raw(xg->h, &reply, sizeof(reply));
	host_xs_send_raw(xg->h, "0123456789", 10);
	return true;
}

static void test_half_body(void **state)
{
	lies->request = half;
	assert_int_equal(read_x(64), -ETIMEDOUT);
	/* The buffer is freed: ASan would see a write of these bytes. */
	host_xs_send_raw(xg->h, "0123456789", 10);
	host_pump();
}

/* ---- the end of the connection ---- */

static void send_header(uint32_t type, uint32_t len)
{
	struct xsd_sockmsg hdr = {
		.type = type, .req_id = xs->next_id, .len = len,
	};

	host_xs_send_raw(xg->h, &hdr, sizeof(hdr));
	host_pump();
}

static void test_too_long(void **state)
{
	send_header(XS_READ, XENSTORE_PAYLOAD_MAX + 1);
}

static void test_far_too_long(void **state)
{
	send_header(XS_READ, 0xffffffff);
}

static void test_unknown_type(void **state)
{
	send_header(XS_TYPE_COUNT, 0);
}

static bool kill_instead(void *data, const struct xsd_sockmsg *hdr,
			 const char *body)
{
	struct xsd_sockmsg bad = { .type = XS_INVALID };

	host_xs_send_raw(xg->h, &bad, sizeof(bad));
	return true;
}

/* A request that waits fails at once. */
static void test_killed_in_flight(void **state)
{
	uint64_t begin = xn_os_now();

	lies->request = kill_instead;
	assert_int_equal(read_x(64), -ESHUTDOWN);
	assert_true(xn_os_now() - begin < XN_NSEC_PER_MSEC);
}

static void break_index(uint32_t *index, uint32_t by)
{
	lies->deaf = true;
	*index += by;
	xn_xs_upcall(xs);
}

static void test_rsp_prod_ahead(void **state)
{
	break_index(&xg->page->rsp_prod, XENSTORE_RING_SIZE + 1);
}

static void test_rsp_prod_behind(void **state)
{
	break_index(&xg->page->rsp_prod, -1);
}

static void test_req_cons_ahead(void **state)
{
	break_index(&xg->page->req_cons, 1);
	assert_int_equal(read_x(64), -ESHUTDOWN);
}

static void test_req_cons_behind(void **state)
{
	break_index(&xg->page->req_cons, -XENSTORE_RING_SIZE - 1);
	assert_int_equal(read_x(64), -ESHUTDOWN);
}

/* A long request is stuck in the middle: the ring can no longer be used. */
static void test_stuck_sender(void **state)
{
	char *big = calloc(1, 3001);

	memset(big, 'b', 3000);
	lies->deaf = true;
	assert_int_equal(xn_xs_write(xs, 0, "x", "", big), -ESHUTDOWN);
	free(big);
}

static int waiter_result;

static void read_behind(struct xn_work *w)
{
	waiter_result = read_x(64);
}

/* A request that waits for its turn to send does not wait for ever. */
static void test_behind_stuck_sender(void **state)
{
	struct xn_work work;

	xn_work_init(&work, read_behind);
	xn_work_schedule(&work, XN_NSEC_PER_MSEC);
	test_stuck_sender(state);
	assert_int_equal(waiter_result, -ETIMEDOUT);
}

static void test_error_field(void **state)
{
	lies->deaf = true;
	xg->page->error = XENSTORE_ERROR_PROTO;
	host_port_notify(host_store_port(xg->g));
	host_pump();
	assert_int_equal(host_log_count(XN_ERR), 0);
	/* The field has a meaning only with the feature. */
	xg->page->server_features = XENSTORE_SERVER_FEATURE_ERROR;
	host_port_notify(host_store_port(xg->g));
	host_pump();
}

/* ---- the guest's own indices ---- */

/* What the host writes to them is not read. */
static void test_our_indices(void **state)
{
	unsigned int i;
	uint32_t req, rsp;

	for (i = 0; i < 200; i++) {
		req = xg->page->req_prod;
		rsp = xg->page->rsp_cons;
		xg->page->req_prod = i * 77777;
		xg->page->rsp_cons = i * 33333;
		lies->deaf = true;
		xn_xs_upcall(xs);
		assert_false(xs->dead);
		xg->page->req_prod = req;
		xg->page->rsp_cons = rsp;
		lies->deaf = false;
		assert_int_equal(read_x(64), 5);
	}
}

/* ---- random bytes ---- */

/* Random bytes, in random pieces: a fixed seed, so that it repeats. */
static void test_noise(void **state)
{
	unsigned int round, i, seed = 1;

	for (round = 0; round < 300; round++) {
		uint32_t words[64];
		bool dead;

		for (i = 0; i < XN_ARRAY_SIZE(words); i++) {
			words[i] = rand_r(&seed);
			/* Mostly small numbers, which get further. */
			if (rand_r(&seed) % 8)
				words[i] %= i % 4 == 3 ? 40 : 20;
			if (i % 4 == 1 && rand_r(&seed) % 2)
				words[i] = xs->next_id;
		}
		lies->mute = true;
		lies->fragment = rand_r(&seed) % 50;
		host_xs_send_raw(xg->h, words, sizeof(words));
		read_x(rand_r(&seed) % 64 + 1);
		dead = xs->dead;

		lies->mute = false;
		if (dead) {
			lies->deaf = true;
			xn_xs_fini(xs);
		} else {
			/* The stream may be cut anywhere: connect again. */
			lies->mute = true;
			xn_xs_fini(xs);
		}
		xs_guest_destroy(xg);
		setup(state);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define DEAD(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown_dead)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wrong_id),
		TEST(test_wrong_type),
		TEST(test_error_text),
		TEST(test_long_answer),
		TEST(test_answered_twice),
		TEST(test_bad_names),
		TEST(test_bad_transaction_id),
		TEST(test_mute),
		TEST(test_deaf),
		TEST(test_late_answer),
		TEST(test_half_answer),
		TEST(test_half_body),
		DEAD(test_too_long),
		DEAD(test_far_too_long),
		DEAD(test_unknown_type),
		DEAD(test_killed_in_flight),
		DEAD(test_rsp_prod_ahead),
		DEAD(test_rsp_prod_behind),
		DEAD(test_req_cons_ahead),
		DEAD(test_req_cons_behind),
		DEAD(test_stuck_sender),
		DEAD(test_behind_stuck_sender),
		DEAD(test_error_field),
		TEST(test_our_indices),
		TEST(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
