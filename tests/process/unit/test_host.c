// SPDX-License-Identifier: MIT
/*
 * The simulated Xen itself, as far as other tests rely on it: ports, grant
 * flags, time, faults, and the detection of leaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static struct host_guest *g;

static int setup(void **state)
{
	g = host_guest_create(NULL);
	return 0;
}

static int teardown(void **state)
{
	host_guest_destroy(g);
	return 0;
}

static void count(void *data, struct host_port *p)
{
	++*(unsigned int *)data;
}

static void test_params(void **state)
{
	uint64_t v;

	assert_int_equal(xn_hvm_param_get(HVM_PARAM_STORE_EVTCHN, &v), 0);
	assert_int_equal(v, host_port_guest_end(host_store_port(g)));
	assert_int_equal(xn_hvm_param_get(HVM_PARAM_STORE_PFN, &v), 0);
	assert_ptr_equal(xn_os_map(v, 1), host_store_page(g));
	assert_int_equal(host_guest_leaks(g), 1);
	xn_os_unmap(host_store_page(g), 1);
	assert_int_equal(xn_hvm_param_set(HVM_PARAM_STORE_PFN, 1), -EPERM);
	assert_int_equal(host_guest_leaks(g), 0);
}

static void test_ports(void **state)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF };
	struct evtchn_close c;
	unsigned int got = 0;
	struct host_port *p;

	assert_int_equal(xn_hc_evtchn(EVTCHNOP_alloc_unbound, &a), 0);
	assert_int_equal(host_guest_leaks(g), 1);
	p = host_port_connect(g, a.port, count, &got);
	assert_non_null(p);
	host_pump();
	assert_int_equal(got, 1);
	host_pump();
	assert_int_equal(got, 1);
	assert_null(host_port_connect(g, a.port, count, &got));
	c.port = a.port;
	assert_int_equal(xn_hc_evtchn(EVTCHNOP_close, &c), 0);
	assert_int_equal(host_port_guest_end(p), 0);
	assert_int_equal(host_guest_leaks(g), 0);
}

static void test_grants(void **state)
{
	struct grant_entry_v1 *e = host_gnttab_entry(g, 9);
	char *page = xn_os_page_alloc();
	char c = 0;

	assert_null(host_gnttab_map(g, 0, 9, false));
	e->frame = xn_os_gfn(page);
	e->domid = 0;
	e->flags = GTF_permit_access | GTF_readonly;
	assert_null(host_gnttab_map(g, 1, 9, false));
	assert_null(host_gnttab_map(g, 0, 9, true));
	assert_ptr_equal(host_gnttab_map(g, 0, 9, false), page);
	assert_int_equal(e->flags, GTF_permit_access | GTF_readonly |
				   GTF_reading);
	page[7] = 'x';
	assert_int_equal(host_gnttab_read(g, 0, 9, 7, &c, 1), 0);
	assert_int_equal(c, 'x');
	assert_int_equal(host_gnttab_write(g, 0, 9, 7, &c, 1), -EACCES);
	assert_int_equal(e->flags & (GTF_reading | GTF_writing), GTF_reading);
	host_gnttab_unmap(g, 9, false);
	assert_int_equal(e->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(host_guest_leaks(g), 2);
	e->flags = 0;
	xn_os_page_free(page);
	assert_int_equal(host_guest_leaks(g), 0);
}

static unsigned int worked;

static void work_fn(struct xn_work *w)
{
	assert_ptr_equal(host_guest_current(), g);
	if (++worked < 3)
		xn_work_schedule(w, 10);
}

static void test_time(void **state)
{
	struct xn_work w;
	struct xn_waitq wq;
	uint64_t start = xn_os_now();

	worked = 0;
	xn_waitq_init(&wq);
	xn_work_init(&w, work_fn);
	xn_work_schedule(&w, XN_NSEC_PER_SEC);
	xn_work_schedule(&w, 0);
	assert_false(xn_wait(&wq, worked, XN_NSEC_PER_MSEC));
	assert_int_equal(xn_os_now() - start, XN_NSEC_PER_MSEC);
	assert_true(xn_wait(&wq, worked == 3, 2 * XN_NSEC_PER_SEC));
	xn_work_schedule(&w, 5);
	assert_int_equal(host_guest_leaks(g), 1);
	xn_work_cancel(&w);
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(worked, 3);
}

static void test_faults(void **state)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 5 };
	void *page;

	host_fail_page(2);
	page = xn_os_page_alloc();
	assert_non_null(page);
	assert_null(xn_os_page_alloc());
	assert_true(host_fault_done());
	xn_os_page_free(page);
	assert_int_equal(xn_hc_evtchn(EVTCHNOP_bind_ipi, &ipi), -ENOENT);
	host_fail_hypercall(1, -ENOMEM);
	assert_int_equal(xn_hc_evtchn(EVTCHNOP_bind_ipi, &ipi), -ENOMEM);
}

/* ---- the rules of raw locks ---- */

static struct {
	struct xn_raw_lock raw, other;
	struct xn_lock lock;
	struct xn_waitq wq;
	struct xn_work work;
	void *page;
} r;

static void take_raw(void)
{
	unsigned long flags = xn_raw_lock(&r.other);

	xn_raw_unlock(&r.other, flags);
}

static void take_lock(void)
{
	unsigned long flags = xn_lock(&r.lock);

	xn_unlock(&r.lock, flags);
}

static void wake(void)
{
	xn_wake(&r.wq);
}

static void schedule(void)
{
	xn_work_schedule(&r.work, 0);
}

static void alloc_page(void)
{
	(void)xn_os_page_alloc();
}

static void free_page(void)
{
	xn_os_page_free(r.page);
}

static void log_line(void)
{
	xn_os_log(XN_WARN, "a line");
}

/* Call a function in another process. Returns: did the rules end it? */
static bool is_refused(void (*fn)(void), bool under_lock)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		if (under_lock)
			xn_raw_lock(&r.raw);
		else
			host_raw(true);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT :
					  !WEXITSTATUS(status));
	return WIFSIGNALED(status);
}

static void test_raw(void **state)
{
	static void (*const never[])(void) = {
		take_lock, wake, alloc_page, free_page, log_line,
	};
	unsigned long flags, inner;
	unsigned int i;

	xn_raw_lock_init(&r.raw);
	xn_raw_lock_init(&r.other);
	xn_lock_init(&r.lock);
	xn_waitq_init(&r.wq);
	xn_work_init(&r.work, work_fn);
	r.page = xn_os_page_alloc();
	for (i = 0; i < XN_ARRAY_SIZE(never); i++) {
		assert_true(is_refused(never[i], true));
		assert_true(is_refused(never[i], false));
	}
	/* An upcall may schedule a work, but not under a lock. */
	assert_true(is_refused(schedule, true));
	assert_false(is_refused(schedule, false));
	assert_false(is_refused(take_raw, true));
	assert_false(is_refused(take_raw, false));
	/* All of it is allowed again. */
	flags = xn_lock(&r.lock);
	inner = xn_raw_lock(&r.raw);
	xn_raw_unlock(&r.raw, inner);
	wake();
	free_page();
	xn_unlock(&r.lock, flags);
	assert_int_equal(host_guest_leaks(g), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(params), T(ports), T(grants), T(time), T(faults),
		T(raw),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
