// SPDX-License-Identifier: MIT
/*
 * Xenstore from a guest (docs/misc/xenstore.txt in Xen's sources,
 * xen-public/io/xs_wire.h): a domain reads and writes nodes of its own
 * directory, e.g. "data"; access to others' nodes is refused; transactions take
 * effect completely or not at all; a watch fires once when it is set and again
 * when something at or below its path changes.
 *
 * Known by reading back what was written, by another path.
 */
#include "selftest.h"

static char buf[XENSTORE_PAYLOAD_MAX + 1];

SELFTEST(xenbus, read_write, NEEDS_STORE)
{
	struct xn_xs *xs = &bare_guest.xs;
	uint64_t domid = 0, v;
	char path[XN_XS_PATH_MAX];
	int n;

	CHECK(!xn_xs_read_uint(xs, XN_XS_NOTXN, "domid", "", DOMID_FIRST_RESERVED - 1,
			       &domid) && domid, "our domain has a number");
	n = xn_xs_read(xs, XN_XS_NOTXN, "vm", "", buf, sizeof(buf));
	CHECK(n > 0, "and a path for its virtual machine");

	CHECK(!xn_xs_write(xs, XN_XS_NOTXN, "data", "selftest", "a value"),
	      "data/selftest can be written");
	memcpy(path, "/local/domain/", 15);
	xn_format_uint(path + 14, domid);
	xn_path_join(path, path, "data/selftest");
	n = xn_xs_read(xs, XN_XS_NOTXN, path, "", buf, sizeof(buf));
	CHECK(n == 7 && !strcmp(buf, "a value"), "and read by its full path");
	CHECK(!xn_xs_write_uint(xs, XN_XS_NOTXN, "data/selftest", "n",
				UINT64_MAX) &&
	      !xn_xs_read_uint(xs, XN_XS_NOTXN, "data/selftest", "n",
			       UINT64_MAX, &v) && v == UINT64_MAX,
	      "the largest number goes there and back");
	n = xn_xs_list(xs, XN_XS_NOTXN, "data/selftest", "", buf, sizeof(buf));
	CHECK(n == 2 && !strcmp(buf, "n"), "its only child is listed");
	CHECK(!xn_xs_rm(xs, XN_XS_NOTXN, "data", "selftest") &&
	      xn_xs_read(xs, XN_XS_NOTXN, "data/selftest", "n", buf,
			 sizeof(buf)) == -ENOENT, "removed, with its child");
	CHECK(xn_xs_write(xs, XN_XS_NOTXN, "/local/domain/0", "x", "y") ==
	      -EACCES, "dom0's directory is not ours to write to");
	CHECK(xn_xs_read(xs, XN_XS_NOTXN, "no", "such", buf, sizeof(buf)) ==
	      -ENOENT, "what is not there: -ENOENT");
}

struct pair {
	unsigned int calls;
	bool give_up;
};

static int write_pair(struct xn_xs *xs, uint32_t txn, void *data)
{
	struct pair *p = data;
	int err = xn_xs_write_uint(xs, txn, "data/pair", "a", ++p->calls);

	/* A write from outside, so that the first commit fails. */
	if (!err && p->calls == 1 && !p->give_up)
		err = xn_xs_write_uint(xs, XN_XS_NOTXN, "data/pair", "a", 99);
	if (!err)
		err = xn_xs_write_uint(xs, txn, "data/pair", "b", p->calls);
	return p->give_up ? -EBUSY : err;
}

SELFTEST(xenbus, transactions, NEEDS_STORE)
{
	struct xn_xs *xs = &bare_guest.xs;
	struct pair p = { 0 };
	uint64_t a = 0, b = 0;

	REQUIRE(!xn_xs_write_uint(xs, XN_XS_NOTXN, "data/pair", "a", 0),
		"a node to fight for");
	CHECK(!xn_xs_transact(xs, write_pair, &p), "a transaction");
	CHECK(p.calls >= 2, "was made again, as somebody interfered (%u times)",
	      p.calls);
	CHECK(!xn_xs_read_uint(xs, XN_XS_NOTXN, "data/pair", "a", 99, &a) &&
	      !xn_xs_read_uint(xs, XN_XS_NOTXN, "data/pair", "b", 99, &b) &&
	      a == p.calls && b == p.calls, "and both its writes are there");

	p.give_up = true;
	p.calls = 40;
	CHECK(xn_xs_transact(xs, write_pair, &p) == -EBUSY, "one that gives up");
	CHECK(!xn_xs_read_uint(xs, XN_XS_NOTXN, "data/pair", "a", 99, &a) &&
	      a != 41, "leaves no trace");
	xn_xs_rm(xs, XN_XS_NOTXN, "data", "pair");
}

static unsigned int fired;
static struct xn_waitq fired_wait;

static void watch_fn(struct xn_xs_watch *w)
{
	__atomic_fetch_add(&fired, 1, __ATOMIC_SEQ_CST);
	xn_wake(&fired_wait);
}

static bool fires(unsigned int before)
{
	return xn_wait(&fired_wait,
		       __atomic_load_n(&fired, __ATOMIC_SEQ_CST) > before,
		       5 * XN_NSEC_PER_SEC);
}

SELFTEST(xenbus, watches, NEEDS_STORE)
{
	struct xn_xs *xs = &bare_guest.xs;
	struct xn_xs_watch w = { .path = "data/watched", .fn = watch_fn };
	unsigned int before = fired;

	REQUIRE(!xn_xs_watch(xs, &w), "a watch on what is not there yet");
	CHECK(fires(before), "fires when it is set");
	before = fired;
	xn_xs_write(xs, XN_XS_NOTXN, "data/watched", "below", "1");
	CHECK(fires(before), "fires for what is below");
	before = fired;
	xn_xs_rm(xs, XN_XS_NOTXN, "data", "watched");
	CHECK(fires(before), "fires when it goes");
	xn_xs_unwatch(xs, &w);
	before = fired;
	xn_xs_write(xs, XN_XS_NOTXN, "data", "watched", "2");
	xn_xs_rm(xs, XN_XS_NOTXN, "data", "watched");
	bare_sleep(20 * XN_NSEC_PER_MSEC);
	CHECK(fired == before, "and no more when it was taken back");
}

/* Requests of several threads at once: each gets its own answer. */
#define THREADS	4
#define ROUNDS	25

static unsigned int good, ended;

static void reader(void *arg)
{
	struct xn_xs *xs = &bare_guest.xs;
	char name[2] = { 'a' + (char)(uintptr_t)arg, 0 };
	unsigned int i;
	uint64_t v;

	for (i = 0; i < ROUNDS; i++)
		good += !xn_xs_write_uint(xs, XN_XS_NOTXN, "data", name, i) &&
			!xn_xs_read_uint(xs, XN_XS_NOTXN, "data", name,
					 ROUNDS, &v) && v == i;
	xn_xs_rm(xs, XN_XS_NOTXN, "data", name);
	ended++;
	xn_wake(&fired_wait);
}

SELFTEST(xenbus, threads, NEEDS_STORE)
{
	uintptr_t i;

	for (i = 0; i < THREADS; i++)
		REQUIRE(!bare_thread(reader, (void *)i), "a thread");
	CHECK(xn_wait(&fired_wait, ended == THREADS, 60 * XN_NSEC_PER_SEC),
	      "all have ended");
	CHECK(good == THREADS * ROUNDS, "%u of %u answers were theirs", good,
	      THREADS * ROUNDS);
}
