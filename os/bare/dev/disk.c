// SPDX-License-Identifier: MIT
/* A disk for programs, on top of frontends/blk/: one request at a time. */
#include "devices.h"

#define ROOM_NS	(30 * XN_NSEC_PER_SEC)
#define SECTOR		(1u << XN_BLK_SECTOR_SHIFT)

/* The most pieces of a request; more data goes into another request. */
#define MAX_PIECES	32

static struct bare_disk *disk_of(struct xn_blk *blk)
{
	return xn_container_of(blk, struct bare_disk, blk);
}

/* ---- what the engine asks for ---- */

static void disk_event(void *data, evtchn_port_t port)
{
	xn_blk_event(data);
}

static int event_bind(struct xn_blk_queue *q, domid_t otherend,
		      evtchn_port_t *port)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err = xn_evtchn_bind_unbound(t, otherend, disk_event, q, port);

	if (!err)
		xn_evtchn_unmask(t, *port);
	return err;
}

static void event_unbind(struct xn_blk_queue *q, evtchn_port_t port)
{
	/* Its function runs on this CPU only, so it does not run now. */
	xn_evtchn_unbind(&bare_guest.evtchn, port);
}

static int disk_connected(struct xn_blk *blk)
{
	disk_of(blk)->connected = true;
	disk_of(blk)->away = false;
	xn_wake(&disk_of(blk)->wait);
	return 0;
}

static void disk_resized(struct xn_blk *blk)
{
}

static void disk_closing(struct xn_blk *blk)
{
	disk_of(blk)->connected = false;
	disk_of(blk)->away = false;
	xn_wake(&disk_of(blk)->wait);
}

static void disk_lost(struct xn_blk *blk)
{
	disk_of(blk)->away = true;
}

/* The cookie is where the waiting thread looks. */
struct request {
	bool done;
	int err;
};

static void disk_complete(struct xn_blk_queue *q, void *cookie, int err)
{
	struct request *r = cookie;

	r->err = err;
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	xn_wake(&disk_of(q->blk)->wait);
}

static void disk_ready(struct xn_blk_queue *q)
{
	xn_wake(&disk_of(q->blk)->wait);
}

static const struct xn_blk_ops ops = {
	.event_bind	= event_bind,
	.event_unbind	= event_unbind,
	.connected	= disk_connected,
	.resized	= disk_resized,
	.closing	= disk_closing,
	.lost		= disk_lost,
	.complete	= disk_complete,
	.ready		= disk_ready,
};

/* ---- for programs ---- */

int bare_disk_open(struct bare_disk *d, unsigned int id,
		   const struct xn_blk_config *config)
{
	struct xn_blk_config c = {
		.max_queues = 1, .max_segments = MAX_PIECES,
		.persistent = XN_BLK_PERSISTENT_NEVER,
	};
	int err;

	if (!bare_has_store)
		return -ENODEV;
	if (config)
		c = *config;
	c.handle = id;
	xn_waitq_init(&d->wait);
	err = xn_device_init(&d->dev, &bare_guest, "vbd", id);
	if (err)
		return err;
	err = xn_blk_init(&d->blk, &d->dev, &ops, &c);
	if (err)
		return err;
	err = bare_device_wait(&d->dev, &d->wait, &d->connected);
	if (err)
		bare_disk_close(d);
	return err;
}

void bare_disk_close(struct bare_disk *d)
{
	xn_blk_fini(&d->blk);
}

static int disk_request_once(struct bare_disk *d, const struct xn_blk_io *io)
{
	struct xn_blk_queue *q = &d->blk.queue[0];
	struct request *r = io->cookie;
	int err;

	r->done = false;
	(void)xn_wait(&d->wait, (err = xn_blk_submit(q, io)) != -EBUSY,
		      ROOM_NS);
	if (err)
		return err;
	xn_blk_push(q);
	/* The engine always completes a request. */
	while (!xn_wait(&d->wait, __atomic_load_n(&r->done, __ATOMIC_ACQUIRE),
			ROOM_NS))
		;
	return r->err;
}

/* What is lost in a new domain is made again when the disk is back. */
static int disk_request(struct bare_disk *d, const struct xn_blk_io *io)
{
	int err;

	do {
		while (!xn_wait(&d->wait, !d->away, ROOM_NS))
			;
		err = disk_request_once(d, io);
	} while (err == -EAGAIN || (err == -ENODEV && d->away));
	return err;
}

static unsigned int disk_cut(struct xn_sg *sg, unsigned int max, char *buf,
			     uint32_t len, uint32_t *taken)
{
	unsigned int n;

	*taken = 0;
	for (n = 0; n < max && *taken < len; n++) {
		uint32_t room = XN_PAGE_SIZE -
				(uint32_t)((uintptr_t)buf % XN_PAGE_SIZE);

		sg[n].va = buf;
		sg[n].len = len - *taken < room ? len - *taken : room;
		buf += sg[n].len;
		*taken += sg[n].len;
	}
	return n;
}

int bare_disk_io(struct bare_disk *d, enum xn_blk_op op, uint64_t sector,
		 void *buf, uint32_t len)
{
	unsigned int max = d->blk.info.max_segments;
	struct xn_sg sg[MAX_PIECES];
	struct request r;
	struct xn_blk_io io = {
		.op = op, .sector = sector, .sg = sg, .cookie = &r,
	};
	uint32_t taken;
	char *p = buf;
	int err = 0;

	if (!d->connected)
		return -ENODEV;
	if (op == XN_BLK_FLUSH)
		return disk_request(d, &io);
	if (!len || len % SECTOR || (uintptr_t)buf % SECTOR)
		return -EINVAL;
	if (max > MAX_PIECES)
		max = MAX_PIECES;
	for (; len && !err; len -= taken, p += taken) {
		io.nr_sg = disk_cut(sg, max, p, len, &taken);
		err = disk_request(d, &io);
		io.sector += taken / SECTOR;
	}
	return err;
}
