// SPDX-License-Identifier: MIT
/*
 * A guest that is saved and goes on, saved and restored, and moved: SCHEDOP_shutdown
 * with SHUTDOWN_suspend (xen-public/sched.h) returns in the old domain or in a new one.
 * What was in flight is made again, and everything works there as before: events of
 * each CPU, the timer, grants, xenstore and its watches, disk, network and console.
 *
 * save.dom0.sh asks for it as often as the option save= says, and says by data/round
 * what it does. A thread reads and writes the disk all the time.
 */
#include <xenion/control.h>
#include "ping.h"
#include "selftest.h"

#define XVDA		51712
#define BLOCK		(16 * XN_PAGE_SIZE)
#define WAIT_NS		(600 * XN_NSEC_PER_SEC)

static struct bare_disk disk;
static struct xn_waitq wait;
static bool asked;			/* to be suspended */
static bool stop, stopped;
static unsigned int blocks, wrong;	/* of the disk */
static unsigned int watched;

/* The watch's thread must not do it itself. */
static void control_suspend(struct xn_control *c)
{
	asked = true;
	xn_wake(&wait);
}

static const struct xn_control_command commands[] = {
	{ "suspend", "feature-suspend", control_suspend },
};
static struct xn_control control = { .commands = commands, .nr_commands = 1 };

static void on_watch(struct xn_xs_watch *w)
{
	watched++;
	xn_wake(&wait);
}

static struct xn_xs_watch watch = { .path = "data/watched", .fn = on_watch };

/* Another content for each block of the disk, again and again. */
static void disk_thread(void *arg)
{
	static uint32_t buf[BLOCK / 4] __attribute__((aligned(XN_PAGE_SIZE)));
	unsigned int i;

	while (!stop) {
		uint64_t sector = blocks % 32 * (BLOCK / 512);

		for (i = 0; i < BLOCK / 4; i++)
			buf[i] = blocks * 0x10001 + i;
		if (bare_disk_io(&disk, XN_BLK_WRITE, sector, buf, BLOCK))
			wrong++;
		memset(buf, 0, sizeof(buf));
		if (bare_disk_io(&disk, XN_BLK_READ, sector, buf, BLOCK))
			wrong++;
		for (i = 0; i < BLOCK / 4; i++)
			if (buf[i] != blocks * 0x10001 + i)
				break;
		wrong += i < BLOCK / 4;
		blocks++;
		xn_wake(&wait);
		bare_yield();
	}
	stopped = true;
	xn_wake(&wait);
}

static void add_one(void *arg)
{
	__atomic_fetch_add((unsigned int *)arg, 1, __ATOMIC_SEQ_CST);
}

static bool all_cpus_run(void)
{
	unsigned int cpu, ran = 0;

	for (cpu = 1; cpu < bare_nr_cpus; cpu++)
		if (bare_run(cpu, add_one, &ran) ||
		    !bare_run_wait(cpu, 60 * XN_NSEC_PER_SEC))
			return false;
	return ran == bare_nr_cpus - 1;
}

static bool sleep_ends(void)
{
	uint64_t before = xn_os_now();

	bare_sleep(50 * XN_NSEC_PER_MSEC);
	return xn_os_now() - before >= 50 * XN_NSEC_PER_MSEC;
}

static bool watch_fires(void)
{
	unsigned int before = watched;

	return !xn_xs_write(&bare_guest.xs, XN_XS_NOTXN, "data/watched", "", "x") &&
	       xn_wait(&wait, watched > before, 60 * XN_NSEC_PER_SEC);
}

static bool disk_goes_on(void)
{
	unsigned int before = blocks;

	return xn_wait(&wait, blocks >= before + 2, 60 * XN_NSEC_PER_SEC);
}

static bool console_writes(struct bare_console *c)
{
	static const char line[] = "still here\n";
	unsigned int len = sizeof(line) - 1;

	return (unsigned int)bare_console_write(c, line, len,
						60 * XN_NSEC_PER_SEC) == len;
}

/* It may be on its way back. */
static bool network_answers(void)
{
	uint64_t until = xn_os_now() + 60 * XN_NSEC_PER_SEC;

	while (!ping(1000)) {
		if (xn_os_now() >= until)
			return false;
		bare_sleep(10 * XN_NSEC_PER_MSEC);
	}
	return true;
}

static void is_whole(struct bare_console *c, unsigned int round)
{
	CHECK(sleep_ends(), "%u: the timer", round);
	CHECK(all_cpus_run(), "%u: events of each CPU", round);
	CHECK(watch_fires(), "%u: a watch", round);
	CHECK(disk_goes_on(), "%u: the disk", round);
	CHECK(network_answers(), "%u: the network", round);
	CHECK(console_writes(c), "%u: the console", round);
}

static void save_round(struct bare_console *c, unsigned int round)
{
	struct xn_frontend *fe[] = { &disk.blk.fe, &ping_net.net.fe };
	uint64_t before;
	bool anew;
	int err;

	bare_print("# tell round-%u\n", round);
	REQUIRE(xn_wait(&wait, asked, WAIT_NS), "%u: dom0 asks for it", round);
	asked = false;
	before = xn_os_now();
	err = bare_suspend(fe, XN_ARRAY_SIZE(fe), &anew);
	CHECK(!err, "%u: the guest goes on in %s domain (error %d)", round,
	      anew ? "a new" : "its", err);
	CHECK(xn_os_now() >= before, "%u: time, too", round);
	if (anew)
		xn_control_resume(&control);
	is_whole(c, round);
}

SELFTEST(life, save, NEEDS_STORE | NEEDS_SAVE)
{
	unsigned int len, rounds = 0, round;
	const char *digits = bare_option("save", &len);
	struct bare_console *c = bare_console_get();
	int err;

	while (len--)
		rounds = rounds * 10 + *digits++ - '0';
	REQUIRE(c, "a console");
	err = xn_control_init(&control, &bare_guest);
	REQUIRE(!err, "the toolstack can ask (error %d)", err);
	err = xn_xs_watch(&bare_guest.xs, &watch);
	REQUIRE(!err, "a watch (error %d)", err);
	err = bare_disk_open(&disk, XVDA, NULL);
	REQUIRE(!err, "a disk (error %d)", err);
	err = ping_begin();
	REQUIRE(!err, "an interface, and dom0 behind it (error %d)", err);
	REQUIRE(!bare_thread(disk_thread, NULL), "a thread for the disk");
	is_whole(c, 0);
	for (round = 1; round <= rounds; round++)
		save_round(c, round);
	stop = true;
	CHECK(xn_wait(&wait, stopped, 60 * XN_NSEC_PER_SEC), "the thread ends");
	CHECK(!wrong, "all %u blocks were right (%u not)", blocks, wrong);
	bare_disk_close(&disk);
	bare_net_close(&ping_net);
	xn_xs_unwatch(&bare_guest.xs, &watch);
	xn_control_fini(&control);
	bare_console_put(c);
}
