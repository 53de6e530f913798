// SPDX-License-Identifier: MIT
/*
 * frontends/blk/ with a correct backend: handshake, data in all modes and
 * sizes, notifications, and the end.
 */
#include "blk_backend.h"
#include "xs_busy.h"

/* ---- handshake ---- */

static void test_connect(void **state)
{
	t_connect(&t_config);
	assert_int_equal(t.info.sectors, SECTORS);
	assert_int_equal(t.info.sector_size, 512);
	assert_int_equal(t.info.physical_sector_size, 4096);
	assert_int_equal(t.info.max_segments, 32);
	assert_int_equal(t.info.depth, DEPTH);
	assert_int_equal(t.info.nr_queues, 1);
	assert_true(t.info.persistent);
	assert_true(t.info.flush);
	assert_true(t.info.flush_cache);
	assert_true(t.info.discard);
	assert_int_equal(t.info.discard_granularity, 4096);
	assert_false(t.info.readonly || t.info.cdrom || t.info.removable);
	t_fini();
	assert_int_equal(t.closing, 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_int_equal(host_log_count(XN_ERR), 0);
	assert_int_equal(host_log_count(XN_WARN), 0);
	assert_int_equal(host_stat_get(XN_STAT_GRANT_BUSY), 0);
}

/* A backend with as few nodes as possible. */
static void test_connect_bare(void **state)
{
	t.b.nr_nodes = 0;
	be_offer(&t.b, "sectors", "16384");
	be_offer(&t.b, "sector-size", "4096");
	be_offer(&t.b, "info", "7");
	be_offer(&t.b, "max-ring-page-order", NULL);
	be_offer(&t.b, "multi-queue-max-queues", NULL);
	t_connect(&t_config);
	assert_int_equal(t.info.sector_size, 4096);
	assert_int_equal(t.info.physical_sector_size, 4096);
	assert_int_equal(t.info.max_segments, BLKIF_MAX_SEGMENTS_PER_REQUEST);
	assert_false(t.info.persistent || t.info.flush || t.info.discard);
	assert_true(t.info.readonly && t.info.cdrom && t.info.removable);
	t_fini();
}

/* A backend that does not wait for us in InitWait. */
static void test_connect_early_backend(void **state)
{
	unsigned int i;

	for (i = 0; i < t.b.nr_nodes; i++)
		be_write(&t.b.bus, t.b.node[i].name, t.b.node[i].value);
	be_state(&t.b.bus, XenbusStateInitialised);
	t_connect(&t_config);
	t_fini();
}

static int busy_start(void)
{
	return t_init(&t_config);
}

static bool busy_works(void)
{
	return t.b.bus.connected;
}

static void test_store_busy(void **state)
{
	xs_busy_handshake(t.h, FRONT "/state", busy_start, busy_works, t_fini);
}

static void test_load_again(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		t_connect(&t_config);
		t_fini();
		assert_int_equal(be_number(&t.b.bus, t.b.bus.path, "state"),
				 XenbusStateClosed);
	}
}

static enum xenbus_state seen[8];
static unsigned int nr_seen;

static void see(void *data)
{
	long long now = host_xs_read_int(t.h, FRONT "/state");

	if (nr_seen && now == (long long)seen[nr_seen - 1])
		return;
	assert_true(nr_seen < XN_ARRAY_SIZE(seen));
	seen[nr_seen++] = now;
	/* The backend answers its requests before it closes. */
	if (now == XenbusStateClosing)
		be_release(&t.b.bus);
}

/* A detach writes Closing first, so that requests may still be answered. */
static void test_leave(void **state)
{
	struct buffer b;
	struct io io;

	t_connect(&t_config);
	buffer_make(&b, 1);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io, XN_BLK_WRITE, 8, &b), 0);
	t_push();
	nr_seen = 0;
	host_xs_watch(t.h, FRONT "/state", see, NULL);
	t_fini();
	assert_true(io.done);
	assert_int_equal(io.err, 0);
	assert_true(nr_seen >= 2);
	assert_int_equal(seen[nr_seen - 2], XenbusStateClosing);
	assert_int_equal(seen[nr_seen - 1], XenbusStateClosed);
	assert_int_equal(host_log_count(XN_WARN), 0);
	buffer_free(&b);
}

static void test_bad_config(void **state)
{
	struct xn_blk_config bad[] = { t_config, t_config, t_config, t_config };
	unsigned int i;

	bad[0].max_queues = 0;
	bad[1].max_ring_order = XN_BLK_MAX_RING_ORDER + 1;
	bad[2].max_segments = XN_BLK_MAX_SEGMENTS + 1;
	bad[3].persistent = 3;
	for (i = 0; i < XN_ARRAY_SIZE(bad); i++)
		assert_int_equal(t_init(&bad[i]), -EINVAL);
	assert_int_equal(t.connected, 0);
}

/* The OS layer refuses the disk. */
static void test_connected_refused(void **state)
{
	t.refuse_connected = -ENOMEM;
	assert_int_equal(t_init(&t_config), 0);
	assert_int_equal(t.connected, 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_int_equal(host_log_count(XN_ERR), 1);
	t_fini();
	assert_int_equal(t.closing, 0);
}

/* ---- data ---- */

static const enum xn_blk_persistent modes[] = {
	XN_BLK_PERSISTENT_NEVER, XN_BLK_PERSISTENT_AUTO,
	XN_BLK_PERSISTENT_ALWAYS,
};

static void all_sizes(unsigned int max)
{
	unsigned int nr;

	for (nr = 1; nr <= max; nr += nr < 13 ? 1 : 19) {
		struct buffer out, in;

		buffer_make(&out, nr);
		buffer_make(&in, nr);
		buffer_fill(&out, nr);
		assert_int_equal(t_do(XN_BLK_WRITE, 24 + nr, &out), 0);
		assert_true(buffer_on_disk(&out, 24 + nr));
		assert_int_equal(t_do(XN_BLK_READ, 24 + nr, &in), 0);
		assert_true(buffer_on_disk(&in, 24 + nr));
		buffer_free(&out);
		buffer_free(&in);
	}
}

static void test_data(void **state)
{
	struct xn_blk_config config = t_config;
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(modes); i++) {
		config.persistent = modes[i];
		t_connect(&config);
		assert_int_equal(t.info.persistent, i > 0);
		assert_int_equal(t.b.persistent, i > 0);
		all_sizes(32);
		assert_int_equal(t.b.max_nr, 32);
		assert_true(t.b.indirect > 0);
		t_fini();
		assert_int_equal(host_stat_get(XN_STAT_GRANT_BUSY), 0);
	}
}

/* Bounce pages also work with a backend that maps and unmaps each time. */
static void test_data_not_persistent(void **state)
{
	struct xn_blk_config config = t_config;
	unsigned int i;

	be_offer(&t.b, "feature-persistent", "0");
	for (i = 0; i < XN_ARRAY_SIZE(modes); i++) {
		config.persistent = modes[i];
		t_connect(&config);
		assert_int_equal(t.info.persistent, i == 2);
		all_sizes(32);
		t_fini();
		assert_int_equal(host_stat_get(XN_STAT_GRANT_BUSY), 0);
	}
}

/* Does the backend see bytes of @secret around the data that it writes? */
static bool seen_around(const struct xn_blk_config *config, uint8_t secret)
{
	struct be_request *req;
	struct buffer buf;
	unsigned int i, n = 0;
	struct io io;
	uint8_t *seen;

	t_connect(config);
	buffer_make(&buf, 1);
	memset(buf.sg[0].va, secret, 4096);
	buf.sg[0].va = (uint8_t *)buf.sg[0].va + 1024;
	buf.sg[0].len = 512;
	memset(buf.sg[0].va, 0x11, 512);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io, XN_BLK_WRITE, 8, &buf), 0);
	t_push();
	assert_int_equal(t.b.bus.nr_held, 1);
	req = t.b.bus.held[0];
	assert_int_equal(req->nr, 1);
	seen = be_map(&t.b, req->seg[0].gref, false);
	assert_non_null(seen);
	assert_int_equal(seen[req->seg[0].first_sect * 512], 0x11);
	for (i = 0; i < 4096; i++)
		n += seen[i] == secret;
	if (!t.b.persistent)
		be_unmap_all(&t.b);
	be_release(&t.b.bus);
	host_pump();
	assert_true(io.done);
	assert_int_equal(io.err, 0);
	assert_true(buffer_on_disk(&buf, 8));
	buffer_free(&buf);
	t_fini();
	assert_int_equal(host_log_count(XN_ERR), 0);
	return n;
}

/* XSA-403: a backend that is not trusted sees nothing but the data. */
static void test_untrusted(void **state)
{
	struct xn_blk_config config = t_config;

	config.persistent = XN_BLK_PERSISTENT_NEVER;
	assert_true(seen_around(&config, 0x5e));
	assert_true(t.info.trusted);
	config.distrust = true;
	assert_false(seen_around(&config, 0x5e));
	assert_false(t.info.trusted);
	config.distrust = false;
	host_xs_write(t.h, FRONT "/trusted", "0");
	assert_false(seen_around(&config, 0x5e));
	assert_false(t.info.trusted);
	host_xs_write(t.h, FRONT "/trusted", "1");
	assert_true(seen_around(&config, 0x5e));
	assert_true(t.info.trusted);
}

static void test_untrusted_nonsense(void **state)
{
	host_xs_write(t.h, FRONT "/trusted", "perhaps");
	assert_int_equal(t_init(&t_config), 0);
	assert_int_equal(t.connected, 0);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_non_null(strstr(host_log_last(), "trusted"));
	t_fini();
}

static void test_data_long(void **state)
{
	struct xn_blk_config config = t_config;

	config.max_segments = XN_BLK_MAX_SEGMENTS;
	t_connect(&config);
	assert_int_equal(t.info.max_segments, XN_BLK_MAX_SEGMENTS);
	all_sizes(XN_BLK_MAX_SEGMENTS);
	assert_true(t.b.max_nr > 240);
	t_fini();

	be_offer(&t.b, "feature-max-indirect-segments", "4294967295");
	t_connect(&config);
	assert_int_equal(t.info.max_segments, XN_BLK_MAX_SEGMENTS);
	t_fini();
}

/* Pieces of a page, at all offsets; the rest of the page must not change. */
static void test_pieces(void **state)
{
	struct xn_blk_config config = t_config;
	unsigned int i, first, n;
	uint8_t *page, before[4096];

	for (i = 0; i < XN_ARRAY_SIZE(modes); i++) {
		config.persistent = modes[i];
		t_connect(&config);
		page = xn_os_page_alloc();
		for (first = 0; first < 8; first++) {
			for (n = 1; first + n <= 8; n++) {
				struct buffer b = {
					.nr = 1,
					.sg = { { page + first * 512, n * 512 } },
				};

				buffer_fill(&b, first * 8 + n);
				assert_int_equal(t_do(XN_BLK_WRITE, 9, &b), 0);
				assert_true(buffer_on_disk(&b, 9));
				memset(page, 0x11, 4096);
				memcpy(before, page, 4096);
				assert_int_equal(t_do(XN_BLK_READ, 9, &b), 0);
				assert_true(buffer_on_disk(&b, 9));
				memcpy(page + first * 512,
				       before + first * 512, n * 512);
				assert_memory_equal(page, before, 4096);
			}
		}
		xn_os_page_free(page);
		t_fini();
	}
}

static void test_bad_lists(void **state)
{
	struct buffer b;

	t_connect(&t_config);
	buffer_make(&b, 33);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), -EINVAL);
	assert_int_equal(t_do(XN_BLK_READ, 0, NULL), -EINVAL);
	assert_int_equal(t_do(99, 0, &b), -EINVAL);
	buffer_free(&b);
	buffer_make(&b, 2);
	b.sg[1].len = 0;
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), -EINVAL);
	b.sg[1].len = 100;
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), -EINVAL);
	b.sg[1].len = 4096 + 512;
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), -EINVAL);
	b.sg[1].len = 4096;
	b.sg[1].va = (uint8_t *)b.sg[1].va + 512;
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), -EINVAL);
	b.sg[1].len = 1024;
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), 0);
	b.sg[1].va = (uint8_t *)b.sg[1].va + 8;
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), -EINVAL);
	assert_int_equal(t.b.requests, 1);
	buffer_free(&b);
	t_fini();
}

/* A request that the disk cannot do fails, and no other one. */
static void test_errors(void **state)
{
	struct buffer b;

	t_connect(&t_config);
	buffer_make(&b, 1);
	assert_int_equal(t_do(XN_BLK_READ, SECTORS, &b), -EIO);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), 0);
	memset(b.sg[0].va, 0x77, 4096);
	t.b.status = BLKIF_RSP_ERROR;
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), -EIO);
	assert_int_equal(((uint8_t *)b.sg[0].va)[0], 0x77);
	t.b.status = BLKIF_RSP_EOPNOTSUPP;
	assert_int_equal(t_do(XN_BLK_FLUSH, 0, NULL), -EOPNOTSUPP);
	t.b.status = 0;
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), 0);
	buffer_free(&b);
	t_fini();
	assert_int_equal(host_log_count(XN_ERR), 0);
}

/* ---- operations ---- */

static void test_flush(void **state)
{
	struct buffer b;

	t_connect(&t_config);
	buffer_make(&b, 3);
	buffer_fill(&b, 1);
	assert_int_equal(t_do(XN_BLK_FLUSH, 0, NULL), 0);
	assert_int_equal(t.b.ops[BLKIF_OP_FLUSH_DISKCACHE], 1);
	assert_int_equal(t_do(XN_BLK_WRITE_FUA, 5, &b), 0);
	assert_int_equal(t.b.ops[BLKIF_OP_WRITE], 1);
	assert_int_equal(t.b.ops[BLKIF_OP_FLUSH_DISKCACHE], 2);
	assert_true(buffer_on_disk(&b, 5));
	/* A write that failed is not flushed. */
	t.b.status = BLKIF_RSP_ERROR;
	assert_int_equal(t_do(XN_BLK_WRITE_FUA, 5, &b), -EIO);
	assert_int_equal(t.b.ops[BLKIF_OP_FLUSH_DISKCACHE], 2);
	buffer_free(&b);
	t_fini();
}

static void test_barrier(void **state)
{
	struct buffer b;

	be_offer(&t.b, "feature-flush-cache", NULL);
	t_connect(&t_config);
	assert_true(t.info.flush);
	buffer_make(&b, 12);
	buffer_fill(&b, 1);
	assert_int_equal(t_do(XN_BLK_FLUSH, 0, NULL), 0);
	assert_int_equal(t_do(XN_BLK_WRITE_FUA, 5, &b), -EINVAL);
	b.nr = 11;
	assert_int_equal(t_do(XN_BLK_WRITE_FUA, 5, &b), 0);
	b.nr = 12;
	assert_int_equal(t.b.ops[BLKIF_OP_WRITE_BARRIER], 2);
	assert_int_equal(t.b.requests, 2);
	buffer_free(&b);
	t_fini();
}

static void test_no_cache(void **state)
{
	struct buffer b;

	be_offer(&t.b, "feature-flush-cache", "0");
	be_offer(&t.b, "feature-barrier", "yes");
	be_offer(&t.b, "feature-discard", NULL);
	t_connect(&t_config);
	assert_false(t.info.flush);
	buffer_make(&b, 1);
	assert_int_equal(t_do(XN_BLK_FLUSH, 0, NULL), -EOPNOTSUPP);
	assert_int_equal(t_do(XN_BLK_DISCARD, 0, NULL), -EOPNOTSUPP);
	assert_int_equal(t_do(XN_BLK_WRITE_FUA, 5, &b), 0);
	assert_int_equal(t.b.ops[BLKIF_OP_WRITE], 1);
	assert_int_equal(t.b.requests, 1);
	buffer_free(&b);
	t_fini();
}

static void test_discard(void **state)
{
	struct io io = { 0 };
	struct xn_blk_io bio = {
		.op = XN_BLK_DISCARD, .sector = 100, .nr_sectors = 5000,
		.cookie = &io,
	};

	t_connect(&t_config);
	assert_int_equal(xn_blk_submit(&t.blk.queue[0], &bio), 0);
	t_push();
	assert_true(io.done);
	assert_int_equal(io.err, 0);
	assert_int_equal(t.b.disk[100 * 512 - 1], 0xa5);
	assert_int_equal(t.b.disk[100 * 512], 0);
	assert_int_equal(t.b.disk[5100 * 512 - 1], 0);
	assert_int_equal(t.b.disk[5100 * 512], 0xa5);
	t_fini();
}

/* Odd values turn discard off, and nothing else. */
static void test_discard_odd(void **state)
{
	static const char *const odd[][2] = {
		{ "0", "0" }, { "100", "0" }, { "4096", "4096" },
		{ "4096", "4294967295" }, { "x", "0" }, { "4096", "-1" },
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(odd); i++) {
		be_offer(&t.b, "discard-granularity", odd[i][0]);
		be_offer(&t.b, "discard-alignment", odd[i][1]);
		t_connect(&t_config);
		assert_false(t.info.discard);
		assert_int_equal(host_log_count(XN_WARN), i + 1);
		t_fini();
	}
}

/* The granularity is rounded up to a power of two, of at least 4096. */
static void test_discard_rounded(void **state)
{
	static const struct {
		const char *granularity, *alignment;
		uint32_t rounded, rest;
	} odd[] = {
		{ "512", "0", 4096, 0 },
		{ "4096", "512", 4096, 512 },
		{ "1536", "512", 4096, 512 },
		{ "196608", "69632", 65536, 4096 },
		{ "4294966784", "4194304", 4096, 0 },
		{ "2147483648", "0", 2147483648u, 0 },
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(odd); i++) {
		be_offer(&t.b, "discard-granularity", odd[i].granularity);
		be_offer(&t.b, "discard-alignment", odd[i].alignment);
		t_connect(&t_config);
		assert_true(t.info.discard);
		assert_int_equal(t.info.discard_granularity, odd[i].rounded);
		assert_int_equal(t.info.discard_alignment, odd[i].rest);
		t_fini();
	}
}

/* ---- the ring ---- */

/* More requests than the ring holds, answered in the wrong order. */
static void many(unsigned int depth, unsigned int rounds)
{
	struct buffer b[8];
	struct io *io = calloc(depth, sizeof(*io)), extra;
	unsigned int i, round;

	for (i = 0; i < 8; i++) {
		buffer_make(&b[i], 1);
		buffer_fill(&b[i], i);
	}
	for (round = 0; round < rounds; round++) {
		t.b.bus.hold = true;
		for (i = 0; i < depth; i++) {
			assert_int_equal(t_submit(&io[i], XN_BLK_WRITE, i * 8,
						  &b[i % 8]), 0);
		}
		assert_int_equal(t_submit(&extra, XN_BLK_READ, 0, &b[0]),
				 -EBUSY);
		t_push();
		assert_int_equal(t.b.bus.nr_held, depth);
		assert_int_equal(t.ready, round);
		be_release(&t.b.bus);
		host_pump();
		assert_int_equal(t.ready, round + 1);
		for (i = 0; i < depth; i++) {
			assert_true(io[i].done);
			assert_int_equal(io[i].err, 0);
			assert_true(buffer_on_disk(&b[i % 8], i * 8));
		}
	}
	for (i = 0; i < 8; i++)
		buffer_free(&b[i]);
	free(io);
}

static void test_full_ring(void **state)
{
	t_connect(&t_config);
	many(DEPTH, 50);
	assert_int_equal(t.blk.queue[0].stats.busy, 50);
	assert_int_equal(t.blk.queue[0].stats.requests, 50 * DEPTH);
	t_fini();
}

/* Requests that lie across two pages of the ring. */
static void test_large_rings(void **state)
{
	struct xn_blk_config config = t_config;
	unsigned int order;

	for (order = 0; order <= XN_BLK_MAX_RING_ORDER; order++) {
		config.max_ring_order = order;
		t_connect(&config);
		t_grow();
		t.ready = 0;
		assert_int_equal(t.b.queue[0].pages, 1u << order);
		assert_int_equal(t.info.depth, t.b.queue[0].ents);
		many(t.info.depth, 3);
		all_sizes(11);
		t_fini();
	}
	/* The backend's limit applies. */
	t.ready = 0;
	be_write(&t.b.bus, "max-ring-page-order", "2");
	t_connect(&config);
	assert_int_equal(t.info.depth, 128);
	t_fini();
}

/* Nodes of an earlier user do not mislead the backend. */
static void test_load_other(void **state)
{
	struct xn_blk_config config = t_config;
	struct buffer b;
	unsigned int i;

	buffer_make(&b, 20);
	for (i = 0; i < 4; i++) {
		config.max_queues = i & 1 ? 1 : 4;
		config.max_ring_order = i & 2 ? 0 : 2;
		t_connect(&config);
		assert_int_equal(t.b.nr_queues, config.max_queues);
		assert_int_equal(t.b.queue[0].pages,
				 1u << config.max_ring_order);
		assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), 0);
		t_fini();
	}
	buffer_free(&b);
}

static bool is_there(const char *node)
{
	char path[64];

	snprintf(path, sizeof(path), FRONT "/%s", node);
	return host_xs_read(t.h, path);
}

/* Remove what another driver wrote, but keep what the toolstack wrote. */
static void test_load_other_driver(void **state)
{
	static const char *const theirs[] = {
		"ring-ref0", "ring-ref15", "ring-page-order", "num-ring-pages",
		"multi-queue-num-queues", "queue-0/ring-ref",
		"queue-31/event-channel", "feature-large-sector-size",
	}, *const kept[] = { "backend", "virtual-device", "device-type" };
	struct xn_blk_config config = t_config;
	char path[64];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(theirs); i++) {
		snprintf(path, sizeof(path), FRONT "/%s", theirs[i]);
		host_xs_write(t.h, path, "9");
	}
	host_xs_write(t.h, FRONT "/virtual-device", "51712");
	host_xs_write(t.h, FRONT "/device-type", "disk");
	t_connect(&config);
	for (i = 0; i < XN_ARRAY_SIZE(theirs); i++)
		assert_false(is_there(theirs[i]));
	for (i = 0; i < XN_ARRAY_SIZE(kept); i++)
		assert_true(is_there(kept[i]));
	t_fini();
	config.max_queues = 4;
	t_connect(&config);
	assert_false(is_there("event-channel") || is_there("ring-ref"));
	t_fini();
}

static int unplug_and_bind(struct xn_blk_queue *q, domid_t otherend,
			   evtchn_port_t *port)
{
	t_unplug();
	return t_event_bind(q, otherend, port);
}

/* Unplugged during the handshake: its nodes are not created again. */
static void test_unplug_handshake(void **state)
{
	struct xn_blk_ops ops = t_ops;

	ops.event_bind = unplug_and_bind;
	assert_int_equal(xn_device_init(&t.dev, &t.x.guest, "vbd", VDEV), 0);
	assert_int_equal(xn_blk_init(&t.blk, &t.dev, &ops, &t_config), 0);
	host_pump();
	assert_null(host_xs_read(t.h, FRONT));
	assert_false(is_there("event-channel") || is_there("ring-ref") ||
		     is_there("state"));
	assert_int_equal(t.connected, 0);
	assert_int_equal(host_log_count(XN_ERR), 0);
	assert_null(host_xs_read(t.h, "error/" FRONT "/error"));
	t_fini();
	t_plug();
	t_connect(&t_config);
	t_fini();
}

static void test_queues(void **state)
{
	struct xn_blk_config config = t_config;
	unsigned int i;

	config.max_queues = XN_BLK_MAX_QUEUES;
	config.max_ring_order = 1;
	t_connect(&config);
	assert_int_equal(t.info.nr_queues, 4);
	assert_int_equal(t.b.nr_queues, 4);
	for (i = 0; i < 4; i++) {
		struct io io = { 0 };
		struct buffer b;
		struct xn_blk_io bio = {
			.op = XN_BLK_WRITE, .sector = 100 * i, .cookie = &io,
			.sg = b.sg, .nr_sg = 3,
		};

		buffer_make(&b, 3);
		buffer_fill(&b, i);
		assert_int_equal(xn_blk_submit(&t.blk.queue[i], &bio), 0);
		xn_blk_push(&t.blk.queue[i]);
		host_pump();
		assert_true(io.done);
		assert_true(buffer_on_disk(&b, 100 * i));
		buffer_free(&b);
	}
	t_fini();
}

/* Submits as many requests as possible. Returns: how many. */
static unsigned int submit_all(struct io *io, struct buffer *b)
{
	unsigned int i;

	for (i = 0; i < DEPTH; i++)
		if (t_submit(&io[i], XN_BLK_READ, 0, b))
			break;
	t_push();
	return i;
}

/* Fewer slots than requests need: some wait, none is lost. */
static void test_few_slots(void **state)
{
	struct xn_blk_config config = t_config;
	struct io io[DEPTH];
	struct buffer b;
	uint64_t busy;

	config.max_segments = XN_BLK_MAX_SEGMENTS;
	t_connect(&config);
	t_grow();
	t.ready = t.completed = 0;
	busy = t.blk.queue[0].stats.busy;
	buffer_make(&b, 200);
	t.b.bus.hold = true;
	assert_int_equal(submit_all(io, &b), 5);
	assert_int_equal(t.blk.queue[0].stats.busy, busy + 1);
	assert_int_equal(t.ready, 0);
	be_release(&t.b.bus);
	host_pump();
	assert_int_equal(t.ready, 1);
	assert_int_equal(t.completed, 5);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), 0);
	buffer_free(&b);
	t_fini();
}

/*
 * A disk begins with few slots and grows while requests wait, without an
 * answer. Submission itself allocates nothing.
 */
static void test_grow(void **state)
{
	struct xn_blk_config config = t_config;
	struct io io[4 * DEPTH];
	unsigned int i, n = 0, was;
	struct buffer b;

	for (i = 0; i < XN_ARRAY_SIZE(modes); i++) {
		config.persistent = modes[i];
		t_connect(&config);
		assert_in_range(xn_gnttab_used(&t.x.guest.gnttab), 33, 80);
		buffer_make(&b, 32);
		t.b.bus.hold = true;
		for (n = 0; n < DEPTH; ) {
			t.ready = 0;
			was = host_pages(t.x.host);
			while (n < DEPTH && !t_submit(&io[n], XN_BLK_READ, 0,
						      &b))
				n++;
			assert_int_equal(host_pages(t.x.host), was);
			t_push();
			assert_int_equal(t.ready, n < DEPTH);
		}
		assert_int_equal(n, DEPTH);
		assert_int_equal(t.b.bus.nr_held, DEPTH);
		assert_int_equal(xn_gnttab_used(&t.x.guest.gnttab), 1057);
		be_release(&t.b.bus);
		host_pump();
		for (n = 0; n < DEPTH; n++)
			assert_int_equal(io[n].err, 0);
		buffer_free(&b);
		t_fini();
	}
	assert_int_equal(host_log_count(XN_WARN), 0);
}

static void test_notifications(void **state)
{
	struct io io[DEPTH];
	struct buffer b;
	unsigned int i;

	t_connect(&t_config);
	/* A port's first event comes when it is bound. */
	t.b.notified = 0;
	t.events = 0;
	buffer_make(&b, 1);
	for (i = 0; i < 10; i++)
		t_submit(&io[i], XN_BLK_READ, 0, &b);
	host_pump();
	assert_int_equal(t.b.notified, 0);
	t_push();
	assert_int_equal(t.b.notified, 1);
	assert_int_equal(t.b.requests, 10);
	assert_int_equal(t.completed, 10);
	assert_int_equal(t.events, 1);
	/* Nothing new: no notification. */
	t_push();
	assert_int_equal(t.b.notified, 1);
	/* The backend has not asked for another notification yet. */
	t.b.bus.asleep = true;
	for (i = 0; i < 5; i++) {
		t_submit(&io[i], XN_BLK_READ, 0, &b);
		t_push();
	}
	assert_int_equal(t.b.notified, 2);
	be_run(&t.b.queue[0]);
	host_pump();
	assert_int_equal(t.completed, 15);
	assert_int_equal(t.blk.queue[0].stats.notifications, 2);
	buffer_free(&b);
	t_fini();
}

/* Each completion submits a request, which is answered at once. */
static struct {
	struct io io[3000];
	unsigned int n;
	struct buffer b;
	bool polled;
} storm;

static void storm_more(struct xn_blk_queue *q)
{
	storm.polled |= q->polling;
	if (storm.n == XN_ARRAY_SIZE(storm.io))
		return;
	assert_int_equal(t_submit(&storm.io[storm.n++], XN_BLK_READ, 0,
				  &storm.b), 0);
	xn_blk_push(q);
	be_run(&t.b.queue[0]);
}

/* An upcall ends after many responses, and nothing is lost then. */
static void test_storm(void **state)
{
	unsigned int i;

	t_connect(&t_config);
	memset(&storm, 0, sizeof(storm));
	buffer_make(&storm.b, 1);
	/* Enough at once for a batch, so that more come within one upcall. */
	while (storm.n < 20)
		assert_int_equal(t_submit(&storm.io[storm.n++], XN_BLK_READ, 0,
					  &storm.b), 0);
	t.on_complete = storm_more;
	t_push();
	assert_true(storm.polled);
	assert_int_equal(storm.n, XN_ARRAY_SIZE(storm.io));
	assert_int_equal(t.completed, XN_ARRAY_SIZE(storm.io));
	for (i = 0; i < XN_ARRAY_SIZE(storm.io); i++)
		assert_int_equal(storm.io[i].err, 0);
	t.on_complete = NULL;
	assert_false(t.blk.queue[0].polling);
	assert_int_equal(t_do(XN_BLK_READ, 0, &storm.b), 0);
	buffer_free(&storm.b);
	t_fini();
}

/* ---- changes ---- */

static void test_resize(void **state)
{
	t_connect(&t_config);
	host_pump();
	assert_int_equal(t.resized, 0);
	be_write(&t.b.bus, "sectors", "32768");
	host_pump();
	assert_int_equal(t.resized, 1);
	assert_int_equal(t.blk.info.sectors, 32768);
	/* Linux's backend writes its state again. */
	be_state(&t.b.bus, XenbusStateConnected);
	host_pump();
	assert_int_equal(t.resized, 1);
	assert_int_equal(t.connected, 1);
	t_fini();
}

/* Invalid sizes are counted each time, but reported once. */
static void test_resize_nonsense(void **state)
{
	static const char *const sizes[] = { "many", "-5", "9", "32768", "" };
	unsigned int i;
	uint64_t before;

	t_connect(&t_config);
	before = host_stat_get(XN_STAT_REFUSED);
	for (i = 0; i < XN_ARRAY_SIZE(sizes); i++) {
		be_write(&t.b.bus, "sectors", sizes[i]);
		host_pump();
	}
	assert_int_equal(t.resized, 2);
	assert_int_equal(t.blk.info.sectors, 32768);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), before + 3);
	assert_int_equal(host_log_count(XN_WARN), 1);
	t_fini();
}

/* Without an answer, the size is read again. */
static void test_resize_unanswered(void **state)
{
	t_connect(&t_config);
	host_fail(HOST_FAULT_STORE, 1, -EAGAIN);
	be_write(&t.b.bus, "sectors", "32768");
	host_pump();
	assert_true(host_fault_done());
	assert_int_equal(t.resized, 0);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(t.resized, 1);
	t_fini();
}

/* Notifying the backend fails: the device closes, and no request hangs. */
static void test_notify_refused(void **state)
{
	struct buffer b;
	struct io io;

	t_connect(&t_config);
	buffer_make(&b, 1);
	assert_int_equal(t_submit(&io, XN_BLK_WRITE, 0, &b), 0);
	host_fail_hypercall(1, -EINVAL);
	t_push();
	assert_true(host_fault_done());
	assert_true(io.done);
	assert_int_equal(io.err, -EIO);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_non_null(strstr(host_log_last(), "notified"));
	buffer_free(&b);
	t_fini();
}

/* The same while the backend closes, for which another work waits. */
static void test_notify_refused_closing(void **state)
{
	struct buffer b;
	struct io io;

	t_connect(&t_config);
	buffer_make(&b, 1);
	t.b.bus.asleep = true;
	assert_int_equal(t_submit(&io, XN_BLK_WRITE_FUA, 0, &b), 0);
	t_push();
	t.b.bus.asleep = false;
	be_state(&t.b.bus, XenbusStateClosing);
	/* The notification of the flush after the write fails. */
	host_fail_hypercall(1, -EINVAL);
	be_run(&t.b.queue[0]);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_true(host_fault_done());
	assert_true(io.done);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	buffer_free(&b);
	t_fini();
}

/* The backend closes after answering what is in flight. */
static void test_closing(void **state)
{
	struct buffer b;
	struct io io[4];
	unsigned int i;

	t_connect(&t_config);
	buffer_make(&b, 2);
	t.b.bus.asleep = true;
	for (i = 0; i < 4; i++)
		t_submit(&io[i], XN_BLK_WRITE, i, &b);
	t_push();
	t.b.bus.asleep = false;
	be_run(&t.b.queue[0]);
	be_state(&t.b.bus, XenbusStateClosing);
	host_pump();
	assert_int_equal(t.closing, 1);
	for (i = 0; i < 4; i++) {
		assert_true(io[i].done);
		assert_int_equal(io[i].err, 0);
	}
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_int_equal(be_number(&t.b.bus, t.b.bus.path, "state"),
			 XenbusStateClosed);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), -ENODEV);
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	buffer_free(&b);
	t_unplug();
	host_pump();
	t_fini();
	assert_int_equal(t.closing, 1);
	assert_int_equal(host_log_count(XN_WARN), 0);
}

/* The backend closes, and comes back with another disk. */
static void test_back_again(void **state)
{
	struct buffer b;

	t_connect(&t_config);
	be_state(&t.b.bus, XenbusStateClosing);
	host_pump();
	assert_int_equal(be_number(&t.b.bus, t.b.bus.path, "state"),
			 XenbusStateClosed);
	be_offer(&t.b, "sectors", "8192");
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	assert_int_equal(t.connected, 2);
	assert_int_equal(t.info.sectors, 8192);
	buffer_make(&b, 20);
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), 0);
	buffer_free(&b);
	t_fini();
	assert_int_equal(t.closing, 2);
}

/* The same, but the guest sees only the new one. */
static void test_back_silently(void **state)
{
	struct buffer b;
	struct io io;

	t_connect(&t_config);
	buffer_make(&b, 20);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io, XN_BLK_READ, 0, &b), 0);
	t_push();
	be_disconnect(&t.b.bus);
	t.b.bus.hold = false;
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	assert_true(io.done);
	assert_int_equal(io.err, -EIO);
	assert_int_equal(t.closing, 1);
	assert_int_equal(t.connected, 2);
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), 0);
	buffer_free(&b);
	t_fini();
}

/* Unplugged and plugged again, with a new frontend each time. */
static void test_plug(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		t_connect(&t_config);
		be_state(&t.b.bus, XenbusStateClosing);
		host_pump();
		t_unplug();
		host_pump();
		t_fini();
		assert_int_equal(host_gnttab_active(t.x.host), 0);
		t_plug();
	}
	assert_int_equal(t.connected, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, t_setup, \
						   t_teardown)
	const struct CMUnitTest tests[] = {
		TEST(connect),
		TEST(connect_bare),
		TEST(connect_early_backend),
		TEST(store_busy),
		TEST(load_again),
		TEST(leave),
		TEST(bad_config),
		TEST(connected_refused),
		TEST(data),
		TEST(data_not_persistent),
		TEST(untrusted),
		TEST(untrusted_nonsense),
		TEST(data_long),
		TEST(pieces),
		TEST(bad_lists),
		TEST(errors),
		TEST(flush),
		TEST(barrier),
		TEST(no_cache),
		TEST(discard),
		TEST(discard_odd),
		TEST(discard_rounded),
		TEST(full_ring),
		TEST(large_rings),
		TEST(load_other),
		TEST(load_other_driver),
		TEST(unplug_handshake),
		TEST(queues),
		TEST(few_slots),
		TEST(grow),
		TEST(notifications),
		TEST(storm),
		TEST(resize),
		TEST(resize_nonsense),
		TEST(resize_unanswered),
		TEST(notify_refused),
		TEST(notify_refused_closing),
		TEST(closing),
		TEST(back_again),
		TEST(back_silently),
		TEST(plug),
	};

	return cmocka_run_group_tests_name("blk", tests, NULL, NULL);
}
