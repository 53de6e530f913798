// SPDX-License-Identifier: MIT
/*
 * xenbus/watch.c: no change is missed, a flood of events is bounded, and a
 * watch is not called after its removal.
 */
#include <stdio.h>

#include "xs_guest.h"

static struct xs_guest *xg;
static struct xn_xs *xs;

/* A watch that counts, and may do more. */
struct counter {
	struct xn_xs_watch w;
	unsigned int calls;
	void (*more)(struct counter *c);
};

static struct counter a, b;
static char order[64];

static void called(struct xn_xs_watch *w)
{
	struct counter *c = xn_container_of(w, struct counter, w);

	c->calls++;
	if (strlen(order) < sizeof(order) - 1)
		strcat(order, c == &a ? "a" : "b");
	if (c->more)
		c->more(c);
}

static int watch(struct counter *c, const char *path)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->w.path, path);
	c->w.fn = called;
	return xn_xs_watch(xs, &c->w);
}

/* Register, and wait for the first event. */
static void watch_quiet(struct counter *c, const char *path)
{
	assert_int_equal(watch(c, path), 0);
	host_pump();
	assert_int_equal(c->calls, 1);
	c->calls = 0;
	order[0] = '\0';
}

static int setup(void **state)
{
	xg = xs_guest_start();
	xs = &xg->xn.xs;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	order[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	host_xs_lies(xg->h)->request = NULL;
	xn_xs_unwatch(xs, &a.w);
	xn_xs_unwatch(xs, &b.w);
	xs_guest_stop(xg);
	return 0;
}

static void test_first_event(void **state)
{
	watch_quiet(&a, "not/there/yet");
}

static void test_changes(void **state)
{
	watch_quiet(&a, "dir");
	host_xs_write(xg->h, "dir", "1");
	host_pump();
	assert_int_equal(a.calls, 1);
	host_xs_write(xg->h, "dir/below/deep", "1");
	host_pump();
	assert_int_equal(a.calls, 2);
	host_xs_write(xg->h, "directory", "1");
	host_xs_write(xg->h, "other", "1");
	host_pump();
	assert_int_equal(a.calls, 2);
	host_xs_rm(xg->h, "dir");
	host_pump();
	assert_int_equal(a.calls, 3);
}

static void test_absolute_path(void **state)
{
	watch_quiet(&a, "/local/domain/0/backend/vbd/1/7/state");
	host_xs_write(xg->h, "/local/domain/0/backend/vbd/1/7/state", "2");
	host_pump();
	assert_int_equal(a.calls, 1);
	/* A folder above it is removed. */
	host_xs_rm(xg->h, "/local/domain/0/backend/vbd");
	host_pump();
	assert_int_equal(a.calls, 2);
}

/* A function that is to be called again does not delay others. */
static void test_again(void **state)
{
	watch_quiet(&a, "a");
	watch_quiet(&b, "b");
	xn_xs_watch_again(xs, &a.w);
	host_xs_write(xg->h, "b", "1");
	host_pump();
	assert_int_equal(b.calls, 1);
	assert_int_equal(a.calls, 0);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 1);
	xn_xs_watch_again(xs, &a.w);
	xn_xs_unwatch(xs, &a.w);
	xn_xs_unwatch(xs, &b.w);
	/* No longer registered: does nothing. */
	xn_xs_watch_again(xs, &a.w);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 1);
}

static void fails_slowly(struct xn_xs_watch *w)
{
	struct xn_waitq wq;

	xn_waitq_init(&wq);
	a.calls++;
	xn_xs_watch_again(xs, w);
	(void)xn_wait(&wq, false, 5 * XN_NSEC_PER_SEC);
}

/* ... and does not run all the time, no matter how long it takes to fail. */
static void test_again_slow(void **state)
{
	watch_quiet(&a, "a");
	a.w.fn = fails_slowly;
	host_xs_write(xg->h, "a", "1");
	host_pump();
	assert_int_equal(a.calls, 1);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 2);
}

static void test_unwatch(void **state)
{
	watch_quiet(&a, "a");
	watch_quiet(&b, "a");
	xn_xs_unwatch(xs, &a.w);
	assert_int_equal(host_xs_watches(xg->h), 1);
	host_xs_write(xg->h, "a", "1");
	host_pump();
	assert_int_equal(a.calls, 0);
	assert_int_equal(b.calls, 1);
	/* Again, and one that was never registered. */
	xn_xs_unwatch(xs, &a.w);
	memset(&a, 0, sizeof(a));
	xn_xs_unwatch(xs, &a.w);
	watch_quiet(&a, "a");
}

/* The event is in the ring when the watch is removed. */
static void test_unwatch_with_event(void **state)
{
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);

	watch_quiet(&a, "a");
	host_xs_write(xg->h, "a", "1");
	xn_xs_unwatch(xs, &a.w);
	memset(&a, 0xa5, sizeof(a));
	host_pump();
	memset(&a, 0, sizeof(a));
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused);
}

/* The event was read, but its function not yet called. */
static void test_unwatch_when_fired(void **state)
{
	watch_quiet(&a, "a");
	watch_quiet(&b, "b");
	host_xs_send(xg->h, XS_WATCH_EVENT, 0, "", 0);
	host_pump();
	host_xs_write(xg->h, "a", "1");
	host_xs_write(xg->h, "b", "1");
	while (!a.w.fired || !b.w.fired) {
		struct host_step *s;

		for (s = xg->g->steps; s; s = s->next)
			s->step(s->data);
		xn_xs_upcall(xs);
	}
	xn_xs_unwatch(xs, &b.w);
	host_pump();
	assert_int_equal(b.calls, 0);
	assert_int_equal(a.calls, 1);
}

static void change_own(struct counter *c)
{
	if (c->calls < 5)
		host_xs_write(xg->h, "a", "again");
	/* The event comes while the function still runs. */
	host_pump();
}

static void test_change_while_running(void **state)
{
	watch_quiet(&a, "a");
	a.more = change_own;
	host_xs_write(xg->h, "a", "1");
	host_pump();
	assert_int_equal(a.calls, 5);
}

static void read_and_write(struct counter *c)
{
	char buf[8];

	assert_int_equal(xn_xs_read(xs, 0, "a", "", buf, 8), 1);
	assert_int_equal(xn_xs_write(xs, 0, "copy", "", buf), 0);
}

static void test_requests_within(void **state)
{
	host_xs_write(xg->h, "a", "0");
	watch_quiet(&a, "a");
	a.more = read_and_write;
	host_xs_write(xg->h, "a", "7");
	host_pump();
	assert_int_equal(host_xs_read_int(xg->h, "copy"), 7);
}

static void remove_other(struct counter *c)
{
	xn_xs_unwatch(xs, &b.w);
}

static void test_unwatch_other_within(void **state)
{
	watch_quiet(&a, "x");
	watch_quiet(&b, "x");
	a.more = remove_other;
	host_xs_write(xg->h, "x", "1");
	host_pump();
	assert_int_equal(a.calls, 1);
	assert_true(b.calls <= 1);
	assert_int_equal(host_xs_watches(xg->h), 1);
}

/* Calls are in the order of the events, not of the watches. */
static void test_order(void **state)
{
	watch_quiet(&a, "a");
	watch_quiet(&b, "b");
	host_xs_write(xg->h, "b", "1");
	host_xs_write(xg->h, "a", "1");
	host_pump();
	assert_string_equal(order, "ba");
	host_xs_write(xg->h, "a", "1");
	host_xs_write(xg->h, "b", "1");
	host_xs_write(xg->h, "a", "1");
	host_pump();
	assert_string_equal(order, "baab");
}

static void flood_a(struct counter *c)
{
	unsigned int i;

	if (c->calls > 20)
		return;
	for (i = 0; i < 50; i++)
		host_xs_write(xg->h, "a", "flood");
	host_xs_write(xg->h, "b", "1");
	host_pump();
}

/* A watch that fires all the time does not block others. */
static void test_flood_is_fair(void **state)
{
	watch_quiet(&b, "b");
	watch_quiet(&a, "a");
	a.more = flood_a;
	host_xs_write(xg->h, "a", "1");
	host_pump();
	assert_int_equal(a.calls, 21);
	assert_true(b.calls >= 7);
	assert_null(strstr(order, "aaa"));
}

/* Many events cause few calls, and requests are still answered. */
static void test_flood(void **state)
{
	unsigned int i;
	char buf[8];

	watch_quiet(&a, "a");
	for (i = 0; i < 10000; i++)
		host_xs_write(xg->h, "a", "flood");
	assert_int_equal(xn_xs_read(xs, 0, "a", "", buf, 8), 5);
	host_pump();
	assert_true(a.calls >= 1 && a.calls < 2000);
	assert_int_equal(host_pages(xg->g), 0);
}

/* ---- invalid events ---- */

static void event(const void *body, uint32_t len)
{
	host_xs_send(xg->h, XS_WATCH_EVENT, 0, body, len);
	host_pump();
}

static void test_bad_events(void **state)
{
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	static const struct {
		const char *body;
		uint32_t len;
	} bad[] = {
		{ "", 0 }, { "", 1 }, { "\0", 2 }, { "a", 1 }, { "a", 2 },
		{ "a\0", 3 }, { "a\0x", 4 }, { "a\0007", 3 },
		{ "a\0-1", 5 }, { "a\00099999999999999", 17 },
		{ "a\0004294967296", 13 }, { "\0\0\0\0\0\0\0\0\0\0\0\0", 12 },
		{ "0123456789012345678901234567890", 32 },
		{ "0123456789012345678901234567890", 31 },
	};
	char text[32];
	unsigned int i;

	watch_quiet(&a, "a");
	for (i = 0; i < XN_ARRAY_SIZE(bad); i++) {
		event(bad[i].body, bad[i].len);
		assert_int_equal(host_stat_get(XN_STAT_REFUSED),
				 refused + i + 1);
	}
	/* Tokens just above and below those in use. */
	snprintf(text, sizeof(text), "a%c%u", 0, xs->next_watch);
	event(text, strlen(text + 2) + 3);
	snprintf(text, sizeof(text), "a%c%u", 0, a.w.id - 1);
	event(text, strlen(text + 2) + 3);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + i + 2);
	assert_int_equal(a.calls, 0);
	/* The right token, with a wrong path. */
	snprintf(text, sizeof(text), "?%c%s", 0, a.w.token);
	event(text, strlen(text + 2) + 3);
	assert_int_equal(a.calls, 1);
}

static void test_long_paths(void **state)
{
	static char path[XENSTORE_PAYLOAD_MAX];
	unsigned int n;

	watch_quiet(&a, "a");
	memset(path, 'p', sizeof(path));
	for (n = 0; n < 40; n++) {
		path[n] = '\0';
		strcpy(path + n + 1, a.w.token);
		event(path, n + 1 + strlen(a.w.token) + 1);
		assert_int_equal(a.calls, n + 1);
		memset(path, 'p', n + 20);
	}
	n = sizeof(path) - strlen(a.w.token) - 1;
	path[n - 1] = '\0';
	strcpy(path + n, a.w.token);
	event(path, sizeof(path));
	assert_int_equal(a.calls, 41);
}

/* ---- registration ---- */

static bool event_first(void *data, const struct xsd_sockmsg *hdr,
			const char *body)
{
	if (hdr->type == XS_WATCH)
		host_xs_send(xg->h, XS_WATCH_EVENT, 0, body, hdr->len);
	return false;
}

static bool event_only_first(void *data, const struct xsd_sockmsg *hdr,
			     const char *body)
{
	if (hdr->type != XS_WATCH)
		return false;
	host_xs_send(xg->h, XS_WATCH_EVENT, 0, body, hdr->len);
	host_xs_send(xg->h, XS_WATCH, hdr->req_id, "OK", 3);
	return true;
}

/* The first event comes before the reply, and is the only one. */
static void test_event_before_reply(void **state)
{
	host_xs_lies(xg->h)->request = event_only_first;
	watch_quiet(&a, "a");
}

static bool no_watches(void *data, const struct xsd_sockmsg *hdr,
		       const char *body)
{
	if (hdr->type != XS_WATCH)
		return false;
	event_first(data, hdr, body);
	host_xs_send(xg->h, XS_ERROR, hdr->req_id, "E2BIG", 6);
	return true;
}

static void test_refused_watch(void **state)
{
	host_xs_lies(xg->h)->request = no_watches;
	assert_int_equal(watch(&a, "a"), -E2BIG);
	assert_null(xs->watches);
	memset(&a, 0xa5, sizeof(a));
	host_pump();
	memset(&a, 0, sizeof(a));
}

static void test_no_answer(void **state)
{
	host_xs_lies(xg->h)->mute = true;
	assert_int_equal(watch(&a, "a"), -ETIMEDOUT);
	memset(&a, 0, sizeof(a));
	host_xs_lies(xg->h)->mute = false;
	host_pump();
}

#define NODE	"/local/domain/0/backend/vbd/1/7/state"

static void change(const char *path, unsigned int times)
{
	while (times--) {
		host_xs_write(xg->h, path, times & 1 ? "1" : "2");
		host_pump();
	}
}

/*
 * Changes of another domain's node that changes all the time are handled once a
 * second; those of the guest's own node, and any other, at once.
 */
static void test_pace(void **state)
{
	unsigned int i;

	watch_quiet(&a, NODE);
	watch_quiet(&b, "ours");
	host_log_reset();
	change(NODE, 1000);
	assert_in_range(a.calls, 16, 40);
	for (i = 0; i < 10; i++) {
		a.calls = 0;
		host_run(XN_NSEC_PER_SEC);
		change(NODE, 100);
		assert_in_range(a.calls, 1, 2);
		change("ours", 100);
	}
	assert_int_equal(b.calls, 1000);
	assert_int_equal(host_log_count(XN_WARN), 1);
	/* The last change is handled; after a quiet time, each one is again. */
	host_run(60 * XN_NSEC_PER_SEC);
	a.calls = 0;
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 0);
	change(NODE, 10);
	assert_int_equal(a.calls, 10);
}

static void test_pace_last(void **state)
{
	watch_quiet(&a, NODE);
	change(NODE, 100);
	a.calls = 0;
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 1);
	/* Removed while a call is delayed: no call. */
	change(NODE, 1);
	xn_xs_unwatch(xs, &a.w);
	a.calls = 0;
	host_run(5 * XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_event),
		TEST(test_changes),
		TEST(test_absolute_path),
		TEST(test_again),
		TEST(test_again_slow),
		TEST(test_unwatch),
		TEST(test_unwatch_with_event),
		TEST(test_unwatch_when_fired),
		TEST(test_change_while_running),
		TEST(test_requests_within),
		TEST(test_unwatch_other_within),
		TEST(test_order),
		TEST(test_flood_is_fair),
		TEST(test_flood),
		TEST(test_bad_events),
		TEST(test_long_paths),
		TEST(test_event_before_reply),
		TEST(test_refused_watch),
		TEST(test_no_answer),
		TEST(test_pace),
		TEST(test_pace_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
