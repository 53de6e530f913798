// SPDX-License-Identifier: MIT
/*
 * From the guest's first instruction to the first reply of xenstore, the first
 * block of a disk or the first packet of a network, as the command line's
 * option first=store, disk or net says. Nothing is printed before that, because
 * each character costs an exit to Xen. The toolstack has still work to do when
 * it has unpaused the guest. To leave that out, the guest sleeps for a while
 * after its first instructions, which is not counted either.
 *
 * The program is linked with --wrap for functions that bring-up calls once, so
 * that the kernel itself need not know of this. "own" is the time that this
 * vCPU ran, hypercalls included, by its runstate; the rest is that of others,
 * mostly dom0.
 */
#include "bench.h"

#define REST_NS		(200 * XN_NSEC_PER_MSEC)

static struct {
	const char *name;		/* of the part that ends here */
	uint64_t at;
} marks[12];
static unsigned int nr_marks;

static uint64_t rested, rested_own;

static void mark(const char *name)
{
	marks[nr_marks].name = name;
	marks[nr_marks++].at = xn_cycles();
}

static uint64_t own(struct vcpu_runstate_info *info)
{
	return xn_runstate_get(0, info) ? 0 : info->time[RUNSTATE_running];
}

static void rest(void (*choose)(void))
{
	struct vcpu_runstate_info info = { 0 };
	uint64_t since = xn_cycles();
	struct sched_poll poll = { 0 };

	choose();
	rested_own = own(&info);
	poll.timeout = info.state_entry_time + REST_NS;
	xn_hc_sched(SCHEDOP_poll, &poll);
	rested_own = own(&info) - rested_own;
	rested = xn_cycles() - since;
}

/* ---- bring-up ---- */

void __wrap_xn_start_pvh(uint32_t start_info)
{
	mark("page-tables");
	rest(xn_hypercall_choose);
	__real_xn_start_pvh(start_info);
}

void __wrap_xn_start_pv(uint64_t start_info, uint64_t entry_cycles)
{
	mark("page-tables");
	rest(xn_hypercall_choose_pv);
	__real_xn_start_pv(start_info, entry_cycles);
}

void __wrap_xn_start(const struct xn_boot_info *info)
{
	mark("start-info");
	__real_xn_start(info);
}

int __wrap_xn_evtchn_init(struct xn_evtchn_table *t,
			  const struct xn_vcpus *vcpus,
			  const struct xn_evtchn_ops *ops)
{
	int err;

	mark("traps-memory-clock");
	err = __real_xn_evtchn_init(t, vcpus, ops);
	mark("events");
	return err;
}

void __wrap_bare_cpus_init(void)
{
	mark("upcalls-timer-threads");
	__real_bare_cpus_init();
	mark("cpus");
}

int __wrap_xn_gnttab_init(struct xn_gnttab *gt, unsigned int version)
{
	int err = __real_xn_gnttab_init(gt, version);

	mark("grant");
	return err;
}

/* ---- the first results ---- */

static bool read_store(void)
{
	char buf[64];

	return bare_has_store && xn_xs_read(&bare_guest.xs, XN_XS_NOTXN, "name",
					    "", buf, sizeof(buf)) > 0;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} fruits[] = {
	{ "store", read_store },
	{ "disk", bench_disk_read },
	{ "net", bench_net_ask },
};

static struct {
	const char *name;		/* NULL: none was requested */
	bool good;
	uint64_t at, own;
} first;

void __wrap_bare_main(void)
{
	struct vcpu_runstate_info info;
	unsigned int i;

	mark("store");
	for (i = 0; i < XN_ARRAY_SIZE(fruits); i++) {
		if (!bare_option_is("first", fruits[i].name))
			continue;
		first.name = fruits[i].name;
		first.good = fruits[i].fn();
		first.at = xn_cycles();
		first.own = own(&info);
	}
	__real_bare_main();
}

/* Without repetitions: a guest starts once. */
BENCH(boot, 0)
{
	uint64_t begin = bare_info->entry_cycles, last = begin;
	unsigned int i;

	for (i = 0; i < nr_marks; i++) {
		bench_row(marks[i].at - last, 1, "boot-%s", marks[i].name);
		last = marks[i].at;
		if (!i)
			last += rested;
	}
	begin += rested;
	bench_row(last - begin, 1, "boot");
	if (!first.name)
		return;
	bench_row(first.at - begin, 1, "first-%s", first.name);
	bench_row(first.own - rested_own, 1, "first-%s-own", first.name);
	CHECK(first.good, "first of %s has come", first.name);
}
