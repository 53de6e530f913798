// SPDX-License-Identifier: MIT
/*
 * Cooperative threads on CPU 0, and waiting: the code behind xn_wait() and
 * xn_wake() of <xenion/os.h>.
 *
 * A thread that waits records its wait queue before it checks its condition. So
 * a wake between the check and the sleep is not lost: it sets @ready, and the
 * thread does not sleep. When no thread can run, CPU 0 sleeps until an upcall,
 * with a timer for the first deadline.
 */
#include "bare.h"

#define MAX_THREADS	12

struct thread {
	uint64_t rsp;
	struct bare_stack *stack;	/* NULL: no thread */
	struct xn_waitq *wq;
	uint64_t until;
	uint32_t ready;
	void (*fn)(void *arg);
	void *arg;
};

static struct thread threads[MAX_THREADS];
static struct thread *current;
static uint32_t sleeping;		/* CPU 0 sleeps, or is about to */
static uint64_t armed;			/* CPU 0's one-shot timer; 0: it is not */

evtchn_port_t bare_timer, bare_kick;

void bare_threads_init(void)
{
	current = &threads[0];
	current->stack = bare_stack_here();
	current->stack->mark = BARE_STACK_MARK;
}

static bool thread_runnable(const struct thread *t, uint64_t now)
{
	return t->stack && (__atomic_load_n(&t->ready, __ATOMIC_ACQUIRE) ||
			    now >= t->until);
}

/* The next thread that can run, in turn; the current one comes last. */
static struct thread *thread_pick(uint64_t now)
{
	struct thread *t = current;

	do {
		if (++t == threads + MAX_THREADS)
			t = threads;
		if (thread_runnable(t, now))
			return t;
	} while (t != current);
	return NULL;
}

/* ---- the timer ---- */

static void timer_fn(void *data, evtchn_port_t port)
{
	armed = 0;
}

void bare_timer_init(struct xn_evtchn_table *t)
{
	int err = xn_evtchn_bind_virq(t, VIRQ_TIMER, 0, timer_fn, NULL,
				      &bare_timer);

	if (err)
		bare_panic("bare: no timer (error %d)", err);
	xn_evtchn_unmask(t, bare_timer);
	armed = 0;
}

/* Ask for an upcall at that time: now if it is past, none if Xen refuses it. */
static void thread_arm(uint64_t until)
{
	if (armed && armed <= until)
		return;
	armed = until;
	xn_timer_set(0, until == UINT64_MAX ? until :
			xn_clock_to_xen(&bare_clock, until), 0);
}

/* No thread can run. Upcalls are disabled between the check and the sleep. */
static void sleep_until_upcall(void)
{
	unsigned long flags = bare_upcalls_disable();
	uint64_t first = UINT64_MAX;
	bool ready = false;
	unsigned int i;

	__atomic_store_n(&sleeping, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < MAX_THREADS; i++) {
		struct thread *t = &threads[i];

		if (!t->stack)
			continue;
		ready |= __atomic_load_n(&t->ready, __ATOMIC_SEQ_CST);
		if (t->until < first)
			first = t->until;
	}
	if (!ready) {
		thread_arm(first);
		bare_idle();
	}
	__atomic_store_n(&sleeping, 0, __ATOMIC_RELAXED);
	bare_upcalls_restore(flags);
}

/* ---- switching ---- */

static void run_others(void)
{
	struct thread *old = current, *t;

	if (old->stack && old->stack->mark != BARE_STACK_MARK)
		bare_panic("bare: a thread has overrun its stack");
	while (!(t = thread_pick(xn_os_now())))
		sleep_until_upcall();
	if (t == old)
		return;
	current = t;
	bare_switch(&old->rsp, t->rsp);
}

static void thread_main(void)
{
	current->fn(current->arg);
	/* The stack is kept for the next thread in this place. */
	current->fn = NULL;
	current->ready = 0;
	current->until = UINT64_MAX;
	current->wq = NULL;
	run_others();
	bare_panic("bare: a thread that had ended went on");
}

int bare_thread(void (*fn)(void *arg), void *arg)
{
	struct thread *t = &threads[1];
	uint64_t *top;

	while (t < threads + MAX_THREADS && t->fn)
		t++;
	if (t == threads + MAX_THREADS)
		return -EAGAIN;
	if (!t->stack) {
		struct bare_stack *s = bare_stack_alloc(0);

		if (!s)
			return -ENOMEM;
		t->ready = 0;
		t->until = UINT64_MAX;
		t->stack = s;
	}
	t->fn = fn;
	t->arg = arg;
	/* What bare_switch() pops: six registers, and where it returns to. */
	top = (uint64_t *)((uintptr_t)t->stack + BARE_STACK);
	*--top = 0;
	*--top = (uintptr_t)thread_main;
	t->rsp = (uintptr_t)(top - 6);
	t->ready = 1;
	return 0;
}

void bare_yield(void)
{
	current->ready = 1;
	run_others();
}

/* ---- waiting ---- */

uint64_t bare_deadline(uint64_t timeout_ns)
{
	uint64_t now = xn_os_now();

	return timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
}

void bare_wait_begin(struct xn_waitq *wq)
{
	if (xn_os_cpu())
		return;
	current->wq = wq;
	__atomic_store_n(&current->ready, 0, __ATOMIC_SEQ_CST);
}

bool bare_wait_pause(uint64_t until)
{
	/* The other CPUs have one context each, so they poll. */
	if (xn_os_cpu()) {
		__builtin_ia32_pause();
		return xn_os_now() < until;
	}
	current->until = until;
	run_others();
	return __atomic_load_n(&current->ready, __ATOMIC_ACQUIRE) ||
	       xn_os_now() < until;
}

void xn_wake(struct xn_waitq *wq)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < MAX_THREADS; i++)
		if (XN_READ_ONCE(threads[i].wq) == wq) {
			__atomic_store_n(&threads[i].ready, 1,
					 __ATOMIC_SEQ_CST);
			any = true;
		}
	if (any && __atomic_load_n(&sleeping, __ATOMIC_SEQ_CST) &&
	    xn_os_cpu() && bare_kick)
		xn_evtchn_send(bare_kick);
}
