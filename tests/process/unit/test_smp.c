// SPDX-License-Identifier: MIT
/*
 * Several threads as vCPUs of one guest use the grant caches and the event
 * channels without a lock around them. No event is lost, no reference is given
 * out twice.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "unit.h"
#include "internal.h"

#define NR_VCPUS	4u
#define NR_ROUNDS	20000u
#define NR_RACES	20000u

static struct host_xenion x;

static int start(void **state)
{
	const struct host_config cfg = {
		.nr_vcpus = NR_VCPUS, .max_grant_frames = 1,
		.raw_upcalls = true,
	};

	assert_int_equal(host_xenion_start(&x, &cfg, *state), 0);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

static void run(void *(*fn)(void *), unsigned int threads)
{
	pthread_t thread[8];
	uintptr_t i;

	for (i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, fn,
						(void *)i), 0);
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

/* ---- grant references ---- */

static unsigned char owned[512];
static unsigned int woken, short_of;
static pthread_barrier_t barrier;

static void on_ready(struct xn_gnttab_waiter *w)
{
	__atomic_fetch_add(&woken, 1, __ATOMIC_RELAXED);
}

/* Together, the threads need more references than there are. */
static void *grant_thread(void *arg)
{
	struct xn_gnttab *gt = &x.guest.gnttab;
	struct xn_gnttab_waiter w = { .fn = on_ready };
	unsigned int seed = (uintptr_t)arg, n = 0, i;
	grant_ref_t ref[300];

	host_guest_enter(x.host, (uintptr_t)arg);
	for (i = 0; i < NR_ROUNDS; i++) {
		if (rand_r(&seed) % 100 < 60 && n < XN_ARRAY_SIZE(ref)) {
			if (xn_gnttab_alloc(gt, &ref[n])) {
				__atomic_fetch_add(&short_of, 1,
						   __ATOMIC_RELAXED);
				xn_gnttab_wait(gt, &w, 1 + n % 3);
				while (n > 20)
					xn_gnttab_free(gt, ref[--n]);
				continue;
			}
			if (__atomic_exchange_n(&owned[ref[n]], 1,
						__ATOMIC_SEQ_CST))
				host_bug("reference %u given out twice", ref[n]);
			__atomic_store_n(&owned[ref[n]], 0, __ATOMIC_SEQ_CST);
			n++;
		} else if (n) {
			xn_gnttab_free(gt, ref[--n]);
		}
	}
	/* The others continue while this thread keeps its references. */
	pthread_barrier_wait(&barrier);
	while (n)
		xn_gnttab_free(gt, ref[--n]);
	xn_gnttab_wait_cancel(gt, &w);
	return NULL;
}

static void test_grants(void **state)
{
	pthread_barrier_init(&barrier, NULL, NR_VCPUS);
	run(grant_thread, NR_VCPUS);
	pthread_barrier_destroy(&barrier);
	host_guest_enter(x.host, 0);
	assert_int_equal(xn_gnttab_used(&x.guest.gnttab), 0);
	assert_null(x.guest.gnttab.waiters);
	assert_in_range(short_of, 1, ~0u);
	assert_in_range(woken, 1, ~0u);
	host_run(XN_NSEC_PER_SEC);
}

/* ---- events ---- */

#define NR_PORTS	8u

static struct {
	evtchn_port_t port;
	struct host_port *peer;
	unsigned int sent, seen;
} pair[NR_PORTS];

static bool done;

static void event(void *data, evtchn_port_t port)
{
	unsigned int i = (uintptr_t)data;

	__atomic_store_n(&pair[i].seen,
			 __atomic_load_n(&pair[i].sent, __ATOMIC_SEQ_CST),
			 __ATOMIC_SEQ_CST);
}

/* In raw context, as is a move by an interrupt's code. */
static void upcall(struct xn_evtchn_table *t, unsigned int vcpu)
{
	unsigned long flags = host_upcalls_disable();
	bool was = host_raw(true);

	xn_evtchn_upcall(t, vcpu);
	host_raw(was);
	host_upcalls_restore(flags);
}

/* One thread is the host, one moves and masks, the others are vCPUs. */
static void *event_thread(void *arg)
{
	struct xn_evtchn_table *t = &x.guest.evtchn;
	unsigned int me = (uintptr_t)arg, seed = me, i, k;

	host_guest_enter(x.host, me % NR_VCPUS);
	if (me == NR_VCPUS) {
		for (i = 0; i < NR_ROUNDS; i++) {
			k = rand_r(&seed) % NR_PORTS;
			__atomic_fetch_add(&pair[k].sent, 1, __ATOMIC_SEQ_CST);
			host_lock();
			host_port_notify(pair[k].peer);
			host_unlock();
		}
		__atomic_store_n(&done, true, __ATOMIC_SEQ_CST);
		return NULL;
	}
	while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
		if (me == NR_VCPUS + 1) {
			host_raw(true);
			k = rand_r(&seed) % NR_PORTS;
			if (rand_r(&seed) % 2)
				xn_evtchn_move(t, pair[k].port,
					       rand_r(&seed) % NR_VCPUS);
			xn_evtchn_mask(t, pair[k].port);
			xn_evtchn_unmask(t, pair[k].port);
			continue;
		}
		if (__atomic_exchange_n(&x.host->vcpu[me].irq, false,
					__ATOMIC_SEQ_CST))
			upcall(t, me);
		/* While another thread masks it. */
		k = me % NR_PORTS;
		xn_evtchn_hold(t, pair[k].port, XN_HOLD_ENGINE);
		xn_evtchn_release(t, pair[k].port, XN_HOLD_ENGINE);
	}
	return NULL;
}

static void test_events(void **state)
{
	struct xn_evtchn_table *t = &x.guest.evtchn;
	uintptr_t i;

	done = false;
	memset(pair, 0, sizeof(pair));
	for (i = 0; i < NR_PORTS; i++) {
		assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, (void *)i,
							&pair[i].port), 0);
		pair[i].peer = host_port_connect(x.host, pair[i].port, NULL,
						 NULL);
		xn_evtchn_unmask(t, pair[i].port);
	}
	host_pump();
	run(event_thread, NR_VCPUS + 2);
	host_guest_enter(x.host, 0);
	host_pump();
	for (i = 0; i < NR_PORTS; i++) {
		assert_in_range(pair[i].sent, 1, NR_ROUNDS);
		assert_int_equal(pair[i].seen, pair[i].sent);
		xn_evtchn_unbind(t, pair[i].port);
	}
	host_pump();
	assert_int_equal(t->spurious, 0);
}

/* ---- two operations at the same time ---- */

static struct {
	void (*fn)(void);		/* what the other thread does */
	unsigned int round, finished;
	unsigned int delay;
} other;

static void spin(unsigned int n)
{
	while (n--)
		__asm__ volatile("" : : : "memory");
}

/* Wait until @word is @value, or no longer is; yields if that takes long. */
static void wait_for(const unsigned int *word, unsigned int value, bool is)
{
	unsigned int n = 0;

	while ((__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) != is)
		if (++n > 30000)
			sched_yield();
}

static void *other_thread(void *arg)
{
	unsigned int round = 0;
	void (*fn)(void);

	for (;;) {
		wait_for(&other.round, round, false);
		round++;
		fn = other.fn;
		if (!fn)
			return NULL;
		host_guest_enter(x.host, 1);
		spin(other.delay);
		fn();
		__atomic_store_n(&other.finished, round, __ATOMIC_RELEASE);
	}
}

static void race(void (*here)(void), void (*there)(void), unsigned int *seed)
{
	other.fn = there;
	other.delay = rand_r(seed) % 400;
	__atomic_fetch_add(&other.round, 1, __ATOMIC_RELEASE);
	if (!here)
		return;
	spin(rand_r(seed) % (16u << rand_r(seed) % 12));
	here();
	wait_for(&other.finished, other.round, true);
}

static void notify(void)
{
	pair[0].sent++;
	host_lock();
	host_port_notify(pair[0].peer);
	host_unlock();
}

static void unmask(void)
{
	xn_evtchn_unmask(&x.guest.evtchn, pair[0].port);
}

static void move_to_0(void)
{
	xn_evtchn_move(&x.guest.evtchn, pair[0].port, 0);
}

static void upcall_0(void)
{
	x.host->vcpu[0].irq = false;
	upcall(&x.guest.evtchn, 0);
}

static void settle(void)
{
	host_pump();
	assert_int_equal(pair[0].seen, pair[0].sent);
}

static void test_races(void **state)
{
	struct xn_evtchn_table *t = &x.guest.evtchn;
	unsigned int seed = 1, i;
	time_t begin = time(NULL);
	pthread_t thread;

	memset(pair, 0, sizeof(pair));
	memset(&other, 0, sizeof(other));
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, NULL,
						&pair[0].port), 0);
	pair[0].peer = host_port_connect(x.host, pair[0].port, NULL, NULL);
	host_pump();
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	/* At most about two seconds: on a busy machine each race takes long. */
	for (i = 0; i < NR_RACES && time(NULL) <= begin + 2; i++) {
		/* An event comes while the port is unmasked. */
		xn_evtchn_mask(t, pair[0].port);
		race(unmask, notify, &seed);
		settle();
		/* A port comes back while its last event is taken. */
		notify();
		assert_int_equal(xn_evtchn_move(t, pair[0].port, 1), 0);
		race(upcall_0, move_to_0, &seed);
		settle();
		notify();
		settle();
	}
	race(NULL, NULL, &seed);
	pthread_join(thread, NULL);
	xn_evtchn_unbind(t, pair[0].port);
}

#define T(name, ops) \
	{ #name " (" #ops ")", test_##name, start, stop, \
	  (void *)&xn_evtchn_##ops }

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(grants, fifo), T(events, twolevel), T(events, fifo),
		T(races, twolevel), T(races, fifo),
	};

	return cmocka_run_group_tests_name("smp", tests, NULL, NULL);
}
