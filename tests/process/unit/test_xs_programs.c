// SPDX-License-Identifier: MIT
/*
 * xenbus/foreign.c and watch.c, for programs that speak the protocol themselves:
 * requests in their words, and watches whose events are passed on.
 */
#include <stdio.h>

#include "xs_guest.h"

static struct xs_guest *xg;
static struct xn_xs *xs;
static struct xn_xs_watch w;

static int setup(void **state)
{
	xg = xs_guest_start();
	xs = &xg->xn.xs;
	memset(&w, 0, sizeof(w));
	return 0;
}

static int teardown(void **state)
{
	xn_xs_unwatch(xs, &w);
	xs_guest_stop(xg);
	return 0;
}

/* ---- requests in somebody else's words ---- */

static void test_request(void **state)
{
	static char big[XENSTORE_PAYLOAD_MAX + 1];
	static const enum xsd_sockmsg_type ours[] = {
		XS_WATCH, XS_UNWATCH, XS_RESET_WATCHES, XS_WATCH_EVENT,
		XS_ERROR, XS_TYPE_COUNT, XS_INVALID,
	};
	char buf[16];
	unsigned int i, txn;

	assert_int_equal(xn_xs_request(xs, XS_WRITE, 0, "a\0one", 5, buf, 16),
			 3);
	assert_memory_equal(buf, "OK", 3);
	assert_int_equal(xn_xs_request(xs, XS_READ, 0, "a", 2, buf, 16), 3);
	assert_memory_equal(buf, "one", 3);
	assert_int_equal(xn_xs_request(xs, XS_READ, 0, "a", 2, buf, 2),
			 -EMSGSIZE);
	assert_int_equal(xn_xs_request(xs, XS_READ, 0, "b", 2, buf, 16),
			 -ENOENT);
	assert_int_equal(xn_xs_request(xs, XS_READ, 0, big, sizeof(big), buf,
				       16), -E2BIG);
	for (i = 0; i < XN_ARRAY_SIZE(ours); i++)
		assert_int_equal(xn_xs_request(xs, ours[i], 0, "a\000", 4, buf,
					       16), -EINVAL);

	/* A transaction that is never ended keeps nobody. */
	assert_true(xn_xs_request(xs, XS_TRANSACTION_START, 0, "", 1, buf,
				  16) > 0);
	txn = atoi(buf);
	assert_int_equal(xn_xs_request(xs, XS_RM, txn, "a", 2, buf, 16), 3);
	assert_int_equal(xn_xs_suspend(xs), 0);
	xn_xs_resume(xs);
	assert_int_equal(host_xs_transactions(xg->h), 1);
	assert_int_equal(xn_xs_request(xs, XS_TRANSACTION_END, txn, "T", 2,
				       buf, 16), 3);
	assert_null(host_xs_read(xg->h, "a"));
}

static const struct wording {
	enum xsd_sockmsg_type type;
	const char *body;
	uint32_t len;
} malformed[] = {
	/* No path, one without an end, two of them */
	{ XS_READ, "", 0 },
	{ XS_READ, "a", 1 },
	{ XS_READ, "a\0b", 4 },
	{ XS_DIRECTORY, "a\0", 3 },
	{ XS_GET_PERMS, "a\0b", 4 },
	{ XS_MKDIR, "a\0b", 3 },
	{ XS_RM, "\n\0\0\0two", 8 },
	/* What is no path */
	{ XS_READ, "", 1 },
	{ XS_READ, "a//b", 5 },
	{ XS_READ, "a/", 3 },
	{ XS_READ, "/local/domain/", 15 },
	{ XS_READ, "a b", 4 },
	{ XS_WRITE, "\377\0data", 6 },
	/* Too few words, or too many */
	{ XS_WRITE, "a", 1 },
	{ XS_SET_PERMS, "a", 2 },
	{ XS_SET_PERMS, "a\0n1", 4 },
	{ XS_DIRECTORY_PART, "a", 2 },
	{ XS_DIRECTORY_PART, "a\0000\0001", 6 },
	{ XS_GET_DOMAIN_PATH, "1\0002", 4 },
	{ XS_IS_DOMAIN_INTRODUCED, "", 0 },
	{ XS_TRANSACTION_START, "\0", 2 },
	{ XS_CONTROL, "", 0 },
};

static const struct wording well_formed[] = {
	{ XS_DIRECTORY, "/", 2 },
	{ XS_WRITE, "a", 2 },
	{ XS_WRITE, "a\0\0b\377", 5 },
	{ XS_MKDIR, "a/-_@Z9", 8 },
	{ XS_SET_PERMS, "a\0n1\0r0", 8 },
};

/* What has not its type's form never leaves the guest: a xenstored may end at it. */
static void test_malformed(void **state)
{
	uint64_t sent = host_stat_get(XN_STAT_XS_REQUEST);
	char buf[16];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(malformed); i++) {
		const struct wording *m = &malformed[i];

		assert_int_equal(xn_xs_request(xs, m->type, 0, m->body, m->len,
					       buf, sizeof(buf)), -EINVAL);
	}
	assert_int_equal(host_stat_get(XN_STAT_XS_REQUEST), sent);
	for (i = 0; i < XN_ARRAY_SIZE(well_formed); i++) {
		const struct wording *m = &well_formed[i];

		xn_xs_request(xs, m->type, 0, m->body, m->len, buf,
			      sizeof(buf));
	}
	assert_int_equal(host_stat_get(XN_STAT_XS_REQUEST),
			 sent + XN_ARRAY_SIZE(well_formed));
}

/* As long as a path may be, and one byte more. */
static void test_long_paths(void **state)
{
	static char path[XENSTORE_ABS_PATH_MAX + 1];

	memset(path, 'p', sizeof(path));
	assert_true(xn_xs_path_ok(path, XENSTORE_REL_PATH_MAX));
	assert_false(xn_xs_path_ok(path, XENSTORE_REL_PATH_MAX + 1));
	path[0] = '/';
	assert_true(xn_xs_path_ok(path, XENSTORE_ABS_PATH_MAX));
	assert_false(xn_xs_path_ok(path, XENSTORE_ABS_PATH_MAX + 1));
}

/* ---- events that are passed on ---- */

static char passed[2 * XN_XS_PATH_MAX];

static void pass(struct xn_xs_watch *me, const char *path, uint32_t len)
{
	assert_true(len < XN_XS_PATH_MAX);
	if (strlen(passed) + len + 2 > sizeof(passed))
		return;
	strncat(passed, path, len);
	strcat(passed, " ");
}

static void watch_passing(const char *path)
{
	memset(&w, 0, sizeof(w));
	strcpy(w.path, path);
	w.event = pass;
	passed[0] = '\0';
	assert_int_equal(xn_xs_watch(xs, &w), 0);
	host_pump();
}

/* Each one, with the path that has changed, and none after the end. */
static void test_pass(void **state)
{
	watch_passing("dir");
	host_xs_write(xg->h, "dir/below", "1");
	host_xs_write(xg->h, "dir/below", "2");
	host_pump();
	assert_string_equal(passed, "dir dir/below dir/below ");
	xn_xs_watch_again(xs, &w);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_string_equal(passed, "dir dir/below dir/below ");
	xn_xs_unwatch(xs, &w);
	host_xs_write(xg->h, "dir/below", "3");
	host_pump();
	assert_string_equal(passed, "dir dir/below dir/below ");
}

static void send_event(const void *body, uint32_t len)
{
	host_xs_send(xg->h, XS_WATCH_EVENT, 0, body, len);
	host_pump();
}

/* What xenstored names may be any bytes, and of any length. */
static void test_pass_odd(void **state)
{
	static char body[XENSTORE_PAYLOAD_MAX];
	static const unsigned int lengths[] = {
		1, XN_XS_PATH_MAX - 1, XN_XS_PATH_MAX, XN_XS_PATH_MAX + 8, 3072,
	};
	unsigned int i, n, token;

	watch_passing("dir");
	token = strlen(w.token) + 1;
	for (i = 0; i < XN_ARRAY_SIZE(lengths); i++) {
		n = lengths[i];
		memset(body, 'p', n);
		body[n] = '\0';
		memcpy(body + n + 1, w.token, token);
		passed[0] = '\0';
		send_event(body, n + 1 + token);
		if (n < XN_XS_PATH_MAX)
			assert_int_equal(strspn(passed, "p"), n);
		else
			assert_string_equal(passed, "dir ");
	}
	/* No path, and one with a NUL in it. */
	memcpy(body, "a\0b\0", 4);
	memcpy(body + 4, w.token, token);
	passed[0] = '\0';
	send_event(body + 3, 1 + token);
	send_event(body, 4 + token);
	assert_string_equal(passed, "dir dir ");
}

/* ---- a xenstored that is silent when a program ends ---- */

#define WATCHES	12
#define TXNS	4

static unsigned int txn_begin(void)
{
	char buf[16];

	assert_true(xn_xs_request(xs, XS_TRANSACTION_START, 0, "", 1, buf,
				  sizeof(buf)) > 0);
	return atoi(buf);
}

/* All that it had is given back, and takes no longer than one request. */
static void test_silent_end(void **state)
{
	static struct xn_xs_watch many[WATCHES];
	struct host_xs_lies *lies = host_xs_lies(xg->h);
	unsigned int i, txn[TXNS], before = host_xs_watches(xg->h);
	uint64_t begin;
	char buf[16];

	memset(many, 0, sizeof(many));
	for (i = 0; i < WATCHES; i++) {
		snprintf(many[i].path, sizeof(many[i].path), "dir/%u", i);
		many[i].event = pass;
		assert_int_equal(xn_xs_watch(xs, &many[i]), 0);
	}
	for (i = 0; i < TXNS; i++)
		txn[i] = txn_begin();
	lies->deaf = true;
	begin = xn_os_now();
	for (i = 0; i < WATCHES; i++)
		xn_xs_unwatch(xs, &many[i]);
	for (i = 0; i < TXNS; i++)
		assert_int_equal(xn_xs_request(xs, XS_TRANSACTION_END, txn[i],
					       "F", 2, buf, sizeof(buf)),
				 -ETIMEDOUT);
	assert_in_range(xn_os_now() - begin, 29 * XN_NSEC_PER_SEC,
			31 * XN_NSEC_PER_SEC);

	lies->deaf = false;
	assert_int_equal(xn_xs_write(xs, 0, "a", "", "1"), 0);
	assert_int_equal(host_xs_watches(xg->h), before);
	assert_int_equal(host_xs_transactions(xg->h), 0);
}

/* A request that asks for something waits, whatever was before; then all do. */
static void test_silent_patience(void **state)
{
	struct host_xs_lies *lies = host_xs_lies(xg->h);
	uint64_t begin;
	unsigned int txn;
	char buf[16];

	watch_passing("dir");
	txn = txn_begin();
	lies->deaf = true;
	assert_int_equal(xn_xs_write(xs, 0, "a", "", "1"), -ETIMEDOUT);
	begin = xn_os_now();
	assert_int_equal(xn_xs_request(xs, XS_TRANSACTION_END, txn, "T", 2, buf,
				       sizeof(buf)), -ETIMEDOUT);
	assert_in_range(xn_os_now() - begin, 29 * XN_NSEC_PER_SEC,
			31 * XN_NSEC_PER_SEC);
	lies->deaf = false;
	assert_int_equal(xn_xs_write(xs, 0, "a", "", "1"), 0);
	lies->deaf = true;
	begin = xn_os_now();
	xn_xs_unwatch(xs, &w);
	assert_in_range(xn_os_now() - begin, 29 * XN_NSEC_PER_SEC,
			31 * XN_NSEC_PER_SEC);
	lies->deaf = false;
}

static int nothing_done(struct xn_xs *connection, uint32_t txn, void *data)
{
	return 0;
}

/*
 * A xenstored that slept takes up what it was asked for in the end. Nobody waits for
 * that any more: it is given back.
 */
static void test_silent_late(void **state)
{
	struct host_xs_lies *lies = host_xs_lies(xg->h);
	unsigned int i, before = host_xs_watches(xg->h);
	char buf[16];

	lies->deaf = true;
	for (i = 0; i < TXNS; i++) {
		assert_int_equal(xn_xs_transact(xs, nothing_done, NULL),
				 -ETIMEDOUT);
		assert_int_equal(xn_xs_request(xs, XS_TRANSACTION_START, 0, "",
					       1, buf, sizeof(buf)),
				 -ETIMEDOUT);
	}
	memset(&w, 0, sizeof(w));
	strcpy(w.path, "dir");
	w.event = pass;
	assert_int_equal(xn_xs_watch(xs, &w), -ETIMEDOUT);
	assert_int_equal(host_xs_transactions(xg->h), 0);

	lies->deaf = false;
	assert_int_equal(xn_xs_write(xs, 0, "a", "", "1"), 0);
	host_pump();
	assert_int_equal(host_xs_transactions(xg->h), 0);
	assert_int_equal(host_xs_watches(xg->h), before);
	assert_int_equal(xn_xs_transact(xs, nothing_done, NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_request),
		TEST(test_malformed),
		TEST(test_long_paths),
		TEST(test_pass),
		TEST(test_pass_odd),
		TEST(test_silent_end),
		TEST(test_silent_patience),
		TEST(test_silent_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
