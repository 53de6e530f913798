// SPDX-License-Identifier: MIT
/*
 * Rings whose other end is another thread, which writes at any moment: a disk
 * with a backend that answers while more requests are submitted and completed,
 * and a console with a daemon that reads and writes. Nothing is lost, nothing
 * comes twice. Under ThreadSanitizer (make check-tsan), the core must not
 * access what the other thread writes by a plain access.
 *
 * The threads are not pinned and share no lock. The backend's thread polls the
 * ring instead of taking events, and another thread calls the interrupt.
 */
#define GUEST_PAGES	2048
#define SECTORS		2048u

#include <pthread.h>
#include <sched.h>

#include <xenion/console.h>

#include "blk_backend.h"
#include "internal.h"

#define ROUNDS		20000u

static bool over;

/* ---- a disk ---- */

static unsigned int answered;

static RING_IDX load(const RING_IDX *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Flushes only: this test is about the ring, not the data. */
static void *backend_thread(void *data)
{
	struct be_queue *q = data;
	struct blkif_sring *s = q->page[0];

	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		RING_IDX prod = load(&s->req_prod);

		if (q->req_cons == prod) {
			/* Ask for a notification, as a backend does. */
			__atomic_store_n(&s->req_event, q->req_cons + 1,
					 __ATOMIC_SEQ_CST);
			sched_yield();
			continue;
		}
		while (q->req_cons != prod) {
			struct blkif_response rsp = { 0 };
			struct blkif_request req;

			be_ring(q, be_entry(q, q->req_cons++), &req,
				sizeof(req), false);
			rsp.id = req.id;
			rsp.operation = req.operation;
			be_ring(q, be_entry(q, q->rsp_prod), &rsp, sizeof(rsp),
				true);
			__atomic_store_n(&s->rsp_prod, ++q->rsp_prod,
					 __ATOMIC_RELEASE);
			answered++;
		}
	}
	return NULL;
}

static void *interrupt_thread(void *data)
{
	host_guest_enter(t.x.host, 0);
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		unsigned long flags = host_upcalls_disable();

		xn_blk_event(&t.blk.queue[0]);
		host_upcalls_restore(flags);
		sched_yield();
	}
	return NULL;
}

static unsigned char done_once[ROUNDS];
static unsigned int nr_done;

static void ring_complete(struct xn_blk_queue *q, void *cookie, int err)
{
	unsigned char *mark = cookie;

	if (err || __atomic_fetch_add(mark, 1, __ATOMIC_SEQ_CST))
		host_bug("request %d: error %d, or twice",
			 (int)(mark - done_once), err);
	__atomic_fetch_add(&nr_done, 1, __ATOMIC_SEQ_CST);
}

/* Runs the work that takes over after very many responses at once. */
static void run_work(void)
{
	host_lock();
	host_work_run_due();
	host_unlock();
	sched_yield();
}

static void test_disk(void **state)
{
	struct xn_blk_ops ops = t_ops;
	struct be_queue *q = &t.b.queue[0];
	struct xn_blk_queue *mine = &t.blk.queue[0];
	pthread_t thread[2];
	unsigned int i;

	be_offer(&t.b, "sectors", "2048");
	t_connect(&t_config);
	ops.complete = ring_complete;
	ops.ready = NULL;
	t.blk.ops = &ops;
	host_port_set_handler(q->port, NULL, NULL);
	over = false;
	nr_done = 0;
	memset(done_once, 0, sizeof(done_once));
	assert_int_equal(pthread_create(&thread[0], NULL, backend_thread, q),
			 0);
	assert_int_equal(pthread_create(&thread[1], NULL, interrupt_thread,
					NULL), 0);
	for (i = 0; i < ROUNDS;) {
		struct xn_blk_io bio = {
			.op = XN_BLK_FLUSH, .cookie = &done_once[i],
		};
		int err = xn_blk_submit(mine, &bio);

		if (err && err != -EBUSY)
			host_bug("submit: %d", err);
		i += !err;
		xn_blk_push(mine);
		if (err)
			run_work();
	}
	while (__atomic_load_n(&nr_done, __ATOMIC_SEQ_CST) != ROUNDS)
		run_work();
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	assert_int_equal(answered, ROUNDS);
	t.blk.ops = &t_ops;
	t_fini();
}

/* ---- a console ---- */

#define BYTES	200000u

static void *daemon_thread(void *data)
{
	struct xencons_interface *intf = data;
	XENCONS_RING_IDX out = 0, in = 0;
	unsigned char next = 0;

	while (out < BYTES || in < BYTES) {
		XENCONS_RING_IDX prod = load(&intf->out_prod);
		unsigned int n;

		for (; out != prod; out++, next++)
			if ((unsigned char)intf->out[out % sizeof(intf->out)] !=
			    next)
				host_bug("a byte is lost, or comes twice");
		__atomic_store_n(&intf->out_cons, out, __ATOMIC_RELEASE);
		n = sizeof(intf->in) - (in - load(&intf->in_cons));
		for (; n && in < BYTES; n--, in++)
			intf->in[in % sizeof(intf->in)] = in;
		__atomic_store_n(&intf->in_prod, in, __ATOMIC_RELEASE);
		sched_yield();
	}
	return NULL;
}

static void test_console(void **state)
{
	struct xencons_interface *intf = host_console_page(t.x.host);
	unsigned int out = 0, in = 0, i;
	struct xn_console con;
	unsigned char buf[300];
	pthread_t thread;

	xn_console_init(&con, intf,
			host_port_guest_end(host_console_port(t.x.host)));
	assert_int_equal(pthread_create(&thread, NULL, daemon_thread, intf),
			 0);
	while (out < BYTES || in < BYTES) {
		unsigned int n = BYTES - out < sizeof(buf) ? BYTES - out :
							     sizeof(buf);
		int ret;

		for (i = 0; i < n; i++)
			buf[i] = out + i;
		ret = xn_console_write(&con, (char *)buf, n);
		assert_in_range(ret, 0, n);
		out += ret;
		ret = xn_console_read(&con, (char *)buf, sizeof(buf));
		assert_in_range(ret, 0, sizeof(buf));
		for (i = 0; i < (unsigned int)ret; i++)
			assert_int_equal(buf[i], (unsigned char)in++);
		if (!ret)
			sched_yield();
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_disk, t_setup, t_teardown),
		cmocka_unit_test_setup_teardown(test_console, t_setup,
						t_teardown),
	};

	return cmocka_run_group_tests_name("rings-threads", tests, NULL, NULL);
}
