// SPDX-License-Identifier: MIT
/*
 * struct vcpu_runstate_info (xen-public/vcpu.h): a vCPU is at each moment in
 * one of four states, Xen counts the time in each, and the sum does not drift
 * from system time. VCPUOP_get_runstate_info returns it, and Xen writes it to
 * memory that VCPUOP_register_runstate_memory_area names, with update marks if
 * asked to.
 *
 * Known by readings of the clock around those of the counts: in one round of a
 * few, the sum must grow by at least the inner and at most the outer
 * difference; by the state whose count grows when a vCPU works or sleeps; and
 * by a page that no longer changes after it was unregistered.
 */
#include "selftest.h"

#define MS	XN_NSEC_PER_MSEC
#define ROUNDS	20

struct reading {
	uint64_t before, after;		/* the clock */
	struct vcpu_runstate_info info;
	int err;
};

static struct reading look(const struct xn_runstate *r, unsigned int cpu)
{
	struct reading x;

	x.before = xn_os_now();
	x.err = r ? xn_runstate_read(r, cpu, x.before, &x.info) :
		    xn_runstate_get(cpu, &x.info);
	x.after = xn_os_now();
	return x;
}

static uint64_t sum(const struct reading *x)
{
	const uint64_t *t = x->info.time;

	return t[0] + t[1] + t[2] + t[3];
}

static void work(uint64_t ns)
{
	uint64_t until = xn_os_now() + ns;

	while (xn_os_now() < until)
		;
}

/* Does the sum grow from @a to @c as the guest's clock does? */
static bool sum_follows(const struct reading *a, const struct reading *c,
			const char *how)
{
	uint64_t grown = sum(c) - sum(a);
	uint64_t inner = c->before - a->after;
	uint64_t outer = c->after - a->before;
	uint64_t inexact = outer / 1000 + 50000;

	selftest_note("%s: sum grown by %lu ns, in %lu to %lu", how, grown,
		      inner, outer);
	return grown + inexact >= inner && grown <= outer + inexact;
}

/*
 * @r NULL: by hypercall. Xen counts by the clock of the CPU that it runs on.
 * Where these clocks differ, each reading is of one or the other, but the
 * guest's clock stays with the one that is ahead: so a sum may be wrong by the
 * difference, but not each time.
 */
static void accounts(const struct xn_runstate *r, const char *how)
{
	bool follows = false;
	unsigned int round;

	for (round = 0; round < ROUNDS && !follows; round++) {
		struct reading a = look(r, 0), b, c;

		work(20 * MS);
		b = look(r, 0);
		bare_sleep(20 * MS);
		c = look(r, 0);
		REQUIRE(!a.err && !b.err && !c.err, "%s: three readings", how);
		CHECK(c.info.state == RUNSTATE_running,
		      "%s: it runs, as it reads", how);
		CHECK(b.info.time[RUNSTATE_running] >
		      a.info.time[RUNSTATE_running],
		      "%s: work counts as running", how);
		CHECK(c.info.time[RUNSTATE_blocked] >
		      b.info.time[RUNSTATE_blocked],
		      "%s: sleep counts as blocked", how);
		follows = sum_follows(&a, &c, how);
	}
	CHECK(follows, "%s: the sum goes as system time does", how);
}

SELFTEST(time, runstate_get, 0)
{
	struct vcpu_runstate_info info;

	accounts(NULL, "hypercall");
	CHECK(xn_runstate_get(bare_info->nr_vcpus + 40, &info) == -ENOENT,
	      "no accounts of a vCPU that there is not");
}

static bool all_zero(const void *page)
{
	const uint64_t *p = page;
	unsigned int i;

	for (i = 0; i < XN_PAGE_SIZE / sizeof(*p); i++)
		if (XN_READ_ONCE(p[i]))
			return false;
	return true;
}

SELFTEST(time, runstate_memory, 0)
{
	struct xn_runstate r;
	uint64_t calls;
	void *old, *page;
	unsigned int i;
	int err;

	err = xn_runstate_init(&r, bare_nr_cpus);
	REQUIRE(!err && r.page[0], "areas with marks (error %d)", err);
	accounts(&r, "memory");
	calls = bare_stat[XN_STAT_HYPERCALL];
	for (i = 0; i < 1000; i++)
		look(&r, 0);
	calls = bare_stat[XN_STAT_HYPERCALL] - calls;
	CHECK(calls <= 10, "%lu hypercalls in 1000 readings", calls);

	old = r.page[0];
	xn_runstate_fini(&r);
	page = xn_os_page_alloc();
	REQUIRE(page == old, "the page is free again");
	for (i = 0; i < 20; i++)
		bare_sleep(MS);
	CHECK(all_zero(page), "and Xen does not write to it any more");
	xn_os_page_free(page);
}

/* The times of another vCPU, which sleeps nearly all the time. */
SELFTEST(time, runstate_other, NEEDS_CPUS)
{
	struct reading a, b;
	struct xn_runstate r;
	unsigned int cpu;

	REQUIRE(!xn_runstate_init(&r, bare_nr_cpus), "areas");
	for (cpu = 1; cpu < bare_nr_cpus; cpu++) {
		a = look(&r, cpu);
		bare_sleep(20 * MS);
		b = look(&r, cpu);
		CHECK(!a.err && !b.err && b.info.time[RUNSTATE_blocked] >
		      a.info.time[RUNSTATE_blocked], "CPU %u sleeps", cpu);
	}
	xn_runstate_fini(&r);
}
