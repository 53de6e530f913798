/* SPDX-License-Identifier: MIT */
/*
 * Every fault in turn: a scenario runs repeatedly, and each time one more call
 * succeeds before one fails, until the fault is no longer reached. For
 * test_sweep*.c.
 *
 * A scenario sets up without faults, calls sweep_arm(), runs and accepts any
 * errors, calls sweep_disarm(), and checks that nothing leaks and that
 * everything works without the fault.
 *
 * When a scenario fails, the command that repeats just this fault is:
 *
 *	SWEEP=<scenario>/<kind>/<n> build/unit/test_sweep_blk
 */
#ifndef XENION_SWEEP_H
#define XENION_SWEEP_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store_guest.h"
#include <xen-public/io/xs_wire.h>

/* More calls than any scenario makes, so that one without end fails. */
#define SWEEP_MAX	5000u

#ifdef __SANITIZE_ADDRESS__
/* A guest has some large blocks: reuse them, do not keep them in quarantine. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8:max_redzone=64";
}
#endif

struct sweep_kind {
	const char *name;
	enum host_fault what;
	int err;
};

static const struct sweep_kind sweep_kinds[] = {
	{ "page", HOST_FAULT_PAGE, 0 },
	{ "hole", HOST_FAULT_HOLE, 0 },
	{ "hypercall", HOST_FAULT_HYPERCALL, -ENOMEM },
	{ "hypercall-EINVAL", HOST_FAULT_HYPERCALL, -EINVAL },
	{ "grant", HOST_FAULT_GRANT, GNTST_general_error },
	{ "store-EAGAIN", HOST_FAULT_STORE, -EAGAIN },
	{ "store-ENOSPC", HOST_FAULT_STORE, -ENOSPC },
	{ "store-EACCES", HOST_FAULT_STORE, -EACCES },
	{ "store-EINVAL", HOST_FAULT_STORE, -EINVAL },
	{ "store-EQUOTA", HOST_FAULT_STORE, -EDQUOT },
	{ "store-silence", HOST_FAULT_STORE, 0 },
};

struct sweep_scenario {
	const char *name;
	void (*run)(const void *arg);
	const void *arg;
};

/* One scenario with one kind of fault. */
struct sweep_test {
	const struct sweep_scenario *scenario;
	const struct sweep_kind *kind;
	unsigned int faults, lost;
};

static struct {
	struct sweep_test *test;
	unsigned int n, only;
	bool hit;			/* the fault was reached */
	unsigned int nr, cmd;		/* the call that failed */
	bool running;
} sweep;

static inline void sweep_seed(char *buf, size_t size)
{
	unsigned int nr, cmd;

	host_fault_which(&nr, &cmd);
	snprintf(buf, size,
		 "# call %u, %u failed: repeat this with SWEEP=%s/%s/%u\n", nr,
		 cmd, sweep.test->scenario->name, sweep.test->kind->name,
		 sweep.n);
}

/* On SIGABRT, by which the simulated host and the sanitizers end a program. */
static void sweep_abort(int sig)
{
	char buf[200];

	if (sweep.running) {
		sweep_seed(buf, sizeof(buf));
		(void)!write(STDERR_FILENO, buf, strlen(buf));
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static inline void sweep_arm(void)
{
	host_log_reset();
	host_fail(sweep.test->kind->what, sweep.n, sweep.test->kind->err);
}

static inline void sweep_disarm(void)
{
	sweep.hit = host_fault_done();
	host_fail(sweep.test->kind->what, 0, 0);
	if (sweep.hit)
		host_fault_which(&sweep.nr, &sweep.cmd);
}

/* Did Xen refuse to take something back? Then it is lost, which is logged. */
static inline bool sweep_undo_failed(void)
{
	if (!sweep.hit)
		return false;
	switch (sweep.test->kind->what) {
	case HOST_FAULT_GRANT:
		return sweep.cmd == GNTTABOP_unmap_grant_ref;
	case HOST_FAULT_HYPERCALL:
		if (sweep.nr == __HYPERVISOR_memory_op)
			return sweep.cmd == XENMEM_remove_from_physmap;
		if (sweep.nr == __HYPERVISOR_grant_table_op)
			return sweep.cmd == GNTTABOP_unmap_grant_ref;
		return sweep.nr == __HYPERVISOR_event_channel_op &&
		       (sweep.cmd == EVTCHNOP_close ||
			sweep.cmd == EVTCHNOP_reset ||
			sweep.cmd == EVTCHNOP_status ||
			sweep.cmd == EVTCHNOP_bind_interdomain);
	default:
		return false;
	}
}

/* Did Xen deny that a port of the toolstack exists? The guest believes it. */
static inline bool sweep_is_port_denied(void)
{
	return sweep.test->kind->err == -EINVAL &&
	       sweep.nr == __HYPERVISOR_event_channel_op &&
	       sweep.cmd == EVTCHNOP_status;
}

/*
 * Did a read of a node fail as if the node were gone or invalid? That is final
 * until the other side writes something new.
 */
static inline bool sweep_is_final_answer(void)
{
	unsigned int type, none;

	if (sweep.test->kind->what != HOST_FAULT_STORE ||
	    (sweep.test->kind->err != -EACCES &&
	     sweep.test->kind->err != -EINVAL))
		return false;
	host_fault_which(&type, &none);
	return host_fault_done() && type == XS_READ;
}

/*
 * Nothing may leak, except what Xen refused to take back, which is logged.
 * Returns: is something lost?
 */
static inline bool sweep_check_leaks(struct host_guest *g)
{
	if (!host_guest_leaks(g))
		return false;
	if (!sweep_undo_failed() || !(sweep_is_port_denied() ||
	    host_log_count(XN_WARN) + host_log_count(XN_ERR)))
		fail_msg("something leaks");
	sweep.test->lost++;
	return true;
}

/* As guest_stop(), but accepts the loss of what Xen refused to take back. */
static inline void sweep_guest_stop(struct host_xenion *x, struct host_xs *h)
{
	assert_null(x->guest.xs.watches);
	assert_int_equal(host_gnttab_active(x->host), 0);
	guest_store_end(x);
	assert_int_equal(host_xs_watches(h), 0);
	assert_int_equal(host_xs_transactions(h), 0);
	host_xenion_unload(x);
	sweep_check_leaks(x->host);
	host_guest_destroy(x->host);
	host_xs_destroy(h);
}

/* Can another user begin in this guest afterwards? Not without its ports. */
static inline bool sweep_can_retry(struct host_guest *g)
{
	if (sweep_undo_failed() && sweep.nr == __HYPERVISOR_event_channel_op &&
	    sweep.cmd == EVTCHNOP_reset)
		return false;
	return host_port_guest_end(host_store_port(g)) &&
	       host_port_guest_end(host_console_port(g));
}

static inline void sweep_one(void **state)
{
	struct sweep_test *test = *state;

	sweep.test = test;
	sweep.running = true;
	for (sweep.n = sweep.only ? sweep.only : 1; ; sweep.n++) {
		assert_in_range(sweep.n, 1, SWEEP_MAX);
		sweep.hit = false;
		test->scenario->run(test->scenario->arg);
		if (!sweep.hit)
			break;
		test->faults++;
		if (sweep.only)
			break;
	}
	sweep.running = false;
}

static inline int sweep_end(void **state)
{
	char buf[200];

	if (sweep.running) {
		sweep_seed(buf, sizeof(buf));
		fputs(buf, stderr);
	}
	sweep.running = false;
	return 0;
}

static inline void sweep_report(const struct sweep_test *t, unsigned int nr)
{
	const struct sweep_scenario *s = t->scenario;
	unsigned int faults = 0, lost = 0;

	for (; nr-- && t->scenario == s; t++) {
		faults += t->faults;
		lost += t->lost;
	}
	printf("# %s: %u faults", s->name, faults);
	if (lost)
		printf(", %u of them made Xen keep something", lost);
	printf("\n");
}

/* Run every scenario with every kind of fault, or the one in $SWEEP. */
static inline int sweep_all(const char *name, const struct sweep_scenario *s,
			    unsigned int nr)
{
	unsigned int kinds = XN_ARRAY_SIZE(sweep_kinds), i, k, n = 0;
	struct CMUnitTest *tests = calloc(nr * kinds, sizeof(*tests));
	struct sweep_test *all = calloc(nr * kinds, sizeof(*all));
	const char *want = getenv("SWEEP");
	int failed;

	signal(SIGABRT, sweep_abort);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < nr; i++) {
		for (k = 0; k < kinds; k++) {
			struct sweep_test *t = &all[n];
			char *title;

			t->scenario = &s[i];
			t->kind = &sweep_kinds[k];
			if (asprintf(&title, "%s/%s", s[i].name,
				     t->kind->name) < 0)
				return 1;
			if (want && strncmp(want, title, strlen(title)) == 0 &&
			    want[strlen(title)] == '/')
				sweep.only = atoi(want + strlen(title) + 1);
			else if (want) {
				free(title);
				continue;
			}
			tests[n] = (struct CMUnitTest){
				.name = title, .test_func = sweep_one,
				.teardown_func = sweep_end,
				.initial_state = t,
			};
			n++;
		}
	}
	if (!n) {
		printf("1..0 # SKIP no such scenario and kind here: %s\n", want);
		return 0;
	}
	failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	for (i = 0; i < n; i++)
		if (!i || all[i].scenario != all[i - 1].scenario)
			sweep_report(&all[i], n - i);
	for (i = 0; i < n; i++)
		free((char *)tests[i].name);
	free(tests);
	free(all);
	return failed;
}

#endif /* XENION_SWEEP_H */
