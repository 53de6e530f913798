// SPDX-License-Identifier: MIT
/*
 * Xenstore (docs/misc/xenstore.txt of Xen): the cost of one read, alone and
 * with others in flight, including the work of xenstored and of both kernels.
 */
#include "bench.h"

#define THREADS		7u
#define READS		20u

static unsigned int good, ended;
static struct xn_waitq wait;

static void reader(void *arg)
{
	char buf[64];
	unsigned int i;

	for (i = 0; i < READS; i++)
		good += xn_xs_read(&bare_guest.xs, XN_XS_NOTXN, "name", "", buf,
				   sizeof(buf)) > 0;
	ended++;
	xn_wake(&wait);
}

static bool readers(unsigned int threads, const char *name)
{
	uint64_t begin = xn_cycles(), end;
	unsigned int i;

	good = ended = 0;
	for (i = 0; i < threads; i++)
		if (bare_thread(reader, NULL))
			return false;
	if (!xn_wait(&wait, ended == threads, 60 * XN_NSEC_PER_SEC))
		return false;
	end = xn_cycles();
	bench_row(end - begin, threads * READS, "%s", name);
	return good == threads * READS;
}

BENCH(store, NEEDS_STORE)
{
	unsigned int run, bad = 0;

	for (run = 0; run < BENCH_RUNS; run++) {
		bad += !readers(1, "store-read");
		bad += !readers(THREADS, "store-read-pipelined");
	}
	CHECK(!bad, "every read was answered");
}
