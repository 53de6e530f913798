// SPDX-License-Identifier: MIT
/*
 * The contract of <xenion/os.h>, promise by promise, as far as a program can
 * check it from within. Called after its event channels are up: an upcall is
 * caused by an event that the domain sends to itself.
 */
#include <xenion/time.h>
#include "contract.h"

#define PAGES		64
#define HOLE		4
#define MOMENT		(20 * XN_NSEC_PER_MSEC)
#define LONG		(10 * XN_NSEC_PER_SEC)
#define LIMIT		(45 * XN_NSEC_PER_SEC)	/* for one promise */
#define MAX_LOOKS	100000000u		/* if the clock stands still */

static evtchn_port_t self;	/* an IPI to the same vCPU */
static struct xn_waitq wait;

/* ---- a time limit by Xen's timer: the OS layer's own is under test ---- */

static struct {
	evtchn_port_t port;		/* 0: VIRQ_TIMER is the kernel's own */
	unsigned int vcpu, early;
	uint64_t begun, when;		/* by the OS layer's clock, by Xen's */
	const char *ends;		/* the promise reported at the limit */
	void (*told)(bool kept, const char *promise);
} limit;

/* Xen's time is at least that at which this vCPU last began to run. */
static void limit_begin(void)
{
	struct vcpu_runstate_info r;

	if (!limit.port ||
	    xn_hc_vcpu(VCPUOP_get_runstate_info, limit.vcpu, &r))
		return;
	limit.begun = xn_os_now();
	limit.when = r.state_entry_time + LIMIT;
	limit.early = 0;
	xn_timer_set(limit.vcpu, limit.when, 0);
}

static void limit_event(void *data, evtchn_port_t port)
{
	uint64_t since = xn_os_now() - limit.begun;

	if (since < LIMIT && ++limit.early < 1000) {
		limit.when += LIMIT - since;
		xn_timer_set(limit.vcpu, limit.when, 0);
		return;
	}
	limit.told(false, limit.ends);
}

static void report(bool kept, const char *promise)
{
	limit.told(kept, promise);
	limit_begin();
}

/* Called by the next upcall. */
static void (*in_upcall)(void);
static unsigned int upcalls;

static void event(void *data, evtchn_port_t port)
{
	if (in_upcall)
		in_upcall();
	XN_WRITE_ONCE(upcalls, upcalls + 1);
	xn_wake(&wait);
}

/* Call a function in an upcall. Returns: was it called soon? */
static bool upcall(void (*fn)(void))
{
	uint64_t begin = xn_os_now();
	unsigned int before = upcalls;

	in_upcall = fn;
	xn_evtchn_send(self);
	return xn_wait(&wait, XN_READ_ONCE(upcalls) != before, LONG) &&
	       xn_os_now() - begin < LONG / 2;
}

static void spin(uint64_t ns)
{
	uint64_t end = xn_os_now() + ns;
	unsigned int looks = 0;

	while (xn_os_now() < end && ++looks < MAX_LOOKS)
		;
}

/* ---- memory ---- */

static void *pages[PAGES];

static bool is_zero(const char *page)
{
	unsigned int i;

	for (i = 0; i < XN_PAGE_SIZE && !page[i]; i++)
		;
	return i == XN_PAGE_SIZE;
}

/* Take pages. Returns: are they aligned and empty, and none given twice? */
static bool take_pages(void)
{
	bool good = true;
	unsigned int i, j;

	for (i = 0; i < PAGES; i++) {
		pages[i] = xn_os_page_alloc();
		if (!pages[i] || (uintptr_t)pages[i] % XN_PAGE_SIZE ||
		    !is_zero(pages[i]))
			return false;
		memset(pages[i], 0xff, XN_PAGE_SIZE);
		for (j = 0; j < i; j++)
			good &= pages[j] != pages[i] &&
				xn_os_gfn(pages[j]) != xn_os_gfn(pages[i]);
	}
	return good;
}

static void free_pages(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		xn_os_page_free(pages[i]);
	xn_os_page_free(NULL);
}

static bool is_page(xen_pfn_t gfn, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (xn_os_gfn(pages[i]) - gfn < count)
			return true;
	return false;
}

static void check_holes(void)
{
	xen_pfn_t a, b;
	bool good = !xn_os_hole_get(HOLE, &a) && !xn_os_hole_get(HOLE, &b);
	void *va;

	report(good && a - b >= HOLE && b - a >= HOLE, "holes do not overlap");
	report(good && !is_page(a, HOLE) && !is_page(b, HOLE),
	       "pages are in no hole");
	if (!good)
		return;
	va = xn_os_map(a, HOLE);
	report(va && (uintptr_t)va % XN_PAGE_SIZE == 0, "a hole can be mapped");
	if (va)
		xn_os_unmap(va, HOLE);
	xn_os_hole_put(b, HOLE);
	xn_os_hole_put(a, HOLE);
	good = !xn_os_hole_get(HOLE, &a);
	report(good, "a hole that was given back can be had again");
	if (good)
		xn_os_hole_put(a, HOLE);
}

static void check_memory(void)
{
	report(take_pages(), "pages: aligned, zeroed, each its own frame");
	report(xn_os_gfn((char *)pages[0] + 100) == xn_os_gfn(pages[0]),
	       "a page has one frame number");
	check_holes();
	report(upcall(free_pages), "pages can be freed in an upcall");
	report(take_pages(), "pages that were used are zeroed again");
	free_pages();
}

/* ---- time and exclusion ---- */

static void check_time(void)
{
	uint64_t begin = xn_os_now(), last = begin, now;
	bool good = true;
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		now = xn_os_now();
		good &= now >= last;
		last = now;
	}
	report(good && last > begin, "time goes on, and never back");
	report(!xn_wait(&wait, false, MOMENT) && xn_os_now() >= last + MOMENT &&
	       xn_os_now() < last + LONG, "a time limit is kept");
}

/* Send an event to ourselves. Returns: does its upcall wait? */
static bool upcall_waits(void)
{
	unsigned int before = upcalls;

	in_upcall = NULL;
	xn_evtchn_send(self);
	spin(MOMENT / 10);
	return XN_READ_ONCE(upcalls) == before;
}

/* Does the upcall come that has waited since there were @before of them? */
static bool upcall_comes(unsigned int before)
{
	return xn_wait(&wait, XN_READ_ONCE(upcalls) != before, LONG);
}

static void check_exclusion(void)
{
	unsigned long flags, inner;
	unsigned int before = upcalls;
	struct xn_lock lock, other;
	bool held;

	xn_lock_init(&lock);
	xn_lock_init(&other);
	flags = xn_lock(&lock);
	inner = xn_lock(&other);
	xn_unlock(&other, inner);
	held = upcall_waits();
	xn_unlock(&lock, flags);
	report(held, "no upcall under a lock, also after one within it");
	report(upcall_comes(before), "it comes when the lock is let go");
	report(xn_os_cpu() < xn_os_cpu_count(),
	       "the CPU's number is below their count");
}

static struct xn_raw_lock raw_lock;

static void take_raw(void)
{
	unsigned long flags = xn_raw_lock(&raw_lock);

	xn_raw_unlock(&raw_lock, flags);
}

static void check_raw(void)
{
	struct xn_raw_lock other;
	unsigned int before = upcalls;
	unsigned long flags, inner;
	struct xn_lock lock;
	bool held;

	xn_lock_init(&lock);
	xn_raw_lock_init(&raw_lock);
	xn_raw_lock_init(&other);
	flags = xn_raw_lock(&raw_lock);
	inner = xn_raw_lock(&other);
	xn_raw_unlock(&other, inner);
	held = upcall_waits();
	xn_raw_unlock(&raw_lock, flags);
	report(held, "no upcall under a raw lock, also after one within it");
	report(upcall_comes(before), "it comes when the raw lock is let go");

	before = upcalls;
	flags = xn_lock(&lock);
	take_raw();
	held = upcall_waits();
	xn_unlock(&lock, flags);
	report(held, "nor under a lock, after a raw lock within it");
	report(upcall_comes(before), "it comes when that lock is let go");
	report(upcall(take_raw), "a raw lock can be taken in an upcall");
}

/* ---- waiting ---- */

static unsigned int looks;

static bool look(bool answer)
{
	looks++;
	return answer;
}

static void check_wait(void)
{
	uint64_t end;
	bool good;

	looks = 0;
	good = xn_wait(&wait, look(true), LONG);
	report(good && looks == 1, "a condition that holds is looked at once");
	looks = 0;
	good = xn_wait(&wait, look(true), 0);
	report(good && looks == 1, "also without any time to wait");
	looks = 0;
	good = xn_wait(&wait, look(false), 0);
	report(!good && looks, "one that does not hold is looked at");
	/*
	 * Only the timeout wakes this. The condition holds some time before
	 * that, because the wait may end on a CPU whose clock is behind: Xen's
	 * clocks differ in an emulator.
	 */
	end = xn_os_now() + MOMENT / 2;
	good = xn_wait(&wait, xn_os_now() >= end, MOMENT);
	report(good, "there is one more look when the time is over");
	report(upcall(NULL), "an upcall wakes who waits");
}

/* ---- work ---- */

struct job {
	struct xn_work work;
	unsigned int runs, inside;
	uint64_t begun;
	bool overlap, again, go, ended;
};

static struct job job, other_job;

static void run(struct xn_work *w)
{
	struct job *j = xn_container_of(w, struct job, work);

	j->overlap |= j->inside++;
	j->begun = xn_os_now();
	XN_WRITE_ONCE(j->runs, j->runs + 1);
	xn_wake(&wait);
	if (j->again)
		xn_work_schedule(w, 0);
	/* Sleep until the test sets @go. */
	(void)xn_wait(&wait, XN_READ_ONCE(j->go), LONG);
	j->inside--;
	XN_WRITE_ONCE(j->ended, true);
	xn_wake(&wait);
}

static void start(struct job *j, bool go)
{
	memset(j, 0, sizeof(*j));
	j->go = go;
	xn_work_init(&j->work, run);
}

static bool ran(const struct job *j, unsigned int runs)
{
	return xn_wait(&wait, XN_READ_ONCE(j->runs) >= runs, LONG) &&
	       xn_wait(&wait, XN_READ_ONCE(j->ended), LONG);
}

static void schedule_job(void)
{
	xn_work_schedule(&job.work, 0);
}

static void check_work(void)
{
	uint64_t begin;

	start(&job, true);
	begin = xn_os_now();
	xn_work_schedule(&job.work, MOMENT);
	xn_work_schedule(&job.work, 0);
	report(ran(&job, 1) && job.begun >= begin + MOMENT,
	       "a work does not run before its time");
	(void)xn_wait(&wait, false, 2 * MOMENT);
	report(job.runs == 1, "and once, if it was queued already");

	start(&job, true);
	report(upcall(schedule_job) && ran(&job, 1),
	       "a work can be scheduled in an upcall");

	/* An OS layer that runs works on the waiter's stack hangs here. */
	start(&job, false);
	schedule_job();
	begin = xn_os_now();
	report(xn_wait(&wait, XN_READ_ONCE(job.runs), LONG) &&
	       xn_os_now() - begin < LONG / 2,
	       "a work may wait for who waits for it");
	schedule_job();
	(void)xn_wait(&wait, false, MOMENT);
	XN_WRITE_ONCE(job.go, true);
	xn_wake(&wait);
	report(ran(&job, 2), "scheduled while it runs, it runs once more");
	xn_work_cancel(&job.work);
	report(!job.overlap, "never twice at once");
}

static void check_cancel(void)
{
	unsigned int runs;

	start(&job, true);
	xn_work_schedule(&job.work, MOMENT);
	xn_work_cancel(&job.work);
	xn_work_cancel(&job.work);
	(void)xn_wait(&wait, false, 2 * MOMENT);
	report(!job.runs, "a work that was cancelled does not run");

	start(&job, false);
	schedule_job();
	(void)xn_wait(&wait, XN_READ_ONCE(job.runs), LONG);
	start(&other_job, true);
	xn_work_schedule(&other_job.work, 2 * MOMENT);
	xn_work_cancel(&other_job.work);
	report(!other_job.runs, "one is cancelled while another one sleeps");
	XN_WRITE_ONCE(job.go, true);
	xn_wake(&wait);
	xn_work_cancel(&job.work);
	report(job.ended, "who cancels a work that runs waits for its end");

	start(&job, true);
	job.again = true;
	schedule_job();
	(void)xn_wait(&wait, XN_READ_ONCE(job.runs) > 2, LONG);
	xn_work_cancel(&job.work);
	runs = job.runs;
	(void)xn_wait(&wait, false, MOMENT);
	report(runs > 2 && job.runs == runs && !job.inside,
	       "one that schedules itself does not come back");
}

static const struct {
	void (*check)(void);
	const char *ends;
} parts[] = {
	{ check_wait, "a wait ends" },
	{ check_time, "time goes on" },
	{ check_exclusion, "a lock is let go, and upcalls come again" },
	{ check_raw, "a raw lock is let go, and upcalls come again" },
	{ check_memory, "pages and holes come at once" },
	{ check_work, "a work runs, and ends" },
	{ check_cancel, "a cancelled work ends" },
};

static void limit_init(struct xn_evtchn_table *t, unsigned int vcpu)
{
	limit.vcpu = vcpu;
	limit.port = 0;
	if (!xn_evtchn_bind_virq(t, VIRQ_TIMER, vcpu, limit_event, NULL,
				 &limit.port))
		xn_evtchn_unmask(t, limit.port);
}

static void limit_fini(struct xn_evtchn_table *t)
{
	if (!limit.port)
		return;
	xn_timer_stop(limit.vcpu);
	xn_evtchn_unbind(t, limit.port);
}

void xn_contract_check(struct xn_evtchn_table *t, unsigned int vcpu,
		       void (*told)(bool kept, const char *promise))
{
	unsigned int i;
	int err;

	limit.told = told;
	limit_init(t, vcpu);
	xn_waitq_init(&wait);
	err = xn_evtchn_bind_ipi(t, vcpu, event, NULL, &self);
	report(!err, "an event channel to ourselves");
	if (!err) {
		xn_evtchn_unmask(t, self);
		for (i = 0; i < XN_ARRAY_SIZE(parts); i++) {
			limit.ends = parts[i].ends;
			parts[i].check();
		}
		xn_evtchn_unbind(t, self);
	}
	limit_fini(t);
}
