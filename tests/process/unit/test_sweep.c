// SPDX-License-Identifier: MIT
/*
 * Every fault in the life of the rooms below the devices: events and grants in
 * all their forms, xenstore, the console, other domains' pages, the balloon.
 * Each is started, used, ended, and started again. See sweep.h.
 */
#include <xenion/hypercall.h>
#include <xenion/console.h>

#include "sweep.h"
#include "store_guest.h"

/* Set when there is no fault: each step must succeed then. */
static bool strict;

static bool fine(int err)
{
	if (strict && err)
		fail_msg("error %d without a fault", err);
	return !err;
}

struct rooms {
	const struct xn_evtchn_ops *ops;
	unsigned int version;		/* of the grant table */
};

/* ---- events and grants ---- */

static unsigned int seen;

static void event(void *data, evtchn_port_t port)
{
	seen++;
}

static void use_events(struct host_xenion *x)
{
	struct xn_evtchn_table *t = &x->guest.evtchn;
	evtchn_port_t port, ipi, virq;
	struct host_port *peer;
	int err;

	if (fine(xn_evtchn_bind_unbound(t, 0, event, NULL, &port))) {
		peer = host_port_connect(x->host, port, NULL, NULL);
		assert_non_null(peer);
		xn_evtchn_unmask(t, port);
		host_pump();
		seen = 0;
		host_port_notify(peer);
		host_pump();
		assert_int_equal(seen, 1);
		fine(xn_evtchn_send(port));
		fine(xn_evtchn_move(t, port, 1));
		host_port_notify(peer);
		host_pump();
		assert_int_equal(seen, 2);
		if (t->ops->priorities)
			fine(xn_evtchn_set_priority(t, port, 3));
		xn_evtchn_unbind(t, port);
	}
	if (fine(xn_evtchn_bind_ipi(t, 1, event, NULL, &ipi))) {
		xn_evtchn_unmask(t, ipi);
		seen = 0;
		if (fine(xn_evtchn_send(ipi))) {
			host_pump();
			assert_int_equal(seen, 1);
		}
		xn_evtchn_unbind(t, ipi);
	}
	/* A high port, so that the tables have to grow. */
	host_port_first(x->host, 1500);
	err = xn_evtchn_bind_virq(t, VIRQ_DEBUG, 1, event, NULL, &virq);
	/* A VIRQ that Xen did not close is still bound. */
	if (!(err == -EEXIST && sweep_undo_failed()) && fine(err))
		xn_evtchn_unbind(t, virq);
	host_port_first(x->host, 1);
}

static void use_grants(struct host_xenion *x)
{
	struct xn_gnttab *gt = &x->guest.gnttab;
	static grant_ref_t ref[1200];
	unsigned int n = 0, i;
	grant_ref_t shared;
	char *page, byte;

	fine(xn_gnttab_reserve(gt, 600));
	while (n < XN_ARRAY_SIZE(ref) && fine(xn_gnttab_get(gt, &ref[n])))
		n++;
	for (i = 0; i < n; i++)
		xn_gnttab_free(gt, ref[i]);
	page = xn_os_page_alloc();
	if (!fine(page ? 0 : -ENOMEM))
		return;
	*page = 'g';
	if (fine(xn_gnttab_grant_page(gt, 0, page, true, &shared))) {
		assert_int_equal(host_gnttab_read(x->host, 0, shared, 0, &byte,
						  1), 0);
		assert_int_equal(byte, 'g');
		xn_gnttab_end_page(gt, shared, page, xn_os_page_free);
	} else {
		xn_os_page_free(page);
	}
	assert_int_equal(xn_gnttab_used(gt), 0);
	host_run(XN_NSEC_PER_SEC);
}

static void life(struct host_xenion *x, const struct rooms *r)
{
	if (!fine(host_xenion_load(x, r->ops)))
		return;
	use_events(x);
	use_grants(x);
	assert_int_equal(host_xenion_unload(x), 0);
}

static void run_rooms(const void *arg)
{
	const struct rooms *r = arg;
	const struct host_config cfg = {
		.nr_vcpus = 2, .gnttab_wanted = r->version,
	};
	struct host_xenion x;
	unsigned int lost;

	x.host = host_guest_create(&cfg);
	strict = false;
	sweep_arm();
	life(&x, r);
	sweep_disarm();
	host_run(XN_NSEC_PER_SEC);
	sweep_check_leaks(x.host);
	lost = host_guest_leaks(x.host);
	if (sweep_can_retry(x.host)) {
		strict = true;
		life(&x, r);
		/* Nothing else is lost. */
		assert_in_range(host_guest_leaks(x.host), 0, lost);
	}
	host_guest_destroy(x.host);
}

/* ---- xenstore ---- */

static unsigned int told;

static void watch_called(struct xn_xs_watch *w)
{
	told++;
}

static int change(struct xn_xs *xs, uint32_t txn, void *data)
{
	uint64_t old = 0;
	int err;

	err = xn_xs_read_uint(xs, txn, "data", "count", ~0ull, &old);
	if (err && err != -ENOENT)
		return err;
	err = xn_xs_write_uint(xs, txn, "data", "count", old + 1);
	if (!err)
		err = xn_xs_write(xs, txn, "data", "name", "value");
	return err;
}

static void use_store(struct xn_xs *xs, struct host_xs *h)
{
	struct xn_xs_watch w = { .path = "data", .fn = watch_called };
	char buf[256];
	long long before, after;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		int err;

		before = host_xs_read_int(h, "data/count");
		err = xn_xs_transact(xs, change, NULL);
		after = host_xs_read_int(h, "data/count");
		/* All or nothing was written, as the result says. */
		if (fine(err))
			assert_int_equal(after, before < 0 ? 1 : before + 1);
		else if (err != -ETIMEDOUT)
			assert_int_equal(after, before);
	}
	told = 0;
	if (fine(xn_xs_watch(xs, &w))) {
		host_pump();
		assert_in_range(told, 1, 2);
		told = 0;
		host_xs_write(h, "data/x", "y");
		host_pump();
		assert_int_equal(told, 1);
	}
	xn_xs_unwatch(xs, &w);
	assert_null(xs->watches);
	if (xn_xs_read(xs, XN_XS_NOTXN, "data", "x", buf, sizeof(buf)) >= 0)
		assert_string_equal(buf, "y");
	fine(xn_xs_list(xs, XN_XS_NOTXN, "data", "", buf, sizeof(buf)) > 0 ||
	     !strict ? 0 : -EIO);
	fine(xn_xs_write(xs, XN_XS_NOTXN, "data", "x", "z"));
	fine(xn_xs_rm(xs, XN_XS_NOTXN, "data", "x"));
}

static void store_life(struct host_xenion *x, struct host_xs *h)
{
	memset(&x->guest.xs, 0, sizeof(x->guest.xs));
	if (fine(guest_store_begin(x))) {
		use_store(&x->guest.xs, h);
		guest_store_end(x);
	}
}

static void run_store(const void *arg)
{
	const struct rooms *r = arg;
	struct host_xenion x;
	struct host_xs *h;
	bool lost;

	strict = true;
	assert_int_equal(host_xenion_start(&x, NULL, r->ops), 0);
	h = host_xs_create(x.host);
	strict = false;
	sweep_arm();
	store_life(&x, h);
	sweep_disarm();
	host_run(60 * XN_NSEC_PER_SEC);
	strict = true;
	store_life(&x, h);
	/* The second user leaves nothing, no matter what the first one left. */
	assert_int_equal(host_xs_watches(h), 0);
	assert_int_equal(host_xs_transactions(h), 0);
	host_xenion_unload(&x);
	lost = sweep_check_leaks(x.host);
	assert_false(lost);
	host_guest_destroy(x.host);
	host_xs_destroy(h);
}

/* ---- the console ---- */

static char printed[8192];
static unsigned int nr_printed;

static void console_daemon(void *data, struct host_port *p)
{
	struct xencons_interface *intf = data;

	while (intf->out_cons != intf->out_prod)
		printed[nr_printed++] =
			intf->out[intf->out_cons++ % sizeof(intf->out)];
	if (p)
		host_port_notify(p);
}

static void console_life(struct host_xenion *x, struct xencons_interface *intf)
{
	struct xn_console con = { 0 };
	char text[5000], in[16];
	unsigned int sent = 0, tries;
	uint64_t pfn, port;

	if (!fine(xn_hvm_param_get(HVM_PARAM_CONSOLE_PFN, &pfn)) ||
	    !fine(xn_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port)) ||
	    !fine(xn_evtchn_adopt(&x->guest.evtchn, port, event, NULL)))
		return;
	xn_evtchn_unmask(&x->guest.evtchn, port);
	xn_console_init(&con, intf, port);
	for (tries = 0; tries < sizeof(text); tries++)
		text[tries] = 'a' + tries % 23;
	nr_printed = 0;
	for (tries = 0; sent < sizeof(text) && tries < 20; tries++) {
		int n = xn_console_write(&con, text + sent,
					 sizeof(text) - sent < 900 ?
					 sizeof(text) - sent : 900);

		assert_in_range(n, 0, 900);
		sent += n;
		host_pump();
	}
	/* The daemon reads the last bytes even without a notification. */
	console_daemon(intf, NULL);
	assert_int_equal(sent, sizeof(text));
	assert_int_equal(nr_printed, sizeof(text));
	assert_memory_equal(printed, text, sizeof(text));
	intf->in[intf->in_prod % sizeof(intf->in)] = 'k';
	intf->in_prod++;
	assert_int_equal(xn_console_read(&con, in, sizeof(in)), 1);
	assert_int_equal(in[0], 'k');
	xn_evtchn_unbind(&x->guest.evtchn, port);
}

static void run_console(const void *arg)
{
	const struct rooms *r = arg;
	struct host_xenion x;
	struct xencons_interface *intf;

	strict = true;
	assert_int_equal(host_xenion_start(&x, NULL, r->ops), 0);
	intf = host_console_page(x.host);
	host_port_set_handler(host_console_port(x.host), console_daemon, intf);
	strict = false;
	sweep_arm();
	console_life(&x, intf);
	sweep_disarm();
	host_run(XN_NSEC_PER_SEC);
	strict = true;
	console_life(&x, intf);
	host_xenion_unload(&x);
	assert_false(sweep_check_leaks(x.host));
	host_guest_destroy(x.host);
}

/* ---- other domains' pages ---- */

#define NR_MAPS	40u

static grant_ref_t others_ref[NR_MAPS];

static void maps_life(struct host_xenion *x, struct host_guest *other)
{
	struct xn_gntmap_req req[NR_MAPS];
	struct gnttab_copy copy[2];
	char *page = xn_os_page_alloc();
	struct xn_gntmap m;
	unsigned int i;

	if (!fine(page ? 0 : -ENOMEM))
		return;
	if (fine(xn_gntmap_init(&m, NR_MAPS + 3))) {
		for (i = 0; i < NR_MAPS; i++)
			req[i] = (struct xn_gntmap_req){
				.slot = i, .ref = others_ref[i],
				.domid = host_guest_domid(other),
			};
		fine(xn_gntmap_map(&m, req, NR_MAPS));
		for (i = 0; i < NR_MAPS; i++)
			if (fine(req[i].err))
				assert_int_equal(*(char *)xn_gntmap_va(&m, i),
						 'o');
		/* The next try may map what Xen did not. */
		xn_gntmap_map(&m, req, NR_MAPS);
		fine(xn_gntmap_unmap(&m, req, NR_MAPS));
		xn_gntmap_fini(&m);
	}
	for (i = 0; i < 2; i++)
		xn_gntcopy_from(&copy[i], host_guest_domid(other),
				others_ref[i], 0, page + i, 1);
	if (fine(xn_gnttab_copy(copy, 2)))
		assert_memory_equal(page, "oo", 2);
	xn_os_page_free(page);
}

static void run_maps(const void *arg)
{
	struct host_guest *other;
	struct host_xenion x;
	unsigned int i;

	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	other = host_guest_create(NULL);
	for (i = 0; i < NR_MAPS; i++) {
		struct grant_entry_v1 *e;
		char *page = xn_os_page_alloc();

		*page = 'o';
		others_ref[i] = 9 + i;
		e = host_gnttab_entry(other, others_ref[i]);
		e->frame = xn_os_gfn(page);
		e->domid = host_guest_domid(x.host);
		e->flags = GTF_permit_access;
	}
	host_guest_enter(x.host, 0);
	strict = false;
	sweep_arm();
	maps_life(&x, other);
	sweep_disarm();
	strict = true;
	maps_life(&x, other);
	host_xenion_unload(&x);
	sweep_check_leaks(x.host);
	host_guest_destroy(x.host);
	host_guest_destroy(other);
}

/* ---- the balloon ---- */

#define NR_BALLOON	600u

static void run_balloon(const void *arg)
{
	static void *page[NR_BALLOON], *back[NR_BALLOON];
	struct host_guest *g = host_guest_create(NULL);
	struct xn_balloon b = { 0 };
	int out, in = 0, got, i;

	for (i = 0; i < (int)NR_BALLOON; i++)
		page[i] = xn_os_page_alloc();
	sweep_arm();
	out = xn_balloon_give(&b, page, NR_BALLOON);
	xn_balloon_current();
	xn_balloon_limit();
	got = out > 0 ? xn_balloon_take(&b, back, out) : 0;
	sweep_disarm();
	if (out < 0)
		out = 0;
	if (got > 0)
		in = got;
	assert_int_equal(b.count, out - in);
	assert_int_equal(host_pages_gone(g), out - in);
	/* Without a fault, the rest comes back. */
	while (in < out) {
		got = xn_balloon_take(&b, back + in, out - in);
		assert_in_range(got, 1, out - in);
		in += got;
	}
	assert_int_equal(b.lost, 0);
	assert_int_equal(host_pages_gone(g), 0);
	for (i = 0; i < in; i++)
		xn_os_page_free(back[i]);
	for (i = out; i < (int)NR_BALLOON; i++)
		xn_os_page_free(page[i]);
	xn_balloon_fini(&b);
	assert_int_equal(host_guest_leaks(g), 0);
	host_guest_destroy(g);
}

static const struct rooms
	twolevel_v1 = { &xn_evtchn_twolevel, 1 },
	twolevel_v2 = { &xn_evtchn_twolevel, 2 },
	fifo_v1 = { &xn_evtchn_fifo, 1 },
	fifo_v2 = { &xn_evtchn_fifo, 2 };

static const struct sweep_scenario scenarios[] = {
	{ "rooms-2level-v1", run_rooms, &twolevel_v1 },
	{ "rooms-2level-v2", run_rooms, &twolevel_v2 },
	{ "rooms-fifo-v1", run_rooms, &fifo_v1 },
	{ "rooms-fifo-v2", run_rooms, &fifo_v2 },
	{ "store-2level", run_store, &twolevel_v1 },
	{ "store-fifo", run_store, &fifo_v1 },
	{ "console-2level", run_console, &twolevel_v1 },
	{ "console-fifo", run_console, &fifo_v1 },
	{ "maps", run_maps, NULL },
	{ "balloon", run_balloon, NULL },
};

int main(void)
{
	return sweep_all("sweep", scenarios, XN_ARRAY_SIZE(scenarios));
}
