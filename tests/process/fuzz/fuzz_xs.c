// SPDX-License-Identifier: MIT
/*
 * The connection to xenstore (docs/misc/xenstore-ring.txt of Xen,
 * xen-public/io/xs_wire.h): the page is shared, and xenstored, or whatever has
 * taken its place, writes any byte of it at any time; it sends answers without
 * a request, or does not answer. The guest has several requests in flight
 * meanwhile, with transactions and watches. Each of them ends in bounded time.
 *
 * Input: what the guest requests and, while it waits, what the host does.
 */
#include "fuzz.h"
#include "xs_guest.h"

#define NR_WORKERS	3u
#define NR_WATCHES	3u
#define NR_PENDING	8u

enum host_op {
	HOST_ANSWER,	/* the correct answer to one request */
	HOST_REPLY,	/* an answer that may be wrong */
	HOST_EVENTS, HOST_CHANGE,
	HOST_FRAGMENT, HOST_NOTIFY, HOST_CONFLICT, HOST_GUEST,
	/* An honest host does none of these. */
	HOST_RAW, HOST_INDEX, HOST_SCRIBBLE, HOST_DEAF, HOST_NO_NOTIFY,
	NR_HOST_OPS
};

enum guest_op {
	READ, READ_UINT, WRITE, RM, LIST, TRANSACT, WATCH, UNWATCH,
	NR_GUEST_OPS,
	PUMP = NR_GUEST_OPS, TIME, RECONNECT,
	NR_OPS
};

struct watch {
	struct xn_xs_watch w;
	bool set, busy, reads;
	unsigned int calls;
};

struct worker {
	struct xn_work work;
	bool busy;
};

static struct {
	struct xs_guest *xg;
	struct xn_xs *xs;
	struct xenstore_domain_interface *page;
	struct host_xs_lies *lies;
	bool up, hostile, honest, prompt, ending;
	unsigned int errors, depth;
	struct watch watch[NR_WATCHES];
	struct worker worker[NR_WORKERS];
	struct {
		struct xsd_sockmsg hdr;
		char body[XENSTORE_PAYLOAD_MAX + 1];
	} pending[NR_PENDING];
	unsigned int nr_pending;
} t;

/* ---- the guest ---- */

static const char *path(void)
{
	static char longest[300];
	static const char *const paths[] = {
		"a", "b/c", "watched", "", "%s", longest, "/", "a b",
	};

	memset(longest, 'x', sizeof(longest) - 1);
	return paths[fuzz_below(t.honest ? 3 : XN_ARRAY_SIZE(paths))];
}

static void read_op(void)
{
	const char *p = path();
	unsigned int size = fuzz_u8() + 1u;
	char *buf = malloc(size);
	int n = xn_xs_read(t.xs, 0, p, "", buf, size);

	assert_true(n < (int)size);
	assert_int_equal(buf[n < 0 ? 0 : n], '\0');
	if (t.honest && n != -ETIMEDOUT && n != -EMSGSIZE) {
		if (!strcmp(p, "a"))
			assert_string_equal(buf, "value of a");
		else if (!strcmp(p, "b/c"))
			assert_int_equal(n, 0);
	}
	free(buf);
}

static void list_op(void)
{
	unsigned int size = fuzz_u8();
	char *buf = malloc(size);
	int n = xn_xs_list(t.xs, 0, path(), "", buf, size);
	int at;

	assert_true(n <= (int)size);
	for (at = 0; at < n; at += strlen(buf + at) + 1)
		assert_true(buf[at] && strcmp(buf + at, "..") &&
			    !strchr(buf + at, '/'));
	assert_true(n < 0 || at == n);
	free(buf);
}

static int change(struct xn_xs *xs, uint32_t txn, void *data)
{
	unsigned int *tries = data;
	char buf[8];
	int err;

	assert_true(txn);
	assert_in_range(++*tries, 1, 32);
	err = xn_xs_read(xs, txn, "a", "", buf, sizeof(buf));
	if (err < 0 && err != -EMSGSIZE)
		return err;
	return xn_xs_write(xs, txn, "changed", "", "1");
}

static void watched(struct xn_xs_watch *x)
{
	struct watch *w = xn_container_of(x, struct watch, w);
	char buf[16];

	assert_true(w->set || w->busy);
	assert_int_equal(x->running, true);
	w->calls++;
	if (w->reads)
		xn_xs_read(t.xs, 0, "watched", "", buf, sizeof(buf));
}

static void watch_op(bool set)
{
	struct watch *w = &t.watch[fuzz_below(NR_WATCHES)];
	bool reads = fuzz_below(2);

	/* Not within the watch's function: xn_xs_unwatch() waits for it. */
	if (w->busy || w->set == set || t.ending || w->w.running)
		return;
	w->busy = true;
	if (set) {
		memset(&w->w, 0, sizeof(w->w));
		strcpy(w->w.path, "watched");
		w->w.fn = watched;
		w->reads = reads;
		w->set = !xn_xs_watch(t.xs, &w->w);
	} else {
		xn_xs_unwatch(t.xs, &w->w);
		w->set = false;
	}
	w->busy = false;
}

static void guest_op(enum guest_op op)
{
	unsigned int tries = 0;
	uint64_t val;

	/* All workers at once, and the operation that they interrupted. */
	assert_in_range(++t.depth, 1, NR_WORKERS + 1);
	switch (op) {
	case READ:
		read_op();
		break;
	case READ_UINT:
		if (!xn_xs_read_uint(t.xs, 0, path(), "", 1000, &val))
			assert_in_range(val, 0, 1000);
		break;
	case WRITE:
		xn_xs_write(t.xs, 0, "w", "", "something");
		break;
	case RM:
		xn_xs_rm(t.xs, 0, "w", "");
		break;
	case LIST:
		list_op();
		break;
	case TRANSACT:
		xn_xs_transact(t.xs, change, &tries);
		break;
	case WATCH:
		watch_op(true);
		break;
	default:
		watch_op(false);
		break;
	}
	t.depth--;
}

/* Another request, while others wait for their answers. */
static void worker(struct xn_work *work)
{
	struct worker *w = xn_container_of(work, struct worker, work);

	if (t.up)
		guest_op(fuzz_below(NR_GUEST_OPS));
	w->busy = false;
}

static void start_worker(void)
{
	struct worker *w = &t.worker[fuzz_below(NR_WORKERS)];

	if (w->busy || t.ending)
		return;
	w->busy = true;
	xn_work_schedule(&w->work, 0);
}

/* ---- the host ---- */

/* Would the real xenstored accept this as a request? */
static bool sound(const struct xsd_sockmsg *hdr, const char *body)
{
	size_t first = strlen(body) + 1;

	if (!hdr->len || first > hdr->len ||
	    (hdr->type != XS_WRITE && body[hdr->len - 1]))
		return false;
	return (hdr->type != XS_WATCH && hdr->type != XS_UNWATCH) ||
	       first < hdr->len;
}

static bool request(void *data, const struct xsd_sockmsg *hdr,
		    const char *body)
{
	if (!sound(hdr, body))
		return true;
	if (!t.hostile || t.prompt || t.nr_pending == NR_PENDING)
		return false;
	t.pending[t.nr_pending].hdr = *hdr;
	memcpy(t.pending[t.nr_pending++].body, body, hdr->len + 1);
	return true;
}

static void answer(unsigned int i)
{
	host_xs_answer(t.xg->h, &t.pending[i].hdr, t.pending[i].body);
	t.pending[i] = t.pending[--t.nr_pending];
}

/* The right type, an error or any; the right id or any near it; any body. */
static void reply(void)
{
	static const char *const bodies[] = {
		"", "OK", "ENOENT", "EAGAIN", "EINVAL", "1", "a", "4294967296",
	};
	unsigned int how = fuzz_u8(), type, id = 0;
	const uint8_t *body;
	size_t len;

	type = how & 1 ? XS_ERROR : XS_READ;
	if (t.nr_pending) {
		unsigned int i = fuzz_below(t.nr_pending);

		id = t.pending[i].hdr.req_id;
		if (!(how & 1))
			type = t.pending[i].hdr.type;
		if (how & 2)
			t.pending[i] = t.pending[--t.nr_pending];
	}
	if (how & 4 && !t.honest)
		id += fuzz_number();
	if (how & 8)
		type = fuzz_number();
	if (how & 16) {
		body = fuzz_bytes(fuzz_u8(), &len);
		host_xs_send(t.xg->h, type, id, body, len);
	} else {
		body = (const uint8_t *)bodies[(how >> 5)];
		host_xs_send(t.xg->h, type, id, body,
			     strlen((const char *)body) + 1);
	}
}

static void events(void)
{
	unsigned int n = fuzz_below(32), how = fuzz_u8();
	char body[64];
	int len;

	len = snprintf(body, sizeof(body), "watched%c%u", 0,
		       t.xs->first_id + (how & 0x3f)) + 1;
	if (how & 0x40)
		len -= how & 7;
	if (how & 0x80)
		body[how % len] = fuzz_u8();
	while (n--)
		host_xs_send(t.xg->h, XS_WATCH_EVENT, 0, body, len);
}

static void index_op(void)
{
	uint32_t *const idx[] = {
		&t.page->rsp_prod, &t.page->rsp_cons, &t.page->req_prod,
		&t.page->req_cons, &t.page->server_features,
		&t.page->connection, &t.page->error,
	};
	uint32_t *at = idx[fuzz_below(XN_ARRAY_SIZE(idx))];

	if (fuzz_below(2))
		*at += fuzz_number();
	else
		*at = fuzz_number();
}

static void host_op(enum host_op op)
{
	const uint8_t *data;
	size_t len;

	switch (op) {
	case HOST_ANSWER:
		if (t.nr_pending)
			answer(fuzz_below(t.nr_pending));
		break;
	case HOST_REPLY:
		if (!t.honest)
			reply();
		break;
	case HOST_EVENTS:
		events();
		break;
	case HOST_CHANGE:
		host_xs_printf(t.xg->h, "watched", "%u", fuzz_u8());
		break;
	case HOST_FRAGMENT:
		/* Byte by byte would take more than FUZZ_ROUNDS. */
		t.lies->fragment = fuzz_u8() | 32;
		break;
	case HOST_NOTIFY:
		host_port_notify(host_store_port(t.xg->g));
		break;
	case HOST_CONFLICT:
		/* A few, more than a transaction has tries, or for ever. */
		t.lies->conflicts = fuzz_below(40);
		if (t.lies->conflicts == 39)
			t.lies->conflicts = ~0u;
		break;
	case HOST_GUEST:
		start_worker();
		break;
	case HOST_RAW:
		data = fuzz_bytes(fuzz_u8(), &len);
		host_xs_send_raw(t.xg->h, data, len);
		break;
	case HOST_INDEX:
		index_op();
		break;
	case HOST_DEAF:
		t.lies->deaf = !t.lies->deaf;
		break;
	case HOST_NO_NOTIFY:
		t.lies->no_notify = !t.lies->no_notify;
		break;
	default:
		((uint8_t *)t.page)[fuzz_u16() % sizeof(*t.page)] = fuzz_u8();
		break;
	}
}

/* In each round of the pump; a byte that is no operation lets it end. */
static bool step(void *data)
{
	unsigned int op;

	if (!t.hostile || !fuzz_left())
		return false;
	op = fuzz_u8();
	if (op >= 3 * NR_HOST_OPS)
		return false;
	op %= t.honest ? HOST_RAW : NR_HOST_OPS;
	fuzz_bound();
	host_op(op);
	return true;
}

/* ---- one run ---- */

static void connect(bool hostile)
{
	/* Two connections that are given up, and the failure to connect. */
	t.errors += 3;
	t.hostile = hostile;
	t.up = false;
	memset(&t.xg->xn.xs, 0, sizeof(t.xg->xn.xs));
	t.up = !xs_guest_connect(t.xg);
	t.hostile = true;
}

static void disconnect(void)
{
	unsigned int i;

	t.ending = true;
	for (i = 0; i < NR_WATCHES; i++)
		if (t.watch[i].set)
			xn_xs_unwatch(t.xs, &t.watch[i].w);
	memset(t.watch, 0, sizeof(t.watch));
	assert_true(!t.up || !t.xs->watches);
	if (t.up)
		xn_xs_fini(t.xs);
	t.up = false;
	assert_null(t.xs->requests);
	assert_int_equal(t.xs->users, 0);
	t.ending = false;
}

static void start(void)
{
	static const struct host_config cfg = {
		.ram_pages = 64, .max_grant_frames = 1, .max_maps = 1,
	};
	unsigned int how = fuzz_u8(), i;

	memset(&t, 0, sizeof(t));
	t.xg = xs_guest_create_with(&cfg);
	t.xs = &t.xg->xn.xs;
	t.page = t.xg->page;
	t.lies = host_xs_lies(t.xg->h);
	t.lies->request = request;
	t.honest = how & 1;
	t.prompt = t.honest && how & 32;
	for (i = 0; i < NR_WORKERS; i++)
		xn_work_init(&t.worker[i].work, worker);
	host_xs_write(t.xg->h, "a", "value of a");
	host_xs_write(t.xg->h, "b/c", "");
	host_xs_write(t.xg->h, "watched", "1");
	fuzz_watch_rounds(t.xg->g);
	host_add_step(t.xg->g, step, NULL);
	if (how & 2)
		t.page->server_features = how >> 6;
	/* Requests or answers that an earlier user has left in the rings. */
	if (how & 4 && !t.honest)
		t.page->req_prod += how >> 3;
	if (how & 8)
		host_xs_send(t.xg->h, XS_READ, 1, "left", 4);
	fuzz_bound();
	connect(how & 16 && !t.honest);
}

static void run_op(enum guest_op op)
{
	if (op == PUMP) {
		host_pump();
	} else if (op == TIME) {
		host_run(1000ull << fuzz_below(28));
	} else if (op == RECONNECT) {
		disconnect();
		connect(!t.honest);
	} else {
		guest_op(op);
	}
	assert_int_equal(t.depth, 0);
	assert_in_range(host_log_count(XN_ERR), 0, t.errors);
}

/* The host behaves again, as far as it still can. */
static void stop(void)
{
	fuzz_bound();
	t.hostile = false;
	t.lies->conflicts = 0;
	t.lies->deaf = false;
	t.lies->no_notify = false;
	t.lies->fragment = 0;
	while (t.nr_pending)
		answer(0);
	host_pump();
	disconnect();
	host_pump();
	fuzz_bound();
	host_run(XN_NSEC_PER_SEC);
	assert_in_range(host_log_count(XN_ERR), 0, t.errors);
	if (t.honest) {
		assert_int_equal(host_log_count(XN_ERR), 0);
		assert_int_equal(host_xs_watches(t.xg->h), 0);
	}
	xs_guest_destroy(t.xg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	start();
	while (fuzz_left()) {
		fuzz_bound();
		run_op(fuzz_below(NR_OPS));
	}
	stop();
	return 0;
}
