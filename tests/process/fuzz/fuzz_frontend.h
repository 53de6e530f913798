/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets of frontends share, fuzz_blk.c, fuzz_net.c and
 * fuzz_9p.c: a guest with one device, which it attaches and detaches at any
 * time, and the device's backend, which follows the frontend's states unless
 * fe_manual() turns that off, writes its nodes, and comes and goes at any time.
 * A struct fe_device describes what is particular to a target. The target
 * includes its *_backend.h first, which defines "t".
 *
 * The byte of an operation is its place in the target's table: add a new one at
 * the end, or all corpora change their meaning.
 */
#ifndef XENION_FUZZ_FRONTEND_H
#define XENION_FUZZ_FRONTEND_H

#include "fuzz_guest.h"
#include "fuzz_pages.h"

/* An operation: one of the three is set. */
struct fe_op {
	void (*run)(void);
	/* Called only while the backend has nodes in xenstore. */
	void (*plugged)(void);
	/* Called only with a connected ring. */
	void (*ring)(struct be_queue *q);
};

struct fe_device {
	/* .connect leaves out whatever the frontend's nodes do not allow. */
	const struct be_kind *kind;
	unsigned int id;
	const struct fe_op *ops;
	unsigned int nr_ops;
	/* Names of the backend's nodes, for fe_node(). */
	const char *const *nodes;
	unsigned int nr_nodes;

	/* Reads the head of the input: fe_begin(), t_plug(), fe_attach(). */
	void (*begin)(void);
	/* The frontend's init and fini; fini leaves no request unanswered. */
	int (*init)(void);
	void (*fini)(void);
	/* Takes completed requests back, after each operation. */
	void (*reap)(void);
	/* Returns: a ring, with all its pages and its port; or NULL. */
	struct be_queue *(*ring)(void);
	/* For fe_map() and fe_write(). Returns: any reference. */
	grant_ref_t (*any_ref)(void);
};

static const struct fe_device device;

static struct {
	bool attached, manual;
	unsigned int errors;		/* the most that may be logged */
} fe;

/* ---- the backend ---- */

static inline void fe_disconnect(void)
{
	struct be_bus *bus = &t.b.bus;

	pages_unmap_all(t.x.host);
	while (bus->nr_held)
		free(bus->held[--bus->nr_held]);
	bus->kind->disconnect(bus);
	bus->connected = false;
}

static inline void fe_connect(void)
{
	fe_disconnect();
	be_connect(&t.b.bus);
}

/* The frontend's state has changed: an orderly backend follows. */
static inline void fe_follow(void *data)
{
	struct be_bus *bus = &t.b.bus;
	long long state;

	if (fe.manual || !bus->path[0])
		return;
	state = be_number(bus, bus->front, "state");
	if (state == (long long)bus->kind->connects && !bus->connected) {
		fe_connect();
	} else if (state == (long long)bus->kind->lets_go ||
		   state == XenbusStateClosed) {
		fe_disconnect();
		be_state(bus, XenbusStateClosed);
	}
}

static inline void fe_ignore(void *data, struct host_port *p)
{
}

/* Returns: the port in a node of the frontend's, or NULL. */
static inline struct host_port *fe_port(const char *dir, const char *node)
{
	return host_port_connect(t.x.host, be_number(&t.b.bus, dir, node),
				 fe_ignore, NULL);
}

/* Returns: the page whose reference is in a node of the frontend's, or NULL. */
static inline void *fe_ring_page(const char *dir, const char *node)
{
	return pages_map_ring(t.x.host, be_number(&t.b.bus, dir, node));
}

/* ---- operations of domain 0 ---- */

static inline void fe_state(void)
{
	unsigned int state = fuzz_below(10);

	fe.errors += state > XenbusStateReconfigured;
	if (t.b.bus.path[0])
		be_state(&t.b.bus, state);
}

static inline void fe_node(void)
{
	const char *node = device.nodes[fuzz_below(device.nr_nodes)];

	if (!t.b.bus.path[0])
		return;
	/* An invalid state is reported in addition. */
	fe.errors += !strcmp(node, "state");
	fuzz_write_node(t.h, be_path(&t.b.bus, node));
}

static inline void fe_plug(void)
{
	if (!t.b.bus.path[0])
		t_plug();
}

/* The backend unmaps what it has, or not. */
static inline void fe_unplug(void)
{
	t.b.bus.path[0] = '\0';
	host_xs_unplug(t.h, device.kind->type, device.id);
	if (fuzz_below(2))
		fe_disconnect();
}

static inline void fe_manual(void)
{
	fe.manual = !fe.manual;
}

static inline void fe_map(void)
{
	pages_map(t.x.host, device.any_ref(), fuzz_below(2));
}

static inline void fe_unmap(void)
{
	pages_unmap(t.x.host, fuzz_u8());
}

static inline void fe_write(void)
{
	pages_scribble(t.x.host, device.any_ref());
}

static inline void fe_conflict(void)
{
	host_xs_lies(t.h)->conflicts = fuzz_below(64);
}

/* ---- operations of the guest ---- */

static inline void fe_pump(void)
{
	host_pump();
}

static inline void fe_no_page(void)
{
	host_fail_page(fuzz_u8());
}

static inline void fe_attach(void)
{
	if (fe.attached)
		return;
	memset(&t.dev, 0, sizeof(t.dev));
	/* The reason of its failure, whichever. */
	fe.errors++;
	if (xn_device_init(&t.dev, &t.x.guest, device.kind->type, device.id))
		return;
	fe.attached = !device.init();
	fuzz_bound();
	host_pump();
}

static inline void fe_detach(void)
{
	if (!fe.attached)
		return;
	device.fini();
	fe.attached = false;
	device.reap();
}

/* ---- an input ---- */

/* A guest, its xenstore, and a backend that is not there yet. */
static inline void fe_begin(unsigned int gnttab_version)
{
	memset(&t, 0, sizeof(t));
	memset(&fe, 0, sizeof(fe));
	t.h = fuzz_guest_start(&t.x, 6, gnttab_version);
	pages_init(t.x.host);
	be_bus_init(&t.b.bus, device.kind, t.x.host, t.h, device.id);
	host_xs_watch(t.h, FRONT "/state", fe_follow, NULL);
}

static inline void fe_run(const struct fe_op *op)
{
	struct be_queue *q;

	if (op->run) {
		op->run();
	} else if (op->plugged) {
		if (t.b.bus.path[0])
			op->plugged();
	} else {
		q = device.ring();
		if (q)
			op->ring(q);
	}
	device.reap();
	assert_in_range(host_log_count(XN_ERR), 0, fe.errors);
}

/* The guest detaches, and then the host unmaps all. */
static inline void fe_end(void)
{
	fuzz_bound();
	host_fail_page(0);
	host_xs_lies(t.h)->conflicts = 0;
	fe_detach();
	fe.manual = true;
	fe_disconnect();
	fuzz_settle(60 * XN_NSEC_PER_SEC);
	assert_in_range(host_log_count(XN_ERR), 0, fe.errors);
	pages_fini();
	guest_stop(&t.x, t.h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	device.begin();
	while (fuzz_left()) {
		fuzz_bound();
		fe_run(&device.ops[fuzz_below(device.nr_ops)]);
	}
	fe_end();
	return 0;
}

#endif /* XENION_FUZZ_FRONTEND_H */
