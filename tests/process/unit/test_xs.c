// SPDX-License-Identifier: MIT
/*
 * xenbus/client.c and request.c with a correct xenstored: requests of all kinds
 * and sizes, several at once, transactions.
 */
#include <stdio.h>

#include "xs_guest.h"

static struct xs_guest *xg;
static struct xn_xs *xs;

static int setup(void **state)
{
	xg = xs_guest_start();
	xs = &xg->xn.xs;
	return 0;
}

static int teardown(void **state)
{
	xs_guest_stop(xg);
	return 0;
}

static void test_read(void **state)
{
	char buf[16];

	host_xs_write(xg->h, "name", "value");
	assert_int_equal(xn_xs_read(xs, 0, "name", "", buf, 16), 5);
	assert_string_equal(buf, "value");
	host_xs_write(xg->h, "/vm/x/name", "other");
	assert_int_equal(xn_xs_read(xs, 0, "/vm/x", "name", buf, 16), 5);
	assert_string_equal(buf, "other");
	assert_int_equal(xn_xs_read(xs, 0, "/vm", "x", buf, 16), 0);
	assert_string_equal(buf, "");

	assert_int_equal(xn_xs_read(xs, 0, "none", "", buf, 16), -ENOENT);
	assert_string_equal(buf, "");
	assert_int_equal(xn_xs_read(xs, 0, "a//b", "", buf, 16), -EINVAL);
}

/* Buffers of every size, too small or large enough. */
static void test_read_sizes(void **state)
{
	char one[1];
	unsigned int size;

	host_xs_write(xg->h, "name", "0123456789");
	for (size = 0; size < 16; size++) {
		char *buf = malloc(size);
		int ret = xn_xs_read(xs, 0, "name", "", buf, size);

		if (!size)
			assert_int_equal(ret, -EINVAL);
		else if (size < 11)
			assert_int_equal(ret, -EMSGSIZE);
		else
			assert_int_equal(ret, 10);
		if (size)
			assert_string_equal(buf, ret < 0 ? "" : "0123456789");
		free(buf);
	}
	host_xs_write(xg->h, "name", "");
	assert_int_equal(xn_xs_read(xs, 0, "name", "", one, 1), 0);
}

static void test_read_nul(void **state)
{
	char buf[8];

	host_xs_write_raw(xg->h, "name", "a\0b\0", 4);
	assert_int_equal(xn_xs_read(xs, 0, "name", "", buf, 8), 4);
	assert_memory_equal(buf, "a\0b\0", 5);
}

static void test_read_uint(void **state)
{
	uint64_t val = 42;

	host_xs_write(xg->h, "n", "1234");
	assert_int_equal(xn_xs_read_uint(xs, 0, "n", "", 1234, &val), 0);
	assert_int_equal(val, 1234);
	assert_int_equal(xn_xs_read_uint(xs, 0, "n", "", 1233, &val), -ERANGE);
	host_xs_write(xg->h, "n", "12x");
	assert_int_equal(xn_xs_read_uint(xs, 0, "n", "", 99, &val), -EINVAL);
	host_xs_write(xg->h, "n", "0000000000000000000000000000001");
	assert_int_equal(xn_xs_read_uint(xs, 0, "n", "", 99, &val), -EINVAL);
	host_xs_write_raw(xg->h, "n", "1\0", 2);
	assert_int_equal(xn_xs_read_uint(xs, 0, "n", "", 99, &val), -EINVAL);
	assert_int_equal(xn_xs_read_uint(xs, 0, "m", "", 99, &val), -ENOENT);
	assert_int_equal(val, 1234);
}

static void test_feature(void **state)
{
	assert_false(xn_xs_feature(xs, "be", "feature-x"));
	host_xs_write(xg->h, "be/feature-x", "0");
	assert_false(xn_xs_feature(xs, "be", "feature-x"));
	host_xs_write(xg->h, "be/feature-x", "yes");
	assert_false(xn_xs_feature(xs, "be", "feature-x"));
	host_xs_write(xg->h, "be/feature-x", "1");
	assert_true(xn_xs_feature(xs, "be", "feature-x"));
}

static void test_write(void **state)
{
	char *big = malloc(2 * XENSTORE_PAYLOAD_MAX + 1);

	assert_int_equal(xn_xs_write(xs, 0, "data", "x", "text"), 0);
	assert_string_equal(host_xs_read(xg->h, "data/x"), "text");
	assert_int_equal(xn_xs_write(xs, 0, "data", "x", ""), 0);
	assert_string_equal(host_xs_read(xg->h, "data/x"), "");
	assert_int_equal(xn_xs_write_uint(xs, 0, "data", "x", ~0ull), 0);
	assert_string_equal(host_xs_read(xg->h, "data/x"),
			    "18446744073709551615");

	/* More than the ring holds. */
	memset(big, 'b', 2 * XENSTORE_PAYLOAD_MAX);
	big[2 * XENSTORE_PAYLOAD_MAX] = '\0';
	assert_int_equal(xn_xs_write(xs, 0, "data", "x", big), -E2BIG);
	big[2000] = '\0';
	assert_int_equal(xn_xs_write(xs, 0, "data", "x", big), 0);
	assert_string_equal(host_xs_read(xg->h, "data/x"), big);
	/* More than xenstore accepts, and more than a message holds. */
	big[2000] = 'b';
	big[3000] = '\0';
	assert_int_equal(xn_xs_write(xs, 0, "data", "x", big), -ENOSPC);
	big[3000] = 'b';
	big[XENSTORE_PAYLOAD_MAX] = '\0';
	assert_int_equal(xn_xs_write(xs, 0, "data", "x", big), -E2BIG);
	big[XENSTORE_PAYLOAD_MAX - 1] = '\0';
	assert_int_equal(xn_xs_write(xs, 0, "data", "x", big), -E2BIG);
	free(big);
}

static void test_rm(void **state)
{
	host_xs_write(xg->h, "data/x/y", "");
	assert_int_equal(xn_xs_rm(xs, 0, "data", "x"), 0);
	assert_null(host_xs_read(xg->h, "data/x/y"));
	assert_int_equal(xn_xs_rm(xs, 0, "data", "x"), 0);
	assert_int_equal(xn_xs_rm(xs, 0, "none", "x"), -ENOENT);
}

static void test_path_length(void **state)
{
	char dir[XN_XS_PATH_MAX + 8], buf[4];
	int n;

	for (n = XN_XS_PATH_MAX - 4; n < XN_XS_PATH_MAX + 4; n++) {
		memset(dir, 'd', n);
		dir[n] = '\0';
		assert_int_equal(xn_xs_read(xs, 0, dir, "", buf, 4),
				 n < XN_XS_PATH_MAX - 1 ? -ENOENT :
							  -ENAMETOOLONG);
	}
	assert_int_equal(xn_xs_read(xs, 0, "x", dir, buf, 4), -ENAMETOOLONG);
	dir[200] = '\0';
	assert_int_equal(xn_xs_read(xs, 0, dir, dir, buf, 4), -ENAMETOOLONG);
}

static void test_list(void **state)
{
	char buf[64];

	host_xs_write(xg->h, "device/vbd/7/state", "1");
	host_xs_write(xg->h, "device/vif/0/state", "1");
	assert_int_equal(xn_xs_list(xs, 0, "device", "", buf, 64), 8);
	assert_memory_equal(buf, "vbd\0vif", 8);
	assert_int_equal(xn_xs_list(xs, 0, "device", "", buf, 8), 8);
	assert_int_equal(xn_xs_list(xs, 0, "device", "", buf, 7), -EMSGSIZE);
	assert_int_equal(xn_xs_list(xs, 0, "device/vbd/7", "state", buf, 64), 0);
	assert_int_equal(xn_xs_list(xs, 0, "device/vfb", "", buf, 64), -ENOENT);
}

/* The longest list, which is as long as four rings. */
static void test_list_longest(void **state)
{
	char *buf = malloc(XENSTORE_PAYLOAD_MAX), name[32];
	unsigned int i;

	for (i = 0; i < XENSTORE_PAYLOAD_MAX / 16; i++) {
		snprintf(name, sizeof(name), "list/%015u", i);
		host_xs_write(xg->h, name, "");
	}
	assert_int_equal(xn_xs_list(xs, 0, "list", "", buf,
				    XENSTORE_PAYLOAD_MAX),
			 XENSTORE_PAYLOAD_MAX);
	for (i = 0; i < XENSTORE_PAYLOAD_MAX / 16; i++) {
		snprintf(name, sizeof(name), "%015u", i);
		assert_string_equal(buf + i * 16, name);
	}
	host_xs_write(xg->h, "list/one-more", "");
	assert_int_equal(xn_xs_list(xs, 0, "list", "", buf,
				    XENSTORE_PAYLOAD_MAX), -E2BIG);
	free(buf);
}

/* The tests above, with the bytes in small pieces. */
static void test_fragments(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 3, 5, 15, 16, 17, 100 };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(sizes); i++) {
		host_xs_lies(xg->h)->fragment = sizes[i];
		test_read(state);
		test_read_sizes(state);
		test_write(state);
		test_list(state);
	}
	test_list_longest(state);
}

/* Both rings wrap at every place. */
static void test_wrap(void **state)
{
	char value[32], buf[32];
	unsigned int i;

	for (i = 0; i < 3 * XENSTORE_RING_SIZE; i++) {
		snprintf(value, sizeof(value), "%0*u", i % 7 + 1, i);
		assert_int_equal(xn_xs_write(xs, 0, "x", "", value), 0);
		assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 32),
				 strlen(value));
		assert_string_equal(buf, value);
	}
}

/* Indices are free-running: here they pass 2^32. */
static void test_index_overflow(void **state)
{
	xn_xs_fini(xs);
	memset(xs, 0, sizeof(*xs));
	xg->page->req_prod = 0xfffffff0;
	xg->page->req_cons = 0xfffffff0;
	xg->page->rsp_prod = 0xffffff03;
	xg->page->rsp_cons = 0xffffff03;
	assert_int_equal(xs_guest_connect(xg), 0);
	test_read(state);
	test_write(state);
	test_list(state);
	assert_true(xg->page->req_prod < 0x80000000);
	assert_true(xg->page->rsp_prod < 0x80000000);
}

static void test_notifications(void **state)
{
	uint64_t sent = host_stat_get(XN_STAT_NOTIFY);
	uint64_t requests = host_stat_get(XN_STAT_XS_REQUEST);
	char buf[8];
	unsigned int i;

	host_xs_write(xg->h, "x", "1");
	for (i = 0; i < 100; i++)
		assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 1);
	/* One notification per request, none for a reply that fits the ring. */
	assert_int_equal(host_stat_get(XN_STAT_NOTIFY) - sent, 100);
	assert_int_equal(host_stat_get(XN_STAT_XS_REQUEST) - requests, 100);
}

/* With lost events, requests take longer. */
static void test_lost_events(void **state)
{
	uint64_t begin = xn_os_now();

	host_xs_lies(xg->h)->no_notify = true;
	test_read(state);
	test_write(state);
	test_list_longest(state);
	assert_true(xn_os_now() - begin < 60 * XN_NSEC_PER_SEC);
	/* Reported once, and not for a single lost event. */
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "are upcalls delivered?"));
}

static void test_lost_event(void **state)
{
	unsigned int i;
	char buf[8];

	host_xs_write(xg->h, "x", "1");
	for (i = 0; i < 8; i++) {
		host_xs_lies(xg->h)->no_notify = i % 2;
		assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 1);
	}
	assert_int_equal(host_log_count(XN_WARN), 0);
}

/* ---- many at once ---- */

#define MANY	20

static struct {
	struct xn_work work;
	unsigned int i;
	int ret;
	char buf[8];
} many[MANY];

static void read_one(struct xn_work *w)
{
	typeof(many[0]) *m = xn_container_of(w, typeof(many[0]), work);
	char node[8];

	snprintf(node, sizeof(node), "n%u", m->i);
	m->ret = xn_xs_read(xs, 0, "many", node, m->buf, sizeof(m->buf));
}

/* Hold requests back until all have come. */
static struct held {
	struct xsd_sockmsg hdr;
	char body[64];
} held[MANY];
static unsigned int nr_held;
static bool backwards;

static bool hold(void *data, const struct xsd_sockmsg *hdr, const char *body)
{
	unsigned int i;

	assert_true(nr_held < MANY && hdr->len < sizeof(held[0].body));
	held[nr_held].hdr = *hdr;
	memcpy(held[nr_held].body, body, hdr->len + 1);
	if (++nr_held < MANY)
		return true;
	for (i = 0; i < MANY; i++) {
		struct held *m = &held[backwards ? MANY - 1 - i : i];

		host_xs_answer(xg->h, &m->hdr, m->body);
	}
	nr_held = 0;
	return true;
}

static void test_many(void **state)
{
	char name[16], value[16];
	unsigned int i, way;

	for (way = 0; way < 4; way++) {
		host_xs_lies(xg->h)->request = way < 2 ? hold : NULL;
		host_xs_lies(xg->h)->fragment = way & 1 ? 7 : 0;
		backwards = way & 1;
		for (i = 0; i < MANY; i++) {
			many[i].i = i;
			snprintf(name, sizeof(name), "many/n%u", i);
			snprintf(value, sizeof(value), "v%u", i * i);
			host_xs_write(xg->h, name, value);
			xn_work_init(&many[i].work, read_one);
			xn_work_schedule(&many[i].work, 0);
		}
		host_pump();
		for (i = 0; i < MANY; i++) {
			snprintf(value, sizeof(value), "v%u", i * i);
			assert_int_equal(many[i].ret, strlen(value));
			assert_string_equal(many[i].buf, value);
		}
	}
	host_xs_lies(xg->h)->request = NULL;
}

/* ---- transactions ---- */

static unsigned int calls;

/* Adds one to "count" and copies it to "copy". */
static int increment(struct xn_xs *xs, uint32_t txn, void *data)
{
	int (*meanwhile)(void) = data;
	uint64_t val;
	int err;

	calls++;
	err = xn_xs_read_uint(xs, txn, "count", "", 1000, &val);
	if (err)
		return err;
	err = xn_xs_write_uint(xs, txn, "count", "", val + 1);
	if (!err && meanwhile)
		err = meanwhile();
	return err ? err : xn_xs_write_uint(xs, txn, "copy", "", val + 1);
}

static int others_write_once(void)
{
	if (calls == 1)
		host_xs_write(xg->h, "count", "10");
	return 0;
}

static int others_write(void)
{
	host_xs_write(xg->h, "count", "10");
	return 0;
}

static int nothing_shows(void)
{
	assert_int_equal(host_xs_read_int(xg->h, "count"), 4);
	return 0;
}

static int would_block(void)
{
	return calls < 3 ? -EAGAIN : 0;
}

static void start_count(const char *value)
{
	host_xs_write(xg->h, "count", value);
	calls = 0;
}

static void test_transaction(void **state)
{
	start_count("4");
	assert_int_equal(xn_xs_transact(xs, increment, nothing_shows), 0);
	assert_int_equal(host_xs_read_int(xg->h, "count"), 5);
	assert_int_equal(host_xs_read_int(xg->h, "copy"), 5);
	assert_int_equal(calls, 1);
}

static void test_transaction_retry(void **state)
{
	start_count("4");
	assert_int_equal(xn_xs_transact(xs, increment, others_write_once), 0);
	assert_int_equal(host_xs_read_int(xg->h, "count"), 11);
	assert_int_equal(calls, 2);

	start_count("4");
	assert_int_equal(xn_xs_transact(xs, increment, would_block), 0);
	assert_int_equal(host_xs_read_int(xg->h, "count"), 5);
	assert_int_equal(calls, 3);
}

static void test_transaction_gives_up(void **state)
{
	start_count("4");
	assert_int_equal(xn_xs_transact(xs, increment, others_write), -EAGAIN);
	assert_true(calls > 1 && calls < 100);
	assert_int_equal(host_xs_transactions(xg->h), 0);
	start_count("4");
	host_xs_lies(xg->h)->conflicts = 5;
	assert_int_equal(xn_xs_transact(xs, increment, NULL), 0);
	assert_int_equal(calls, 6);
}

static void test_transaction_abort(void **state)
{
	start_count("x");
	assert_int_equal(xn_xs_transact(xs, increment, NULL), -EINVAL);
	assert_string_equal(host_xs_read(xg->h, "count"), "x");
	assert_int_equal(calls, 1);
	assert_int_equal(host_xs_transactions(xg->h), 0);
}

/* ---- two guests ---- */

static void test_two(void **state)
{
	struct xs_guest *other = xs_guest_start();
	char buf[8];

	host_xs_write(xg->h, "x", "one");
	host_xs_write(other->h, "x", "two");
	assert_int_equal(xn_xs_read(&other->xn.xs, 0, "x", "", buf, 8), 3);
	assert_string_equal(buf, "two");
	host_guest_enter(xg->g, 0);
	assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 3);
	assert_string_equal(buf, "one");
	host_guest_enter(other->g, 0);
	xs_guest_stop(other);
	host_guest_enter(xg->g, 0);
	assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),
		TEST(test_read_sizes),
		TEST(test_read_nul),
		TEST(test_read_uint),
		TEST(test_feature),
		TEST(test_write),
		TEST(test_rm),
		TEST(test_path_length),
		TEST(test_list),
		TEST(test_list_longest),
		TEST(test_fragments),
		TEST(test_wrap),
		TEST(test_index_overflow),
		TEST(test_notifications),
		TEST(test_lost_events),
		TEST(test_lost_event),
		TEST(test_many),
		TEST(test_transaction),
		TEST(test_transaction_retry),
		TEST(test_transaction_gives_up),
		TEST(test_transaction_abort),
		TEST(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
