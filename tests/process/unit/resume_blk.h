/* SPDX-License-Identifier: MIT */
/*
 * A disk of a guest that is saved and restored, or whose suspend is cancelled.
 * The OS layer here has a queue as a kernel has one: what the engine hands back
 * with -EAGAIN comes first again, in order. For test_resume_blk*.c.
 */
#ifndef XENION_RESUME_BLK_H
#define XENION_RESUME_BLK_H

#include "blk_backend.h"
#include "restore.h"

/* ---- an OS layer ---- */

#define NR	12u

struct request {
	struct xn_blk_io io;
	struct buffer buf;
	unsigned int ends;
	int err;
};

static struct request reqs[NR];
static struct request *todo[NR];	/* not in flight */
static unsigned int nr_todo, nr_again, nr_done;
static struct request *done[NR];	/* in the order of their ends */
static enum { GONE, UP, KEPT } disk;
static unsigned int lost;
static void (*on_lost)(struct xn_blk *blk);

static inline void request_end(struct request *r, int err)
{
	r->err = err;
	r->ends++;
	assert_int_equal(r->ends, 1);
	done[nr_done++] = r;
}

static inline void todo_insert(unsigned int at, struct request *r)
{
	assert_true(nr_todo < NR);
	memmove(&todo[at + 1], &todo[at], (nr_todo - at) * sizeof(todo[0]));
	todo[at] = r;
	nr_todo++;
}

static inline struct request *todo_take(void)
{
	struct request *r = todo[0];

	memmove(&todo[0], &todo[1], --nr_todo * sizeof(todo[0]));
	return r;
}

/* Submit what waits, as far as there is room. */
static inline void todo_run(void)
{
	struct xn_blk_queue *q = &t.blk.queue[0];

	while (disk == UP && nr_todo) {
		int err = xn_blk_submit(q, &todo[0]->io);

		if (err == -EBUSY)
			break;
		assert_int_not_equal(err, -ENODEV);
		if (err)
			request_end(todo_take(), err);
		else
			todo_take();
	}
	xn_blk_push(q);
}

static inline int r_connected(struct xn_blk *blk)
{
	int err = t_connected(blk);

	if (err)
		return err;
	disk = UP;
	todo_run();
	return 0;
}

static inline void r_closing(struct xn_blk *blk)
{
	t_closing(blk);
	disk = GONE;
	while (nr_todo)
		request_end(todo_take(), -EIO);
}

static inline void r_lost(struct xn_blk *blk)
{
	lost++;
	assert_int_equal(disk, UP);
	disk = KEPT;
	nr_again = 0;
	if (on_lost)
		on_lost(blk);
}

static inline void r_complete(struct xn_blk_queue *q, void *cookie, int err)
{
	if (err == -EAGAIN) {
		assert_int_equal(disk, KEPT);
		todo_insert(nr_again++, cookie);
	} else {
		request_end(cookie, err);
	}
}

static inline void r_ready(struct xn_blk_queue *q)
{
	todo_run();
}

static const struct xn_blk_ops keeps = {
	.event_bind = t_event_bind, .event_unbind = t_event_unbind,
	.connected = r_connected, .resized = t_resized, .closing = r_closing,
	.lost = r_lost, .complete = r_complete, .ready = r_ready,
	.page_get = t_page_get, .page_put = t_page_put,
};

static const struct xn_blk_ops keeps_not = {
	.event_bind = t_event_bind, .event_unbind = t_event_unbind,
	.connected = r_connected, .resized = t_resized, .closing = r_closing,
	.complete = r_complete, .ready = r_ready,
	.page_get = t_page_get, .page_put = t_page_put,
};

/* ---- requests ---- */

/* Writes, a read, flushes, and a write that is stable, each elsewhere. */
static inline void requests_make(void)
{
	static const enum xn_blk_op ops[] = {
		XN_BLK_WRITE, XN_BLK_FLUSH, XN_BLK_WRITE, XN_BLK_READ,
		XN_BLK_WRITE_FUA, XN_BLK_DISCARD,
	};
	unsigned int i;

	memset(reqs, 0, sizeof(reqs));
	nr_todo = nr_again = nr_done = 0;
	for (i = 0; i < NR; i++) {
		struct request *r = &reqs[i];

		/* Also more than fit without indirect descriptors. */
		buffer_make(&r->buf, i < 6 ? 2 : 13);
		buffer_fill(&r->buf, i + 1);
		r->io = (struct xn_blk_io){
			.op = ops[i % 6], .sector = 200 * i, .cookie = r,
			.nr_sectors = 8, .sg = r->buf.sg, .nr_sg = r->buf.nr,
		};
	}
}

static inline void requests_begin(void)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		todo_insert(nr_todo, &reqs[i]);
	todo_run();
}

/* All have ended once, well, and in their order. */
static inline void requests_check(void)
{
	unsigned int i;

	assert_int_equal(nr_todo, 0);
	assert_int_equal(nr_done, NR);
	for (i = 0; i < NR; i++) {
		struct request *r = &reqs[i];

		assert_int_equal(r->ends, 1);
		assert_int_equal(r->err, 0);
		if (r->io.op < XN_BLK_FLUSH)
			assert_true(buffer_on_disk(&r->buf, r->io.sector));
	}
}

/* A stable write ends later, after its flush. */
static inline void requests_in_order(void)
{
	const struct request *last = NULL;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		if (done[i]->io.op == XN_BLK_WRITE_FUA)
			continue;
		assert_true(!last || done[i] > last);
		last = done[i];
	}
}

static inline void requests_all_failed(void)
{
	unsigned int i;

	assert_int_equal(nr_done, NR);
	for (i = 0; i < NR; i++)
		assert_int_equal(reqs[i].err, -EIO);
}

static inline void requests_free(void)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		buffer_free(&reqs[i].buf);
}

/* ---- the guest and its disk ---- */

static struct xn_blk_config config;
static struct host_config host;

static inline void begin_with(const struct xn_blk_ops *ops)
{
	t_setup_with(&host);
	on_lost = NULL;
	lost = 0;
	disk = GONE;
	requests_make();
	assert_int_equal(xn_device_init(&t.dev, &t.x.guest, "vbd", VDEV), 0);
	assert_int_equal(xn_blk_init(&t.blk, &t.dev, ops, &config), 0);
}

static inline void begin(void)
{
	begin_with(&keeps);
	host_pump();
	assert_int_equal(t.connected, 1);
}

static inline void end(void)
{
	t_fini();
	assert_int_equal(t.closing > 0, t.connected > 0);
	requests_free();
	t_teardown(NULL);
	host_reset();
}

static inline void suspend(void)
{
	xn_frontend_suspend(&t.blk.fe);
	guest_suspend(&t.x);
}

static inline void move(void)
{
	suspend();
	be_bus_lose(&t.b.bus);
	guest_moves(&t.x, t.h);
}

/* Before this the toolstack has plugged the device, or not. */
static inline int go_on(void)
{
	xn_frontend_lost(&t.blk.fe);
	assert_int_equal(guest_reconnect(&t.x), 0);
	host_pump();
	assert_true(xn_device_exists(&t.dev));
	return xn_frontend_resume(&t.blk.fe);
}

static inline void move_and_go_on(void)
{
	move();
	t_plug();
	assert_int_equal(go_on(), 0);
	host_pump();
}

static inline void stay(void)
{
	guest_stays(&t.x);
	assert_int_equal(xn_frontend_resume(&t.blk.fe), 0);
	host_pump();
}

#endif /* XENION_RESUME_BLK_H */
