// SPDX-License-Identifier: MIT
/*
 * xenbus/client.c, watch.c, gate.c and resume.c on real threads: many requests at
 * once, transactions, a work that calls watch functions, upcalls at any moment,
 * suspends in between, and a xenstored that answers in any order, in pieces. The simulated Xen has one thread only, so
 * this test has an OS layer of its own: what <xenion/os.h> requires, with
 * pthreads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the OS layer ---- */

#define XN_OS_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xn_lock {
	pthread_mutex_t m;
};

static inline void xn_lock_init(struct xn_lock *l)
{
	pthread_mutex_init(&l->m, NULL);
}

static inline unsigned long xn_lock(struct xn_lock *l)
{
	pthread_mutex_lock(&l->m);
	return 0;
}

static inline void xn_unlock(struct xn_lock *l, unsigned long flags)
{
	pthread_mutex_unlock(&l->m);
}

/* An upcall is a thread here, so one kind of lock is enough. */
#define xn_raw_lock		xn_lock
#define xn_raw_lock_init	xn_lock_init
#define xn_raw_unlock		xn_unlock

struct xn_waitq {
	pthread_mutex_t m;
	pthread_cond_t c;
	unsigned long wakes;
};

static void xn_waitq_init(struct xn_waitq *wq)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&wq->m, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&wq->c, &attr);
	wq->wakes = 0;
}

static void xn_wake(struct xn_waitq *wq)
{
	pthread_mutex_lock(&wq->m);
	wq->wakes++;
	pthread_cond_broadcast(&wq->c);
	pthread_mutex_unlock(&wq->m);
}

static unsigned long wakes(struct xn_waitq *wq)
{
	unsigned long n;

	pthread_mutex_lock(&wq->m);
	n = wq->wakes;
	pthread_mutex_unlock(&wq->m);
	return n;
}

/* Wait for a wake after @seen. Returns: false if it was too late. */
static bool sleep_on(struct xn_waitq *wq, unsigned long seen, uint64_t until)
{
	struct timespec ts = { until / 1000000000, until % 1000000000 };
	int err = 0;

	pthread_mutex_lock(&wq->m);
	while (wq->wakes == seen && !err)
		err = pthread_cond_timedwait(&wq->c, &wq->m, &ts);
	pthread_mutex_unlock(&wq->m);
	return !err;
}

#define xn_wait(wq, condition, timeout_ns) \
({ \
	uint64_t until_ = xn_os_now() + (timeout_ns); \
	bool ok_; \
	for (;;) { \
		unsigned long seen_ = wakes(wq); \
		ok_ = !!(condition); \
		if (ok_ || !sleep_on(wq, seen_, until_)) \
			break; \
	} \
	ok_ || (condition); \
})

struct xn_work {
	void (*fn)(struct xn_work *w);
	bool queued, running;
};

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_cond = PTHREAD_COND_INITIALIZER;
static struct xn_work *works[8];
static unsigned int nr_works;

static void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w))
{
	pthread_mutex_lock(&work_lock);
	w->fn = fn;
	w->queued = false;
	w->running = false;
	works[nr_works++] = w;
	pthread_mutex_unlock(&work_lock);
}

static void xn_work_schedule(struct xn_work *w, uint64_t delay_ns)
{
	pthread_mutex_lock(&work_lock);
	w->queued = true;
	pthread_cond_broadcast(&work_cond);
	pthread_mutex_unlock(&work_lock);
}

static void xn_work_cancel(struct xn_work *w)
{
	pthread_mutex_lock(&work_lock);
	w->queued = false;
	while (w->running)
		pthread_cond_wait(&work_cond, &work_lock);
	pthread_mutex_unlock(&work_lock);
}

#define xn_stat_add(stat, n)	((void)(n))
#define xn_stat_inc(stat)	((void)(stat))

#include <xenion/os.h>

static long xn_hypercall_raw(unsigned int nr, unsigned long a1,
			     unsigned long a2, unsigned long a3,
			     unsigned long a4, unsigned long a5);

#include "events/backoff.c"
#include "xenbus/wire.c"
#include "xenbus/value.c"
#include "xenbus/client.c"
#include "xenbus/connect.c"
#include "xenbus/gate.c"
#include "xenbus/request.c"
#include "xenbus/watch.c"
#include "xenbus/resume.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

uint64_t xn_os_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* The store's port has no back-off in this test. */
void xn_evtchn_hold(struct xn_evtchn_table *t, evtchn_port_t port,
		    enum xn_evtchn_holder who)
{
	abort();
}

void xn_evtchn_release(struct xn_evtchn_table *t, evtchn_port_t port,
		       enum xn_evtchn_holder who)
{
	abort();
}

long xn_errno(long ret)
{
	return ret;
}

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("# log: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* cmocka's assertions work only in the main thread. */
#define must(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "# line %d: not so: %s\n", __LINE__, \
			#condition); \
		abort(); \
	} \
} while (0)

/* ---- the other side ---- */

#define CLIENTS		8
#define ROUNDS		2000
#define WATCHES		4

static struct xenstore_domain_interface pages[2];
static struct xenstore_domain_interface *page = &pages[0];
static bool moving;		/* the server is to use the other page */
static struct xn_xs xs;
static bool over;

/* Two events, one each way. */
struct event {
	pthread_mutex_t m;
	pthread_cond_t c;
	bool pending;
};

static struct event to_server = {
	.m = PTHREAD_MUTEX_INITIALIZER, .c = PTHREAD_COND_INITIALIZER,
};

static struct event to_guest = {
	.m = PTHREAD_MUTEX_INITIALIZER, .c = PTHREAD_COND_INITIALIZER,
};

static void raise_event(struct event *e)
{
	pthread_mutex_lock(&e->m);
	e->pending = true;
	pthread_cond_signal(&e->c);
	pthread_mutex_unlock(&e->m);
}

static void wait_event(struct event *e)
{
	pthread_mutex_lock(&e->m);
	while (!e->pending && !XN_READ_ONCE(over))
		pthread_cond_wait(&e->c, &e->m);
	e->pending = false;
	pthread_mutex_unlock(&e->m);
}

static long xn_hypercall_raw(unsigned int nr, unsigned long a1,
			     unsigned long a2, unsigned long a3,
			     unsigned long a4, unsigned long a5)
{
	raise_event(&to_server);
	return 0;
}

static void *upcalls(void *unused)
{
	while (!XN_READ_ONCE(over)) {
		wait_event(&to_guest);
		xn_xs_upcall(&xs);
	}
	return NULL;
}

static struct xn_work *queued(void)
{
	unsigned int i;

	for (i = 0; i < nr_works; i++)
		if (works[i]->queued)
			return works[i];
	return NULL;
}

static void *worker(void *unused)
{
	pthread_mutex_lock(&work_lock);
	while (!XN_READ_ONCE(over)) {
		struct xn_work *w = queued();

		if (!w) {
			pthread_cond_wait(&work_cond, &work_lock);
			continue;
		}
		w->queued = false;
		w->running = true;
		pthread_mutex_unlock(&work_lock);
		w->fn(w);
		pthread_mutex_lock(&work_lock);
		w->running = false;
		pthread_cond_broadcast(&work_cond);
	}
	pthread_mutex_unlock(&work_lock);
	return NULL;
}

/* Used only by the server's thread. */
static uint8_t in[8192], out[1 << 20];
static uint32_t in_len, out_len;
static unsigned int seed = 1;
static struct reply {
	struct xsd_sockmsg hdr;
	char body[XENSTORE_PAYLOAD_MAX];
} replies[64];
static unsigned int nr_replies;
static char tokens[64][16];
static unsigned int nr_tokens, nr_transactions;

static void send_out(const void *data, uint32_t len)
{
	must(out_len + len <= sizeof(out));
	memcpy(out + out_len, data, len);
	out_len += len;
}

static void send_event_to(const char *token)
{
	struct xsd_sockmsg hdr = {
		.type = XS_WATCH_EVENT, .len = 5 + strlen(token) + 1,
	};

	send_out(&hdr, sizeof(hdr));
	send_out("path", 5);
	send_out(token, strlen(token) + 1);
}

/* Sends any one of the answers that wait. */
static void send_reply(void)
{
	unsigned int i = rand_r(&seed) % nr_replies;

	send_out(&replies[i].hdr, sizeof(replies[i].hdr));
	send_out(replies[i].body, replies[i].hdr.len);
	replies[i] = replies[--nr_replies];
}

static void serve(const struct xsd_sockmsg *hdr, const char *body)
{
	struct reply *r = &replies[nr_replies++];
	unsigned int i;

	must(nr_replies <= 64);
	r->hdr = *hdr;
	memcpy(r->body, body, hdr->len);
	if (hdr->type == XS_WATCH) {
		strcpy(tokens[nr_tokens++], body + strlen(body) + 1);
		send_event_to(tokens[nr_tokens - 1]);
	} else if (hdr->type == XS_UNWATCH) {
		/* A new domain's xenstored does not know it. */
		for (i = 0; i < nr_tokens &&
		     strcmp(tokens[i], body + strlen(body) + 1); i++)
			;
		if (i < nr_tokens)
			memmove(tokens[i], tokens[--nr_tokens],
				sizeof(tokens[0]));
	} else if (hdr->type == XS_RESET_WATCHES) {
		nr_tokens = 0;
	} else if (hdr->type == XS_TRANSACTION_START) {
		r->hdr.len = snprintf(r->body, 32, "%u", 1 + rand_r(&seed)) + 1;
		__atomic_fetch_add(&nr_transactions, 1, __ATOMIC_SEQ_CST);
	} else if (hdr->type == XS_TRANSACTION_END) {
		__atomic_fetch_sub(&nr_transactions, 1, __ATOMIC_SEQ_CST);
	} else if (nr_tokens && !(rand_r(&seed) % 4)) {
		send_event_to(tokens[rand_r(&seed) % nr_tokens]);
	}
}

static bool server_reads(void)
{
	uint32_t n = XN_READ_ONCE(page->req_prod) - page->req_cons, i;
	struct xsd_sockmsg hdr;

	must(n <= XENSTORE_RING_SIZE);
	if (!n)
		return false;
	xn_rmb();
	n = xn_min32(n, rand_r(&seed) % 300 + 1);
	for (i = 0; i < n; i++)
		in[in_len++] = page->req[MASK_XENSTORE_IDX(page->req_cons + i)];
	xn_mb();
	XN_WRITE_ONCE(page->req_cons, page->req_cons + n);
	raise_event(&to_guest);

	while (in_len >= sizeof(hdr)) {
		memcpy(&hdr, in, sizeof(hdr));
		must(hdr.len <= XENSTORE_PAYLOAD_MAX);
		if (in_len < sizeof(hdr) + hdr.len)
			break;
		serve(&hdr, (char *)in + sizeof(hdr));
		in_len -= sizeof(hdr) + hdr.len;
		memmove(in, in + sizeof(hdr) + hdr.len, in_len);
	}
	return true;
}

static bool server_writes(void)
{
	uint32_t used = page->rsp_prod - XN_READ_ONCE(page->rsp_cons);
	uint32_t n, i;

	must(used <= XENSTORE_RING_SIZE);
	xn_mb();
	n = xn_min32(xn_min32(XENSTORE_RING_SIZE - used, out_len),
		     rand_r(&seed) % 300 + 1);
	if (!n)
		return false;
	for (i = 0; i < n; i++)
		page->rsp[MASK_XENSTORE_IDX(page->rsp_prod + i)] = out[i];
	out_len -= n;
	memmove(out, out + n, out_len);
	xn_wmb();
	XN_WRITE_ONCE(page->rsp_prod, page->rsp_prod + n);
	raise_event(&to_guest);
	return true;
}

/* The new domain's xenstored has seen nothing yet. */
static void server_moves(void)
{
	page = page == &pages[0] ? &pages[1] : &pages[0];
	memset(page, 0, sizeof(*page));
	in_len = 0;
	out_len = 0;
	nr_replies = 0;
	nr_tokens = 0;
	__atomic_store_n(&moving, false, __ATOMIC_SEQ_CST);
}

static void *server(void *unused)
{
	while (!XN_READ_ONCE(over)) {
		bool busy;

		if (__atomic_load_n(&moving, __ATOMIC_SEQ_CST))
			server_moves();
		busy = server_reads();

		if (nr_replies && (!busy || nr_replies > 32)) {
			send_reply();
			busy = true;
		}
		busy |= server_writes();
		if (!busy)
			wait_event(&to_server);
	}
	return NULL;
}

/* ---- the clients ---- */

struct watched {
	struct xn_xs_watch w;
	unsigned int calls;
	bool live;
};

static void watch_called(struct xn_xs_watch *w)
{
	struct watched *d = xn_container_of(w, struct watched, w);
	char buf[32];

	/* If it were called after its end, this would be freed. */
	must(XN_READ_ONCE(d->live));
	__atomic_fetch_add(&d->calls, 1, __ATOMIC_SEQ_CST);
	must(xn_xs_read(&xs, 0, "from", "watch", buf, 32) == 11);
	must(XN_READ_ONCE(d->live));
}

/* The server echoes requests, so each reply shows its request. */
static void *client(void *data)
{
	unsigned int me = (unsigned long)data, i;
	unsigned int myseed = me;

	for (i = 0; i < ROUNDS; i++) {
		unsigned int len = rand_r(&myseed) % 8 ? 20 :
				   rand_r(&myseed) % 3000;
		char node[32], want[64], got[64];

		snprintf(node, sizeof(node), "%u-%u", me, i);
		snprintf(want, sizeof(want), "echo/%s", node);
		if (i % 3) {
			int ret = xn_xs_read(&xs, 0, "echo", node, got, 64);

			must(ret == (int)strlen(want) + 1);
			must(!strcmp(got, want));
		} else {
			char *value = calloc(1, len + 1);

			memset(value, 'v', len);
			must(!xn_xs_write(&xs, 0, "echo", node, value));
			free(value);
		}
	}
	return NULL;
}

static void *watcher(void *data)
{
	unsigned int i;

	for (i = 0; i < ROUNDS / 10; i++) {
		struct watched *d = calloc(1, sizeof(*d));
		uint64_t until = xn_os_now() + 20 * XN_NSEC_PER_SEC;

		d->live = true;
		strcpy(d->w.path, "path");
		d->w.fn = watch_called;
		must(xn_xs_watch(&xs, &d->w) == 0);
		while (i % 2 && !__atomic_load_n(&d->calls, __ATOMIC_SEQ_CST))
			must(xn_os_now() < until);
		xn_xs_unwatch(&xs, &d->w);
		XN_WRITE_ONCE(d->live, false);
		free(d);
	}
	return NULL;
}

static int in_transaction(struct xn_xs *x, uint32_t txn, void *data)
{
	char buf[32];

	must(xn_xs_read(x, txn, "in", "a", buf, 32) == 5);
	must(!xn_xs_write(x, txn, "in", "b", "value"));
	return xn_xs_read(x, txn, "in", "c", buf, 32) == 5 ? 0 : -EIO;
}

static void *transactor(void *data)
{
	unsigned int i;

	for (i = 0; i < ROUNDS / 4; i++)
		must(!xn_xs_transact(&xs, in_transaction, NULL));
	return NULL;
}

static bool watch_runs(void)
{
	unsigned long flags = xn_lock(&xs.lock);
	const struct xn_xs_watch *w;

	for (w = xs.watches; w && !w->running; w = w->next)
		;
	xn_unlock(&xs.lock, flags);
	return w;
}

static void move(void)
{
	__atomic_store_n(&moving, true, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&moving, __ATOMIC_SEQ_CST)) {
		raise_event(&to_server);
		usleep(100);
	}
	must(!xn_xs_reconnect(&xs, page, 1));
}

/* The guest is suspended again and again: nothing is under way then. */
static void *suspender(void *busy)
{
	uint32_t requests;
	unsigned int i;

	for (i = 0; XN_READ_ONCE(*(bool *)busy); i++) {
		must(!xn_xs_suspend(&xs));
		requests = XN_READ_ONCE(xs.next_id);
		must(!XN_READ_ONCE(xs.requests));
		must(!__atomic_load_n(&nr_transactions, __ATOMIC_SEQ_CST));
		must(!watch_runs());
		usleep(500);
		must(!watch_runs());
		must(XN_READ_ONCE(xs.next_id) == requests);
		/* In the same domain, or in a new one. */
		if (i % 4)
			xn_xs_resume(&xs);
		else
			move();
		usleep(500);
	}
	return NULL;
}

static void threads(bool suspends)
{
	pthread_t service[3], askers[CLIENTS + WATCHES + 2], other;
	unsigned long i;
	bool busy = true;

	pthread_create(&service[0], NULL, server, NULL);
	pthread_create(&service[1], NULL, worker, NULL);
	pthread_create(&service[2], NULL, upcalls, NULL);
	assert_int_equal(xn_xs_init(&xs, page, 1), 0);
	for (i = 0; i < CLIENTS; i++)
		pthread_create(&askers[i], NULL, client, (void *)i);
	for (; i < CLIENTS + WATCHES; i++)
		pthread_create(&askers[i], NULL, watcher, NULL);
	for (; i < XN_ARRAY_SIZE(askers); i++)
		pthread_create(&askers[i], NULL, transactor, NULL);
	if (suspends)
		pthread_create(&other, NULL, suspender, &busy);
	for (i = 0; i < XN_ARRAY_SIZE(askers); i++)
		pthread_join(askers[i], NULL);
	XN_WRITE_ONCE(busy, false);
	if (suspends)
		pthread_join(other, NULL);
	assert_null(xs.watches);
	/* A work may still have looked for watches to be made. */
	xn_xs_fini(&xs);
	assert_null(xs.requests);
	assert_int_equal(xs.users, 0);

	XN_WRITE_ONCE(over, true);
	raise_event(&to_server);
	raise_event(&to_guest);
	pthread_mutex_lock(&work_lock);
	pthread_cond_broadcast(&work_cond);
	pthread_mutex_unlock(&work_lock);
	for (i = 0; i < 3; i++)
		pthread_join(service[i], NULL);
	assert_int_equal(page->req_prod, page->req_cons);
	assert_int_equal(page->rsp_prod, page->rsp_cons);
	over = false;
	nr_works = 0;
}

static void test_threads(void **state)
{
	threads(false);
}

static void test_suspends(void **state)
{
	memset(&xs, 0, sizeof(xs));
	memset(page, 0, sizeof(*page));
	nr_tokens = 0;
	threads(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_suspends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
