// SPDX-License-Identifier: MIT
/*
 * A guest that is saved and restored, or whose suspend is cancelled: vCPUs,
 * event channels in both ABIs, the grant table in both versions, and pages of
 * other domains. test_resume_xs.c and test_resume_blk.c have what is above.
 */
#include <stdlib.h>

#include "unit.h"
#include "internal.h"
#include "events/port.h"

static struct host_xenion x;
static struct xn_evtchn_table *const t = &x.guest.evtchn;
static struct xn_gnttab *const gt = &x.guest.gnttab;

static const struct host_config configs[] = {
	{ .nr_vcpus = 1 },
	{ .nr_vcpus = 4, .raw_upcalls = true, .gnttab_wanted = 2 },
	{ .nr_vcpus = 40 },
};

static const struct xn_evtchn_ops *const abis[] = {
	&xn_evtchn_twolevel, &xn_evtchn_fifo,
};

static int reset(void **state)
{
	/* After a failure, it stays. */
	if (!host_guests)
		host_reset();
	return 0;
}

static void saved_and_restored(void)
{
	assert_int_equal(host_xenion_suspend(&x), 0);
	host_guest_restore(x.host);
	assert_int_equal(host_xenion_resume(&x), 0);
}

static uint64_t hypercalls(void)
{
	return host_stat_get(XN_STAT_HYPERCALL);
}

/* ---- event channels ---- */

static unsigned int events[XN_MAX_VCPUS];

static void event(void *data, evtchn_port_t port)
{
	events[*(unsigned int *)data]++;
}

struct ports {
	evtchn_port_t ipi[XN_MAX_VCPUS], virq, unbound, half, store;
	unsigned int vcpu[XN_MAX_VCPUS];
};

/* As many as there are vCPUs, and one of each other kind. */
static void ports_bind(struct ports *p)
{
	unsigned int i;

	for (i = 0; i < t->nr_vcpus; i++) {
		p->vcpu[i] = i;
		assert_int_equal(xn_evtchn_bind_ipi(t, i, event, &p->vcpu[i],
						    &p->ipi[i]), 0);
		xn_evtchn_unmask(t, p->ipi[i]);
	}
	assert_int_equal(xn_evtchn_bind_virq(t, VIRQ_TIMER, 0, event,
					     &p->vcpu[0], &p->virq), 0);
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, &p->vcpu[0],
						&p->unbound), 0);
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, &p->vcpu[0],
						&p->half), 0);
	xn_evtchn_detach(t, p->half);
	p->store = host_port_guest_end(host_store_port(x.host));
	assert_int_equal(xn_evtchn_adopt(t, p->store, event, &p->vcpu[0]), 0);
	xn_evtchn_unmask(t, p->store);
	host_pump();
}

static void ports_unbind(struct ports *p)
{
	unsigned int i;

	for (i = 0; i < XN_MAX_VCPUS && p->ipi[i]; i++)
		xn_evtchn_unbind(t, p->ipi[i]);
	xn_evtchn_unbind(t, p->virq);
	xn_evtchn_unbind(t, p->unbound);
	xn_evtchn_close(t, p->half);
	xn_evtchn_unbind(t, p->store);
	memset(p, 0, sizeof(*p));
}

/* Each vCPU gets its events, and the toolstack's port works. */
static void ports_work(struct ports *p)
{
	unsigned int i;

	memset(events, 0, sizeof(events));
	for (i = 0; i < t->nr_vcpus; i++) {
		assert_int_equal(xn_evtchn_send(p->ipi[i]), 0);
		host_pump();
		assert_int_equal(events[i], 1);
	}
	host_port_notify(host_store_port(x.host));
	host_pump();
	assert_int_equal(events[0], 2);
}

static void begin(const struct host_config *cfg,
		  const struct xn_evtchn_ops *ops, struct ports *p)
{
	memset(p, 0, sizeof(*p));
	host_log_reset();
	assert_int_equal(host_xenion_start(&x, cfg, ops), 0);
	ports_bind(p);
	ports_work(p);
}

static void end_with(struct ports *p, unsigned int leaks)
{
	ports_unbind(p);
	assert_int_equal(host_xenion_stop(&x), leaks);
	host_reset();
}

static void end(struct ports *p)
{
	end_with(p, 0);
}

/* Lost ports are silent, keep their numbers, and cost nothing to close. */
static void ports_are_lost(struct ports *p)
{
	evtchn_port_t port, store = host_port_guest_end(host_store_port(x.host));
	unsigned int open = host_ports_open(x.host);
	uint64_t before;

	memset(events, 0, sizeof(events));
	xn_evtchn_unmask(t, p->unbound);
	host_port_notify(host_store_port(x.host));
	host_virq(x.host, VIRQ_TIMER, 0);
	host_pump();
	assert_int_equal(events[0], 0);
	/* Xen begins with the lowest numbers again. */
	assert_int_equal(xn_evtchn_adopt(t, store, event, &p->vcpu[0]), -EBUSY);
	assert_int_equal(xn_evtchn_bind_ipi(t, 0, event, &p->vcpu[0], &port),
			 -EBUSY);
	assert_int_equal(host_ports_open(x.host), open);
	before = hypercalls();
	ports_unbind(p);
	assert_int_equal(hypercalls(), before);
	assert_int_equal(host_ports_open(x.host), open);
}

static void test_events(void **state)
{
	unsigned int c, a, again;
	struct ports p;

	for (c = 0; c < XN_ARRAY_SIZE(configs); c++)
		for (a = 0; a < 2; a++) {
			begin(&configs[c], abis[a], &p);
			for (again = 0; again < 2; again++) {
				saved_and_restored();
				ports_are_lost(&p);
				assert_ptr_equal(t->ops, abis[a]);
				ports_bind(&p);
				ports_work(&p);
			}
			end(&p);
		}
}

/* A checkpoint: nothing was lost, and nothing is made twice. */
static void test_cancelled(void **state)
{
	unsigned int c, a, open;
	struct ports p;

	for (c = 0; c < XN_ARRAY_SIZE(configs); c++)
		for (a = 0; a < 2; a++) {
			begin(&configs[c], abis[a], &p);
			open = host_ports_open(x.host);
			assert_int_equal(host_xenion_suspend(&x), 0);
			assert_int_equal(host_xenion_suspend(&x), 0);
			assert_int_equal(host_ports_open(x.host), open + 1);
			assert_int_equal(host_xenion_resume(&x), 0);
			assert_int_equal(host_ports_open(x.host), open);
			assert_int_equal(xn_evtchn_survived(t), -EINVAL);
			ports_work(&p);
			end(&p);
		}
}

/* The marker's number may be the toolstack's in the new domain. */
static void test_marker(void **state)
{
	struct ports p = { .half = 0 };
	evtchn_port_t first;

	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	assert_int_equal(host_xenion_suspend(&x), 0);
	first = t->marker;
	host_port_first(x.host, first);
	host_guest_restore(x.host);
	assert_int_equal(host_port_guest_end(host_store_port(x.host)), first);
	assert_int_equal(xn_evtchn_survived(t), 0);
	/* Its daemon is not there yet. */
	x.host->chan[first].state = EVTCHNSTAT_unbound;
	x.host->chan[first].remote = 0;
	assert_int_equal(xn_evtchn_survived(t), 0);
	x.host->chan[first].state = EVTCHNSTAT_interdomain;
	assert_int_equal(host_xenion_resume(&x), 0);
	ports_bind(&p);
	ports_work(&p);
	end(&p);
}

/* The new Xen has the 2-level ABI only. */
static void test_fall_back(void **state)
{
	struct ports p;

	begin(&configs[2], NULL, &p);
	assert_ptr_equal(t->ops, &xn_evtchn_fifo);
	assert_int_equal(host_xenion_suspend(&x), 0);
	host_guest_restore(x.host);
	x.host->cfg.no_fifo = true;
	host_fail_page(1);
	assert_int_equal(host_xenion_resume(&x), -ENOMEM);
	assert_ptr_equal(t->ops, &xn_evtchn_fifo);
	assert_int_equal(host_xenion_resume(&x), 0);
	assert_ptr_equal(t->ops, &xn_evtchn_twolevel);
	/* Events of ports that the new ABI has never seen. */
	memset(x.host->shared->evtchn_mask, 0,
	       sizeof(x.host->shared->evtchn_mask));
	host_port_notify(host_store_port(x.host));
	host_pump();
	xn_evtchn_twolevel_mask_all(x.host->shared);
	ports_are_lost(&p);
	ports_bind(&p);
	ports_work(&p);
	end(&p);
}

/* What an upcall leaves is fetched by a port that is made when needed. */
static void test_relief(void **state)
{
	struct ports p;

	begin(&configs[0], &xn_evtchn_fifo, &p);
	t->vcpu[0].left = true;
	xn_work_schedule(&t->relief, 0);
	host_pump();
	assert_true(t->vcpu[0].relief);
	saved_and_restored();
	assert_int_equal(t->vcpu[0].relief, 0);
	ports_are_lost(&p);
	ports_bind(&p);
	t->vcpu[0].left = true;
	xn_work_schedule(&t->relief, 0);
	host_pump();
	assert_true(t->vcpu[0].relief);
	ports_work(&p);
	end(&p);
}

/* Every hypercall fails in turn; the second call succeeds. */
static void fail_in_turn(const struct host_config *cfg,
			 const struct xn_evtchn_ops *ops, int err, bool same)
{
	unsigned int nth, vcpus, nr, cmd;
	bool hit = true, stays;
	struct ports p;

	for (nth = 1; hit; nth++) {
		begin(cfg, ops, &p);
		assert_int_equal(host_xenion_suspend(&x), 0);
		if (!same)
			host_guest_restore(x.host);
		host_fail_hypercall(nth, err);
		(void)(host_xenion_resume(&x) && host_xenion_resume(&x));
		hit = host_fault_done();
		host_fail_hypercall(0, 0);
		assert_false(x.restored);
		/* vCPUs from the one on whose control block failed are lost. */
		vcpus = hit ? 1 : cfg->nr_vcpus;
		assert_in_range(t->nr_vcpus, vcpus, cfg->nr_vcpus);
		if (!same) {
			ports_are_lost(&p);
			ports_bind(&p);
		}
		ports_work(&p);
		/* A port that Xen does not close stays. */
		host_fault_which(&nr, &cmd);
		stays = hit && cmd == EVTCHNOP_close &&
			nr == __HYPERVISOR_event_channel_op;
		end_with(&p, stays);
	}
}

static void test_fails(void **state)
{
	static const int errs[] = { -ENOMEM, -EINVAL };
	unsigned int c, a, e;

	for (c = 0; c < 2; c++)
		for (a = 0; a < 2; a++) {
			for (e = 0; e < 2; e++)
				fail_in_turn(&configs[c], abis[a], errs[e],
					     false);
			fail_in_turn(&configs[c], abis[a], -ENOMEM, true);
		}
	fail_in_turn(&configs[2], &xn_evtchn_fifo, -ENOMEM, false);
}

static void test_no_marker(void **state)
{
	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	host_fail_hypercall(1, -ENOSPC);
	assert_int_equal(xn_evtchn_suspend(t), -ENOSPC);
	assert_int_equal(xn_evtchn_survived(t), -EINVAL);
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* ---- the grant table ---- */

static unsigned int released;

static void release(void *page)
{
	released++;
	xn_os_page_free(page);
}

#define NR_REFS	700u	/* several frames in either version */

static grant_ref_t refs[NR_REFS];

/* A third is granted, a third of these in use by the backend, one deferred. */
static void *refs_make(void)
{
	void *page = xn_os_page_alloc(), *gone = xn_os_page_alloc();
	grant_ref_t ref;
	unsigned int i;

	for (i = 0; i < NR_REFS; i++) {
		assert_int_equal(xn_gnttab_get(gt, &refs[i]), 0);
		if (i % 3)
			continue;
		xn_gnttab_grant(gt, refs[i], 0, xn_os_gfn(page), false);
		if (!(i % 9))
			assert_non_null(host_gnttab_map(x.host, 0, refs[i],
							true));
	}
	assert_int_equal(xn_gnttab_grant_page(gt, 0, gone, false, &ref), 0);
	assert_non_null(host_gnttab_map(x.host, 0, ref, true));
	assert_int_equal(xn_gnttab_end_page(gt, ref, gone, release), -EBUSY);
	released = 0;
	return page;
}

/* All of them can be ended, granted and mapped again. */
static void refs_work(void *page)
{
	unsigned int i;

	for (i = 0; i < NR_REFS; i++) {
		if (!(i % 3)) {
			assert_false(xn_gnttab_in_use(gt, refs[i]));
			assert_null(host_gnttab_map(x.host, 0, refs[i], true));
			assert_int_equal(xn_gnttab_end(gt, refs[i]), 0);
		}
		xn_gnttab_grant(gt, refs[i], 0, xn_os_gfn(page), false);
	}
	for (i = 0; i < NR_REFS; i += 50) {
		assert_ptr_equal(host_gnttab_map(x.host, 0, refs[i], true),
				 page);
		assert_int_equal(xn_gnttab_end(gt, refs[i]), -EBUSY);
		host_gnttab_unmap(x.host, refs[i], true);
	}
	for (i = 0; i < NR_REFS; i++)
		assert_int_equal(xn_gnttab_end(gt, refs[i]), 0);
}

static void refs_free(void *page)
{
	unsigned int i;

	for (i = 0; i < NR_REFS; i++)
		xn_gnttab_free(gt, refs[i]);
	xn_os_page_free(page);
	assert_int_equal(xn_gnttab_used(gt), 0);
}

/* To the limit of the table, and back. */
static void refs_use_up(void)
{
	unsigned int n = 0, size = xn_gnttab_size(gt);
	grant_ref_t *all = calloc(size, sizeof(*all));

	while (!xn_gnttab_get(gt, &all[n]))
		assert_true(++n < size);
	assert_int_equal(n, size - GNTTAB_NR_RESERVED_ENTRIES);
	while (n) {
		xn_gnttab_grant(gt, all[--n], 0, 0x1234, false);
		assert_int_equal(xn_gnttab_end(gt, all[n]), 0);
		xn_gnttab_free(gt, all[n]);
	}
	free(all);
}

static void grants(unsigned int wanted, unsigned int max_version)
{
	const struct host_config cfg = {
		.gnttab_wanted = wanted, .max_grant_frames = 7,
	};
	void *page;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	page = refs_make();
	assert_int_equal(host_xenion_suspend(&x), 0);
	host_guest_restore(x.host);
	x.host->cfg.gnttab_max_version = max_version;
	assert_int_equal(host_xenion_resume(&x), 0);
	assert_int_equal(gt->version, max_version < wanted ? max_version :
							     wanted);
	assert_int_equal(host_gnttab_version(x.host), gt->version);
	host_pump();
	assert_int_equal(released, 1);
	refs_work(page);
	refs_free(page);
	refs_use_up();
	assert_int_equal(host_xenion_stop(&x), 0);
}

static void test_grants(void **state)
{
	grants(1, 2);
	grants(2, 2);
	/* The new Xen has no version 2. */
	grants(2, 1);
}

static void test_grants_cancelled(void **state)
{
	grant_ref_t ref;
	void *page;

	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	page = xn_os_page_alloc();
	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_non_null(host_gnttab_map(x.host, 0, ref, true));
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, release), -EBUSY);
	released = 0;
	assert_int_equal(host_xenion_suspend(&x), 0);
	assert_int_equal(host_xenion_resume(&x), 0);
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(released, 0);
	host_gnttab_unmap(x.host, ref, true);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(released, 1);
	assert_int_equal(host_xenion_stop(&x), 0);
}

static void grants_fail(unsigned int wanted, int err)
{
	const struct host_config cfg = {
		.gnttab_wanted = wanted, .max_grant_frames = 7,
	};
	bool hit = true;
	unsigned int nth;
	void *page;

	for (nth = 1; hit; nth++) {
		assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
		page = refs_make();
		assert_int_equal(host_xenion_suspend(&x), 0);
		host_guest_restore(x.host);
		host_fail_hypercall(nth, err);
		(void)(host_xenion_resume(&x) && host_xenion_resume(&x));
		hit = host_fault_done();
		host_fail_hypercall(0, 0);
		assert_false(x.restored);
		host_pump();
		assert_int_equal(released, 1);
		refs_work(page);
		refs_free(page);
		refs_use_up();
		assert_int_equal(host_xenion_stop(&x), 0);
		host_reset();
	}
}

static void test_grants_fail(void **state)
{
	grants_fail(1, -ENOMEM);
	grants_fail(2, -ENOMEM);
	grants_fail(2, -EINVAL);
}

/* A host that has another version than was asked for. */
static void lie_version(unsigned int nr, unsigned int cmd, void *arg,
			unsigned int count, long *ret)
{
	if (nr == __HYPERVISOR_grant_table_op && cmd == GNTTABOP_get_version)
		((struct gnttab_get_version *)arg)->version = 2;
	if (nr == __HYPERVISOR_grant_table_op && cmd == GNTTABOP_set_version)
		*ret = -EBUSY;
}

static void test_grants_lie(void **state)
{
	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	assert_int_equal(host_xenion_suspend(&x), 0);
	host_guest_restore(x.host);
	host_set_liar(lie_version);
	assert_int_equal(host_xenion_resume(&x), -EIO);
	host_set_liar(NULL);
	assert_int_equal(host_xenion_resume(&x), 0);
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* ---- pages of other domains ---- */

static void test_gntmap(void **state)
{
	struct host_guest *other;
	struct xn_gntmap_req req;
	struct grant_entry_v1 *e;
	struct xn_gntmap m;
	domid_t self;
	void *page;

	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	other = host_guest_create(NULL);
	page = xn_os_page_alloc();
	e = host_gnttab_entry(other, 9);
	e->frame = xn_os_gfn(page);
	e->domid = host_guest_domid(x.host);
	e->flags = GTF_permit_access;
	host_guest_enter(x.host, 0);
	assert_int_equal(xn_gntmap_init(&m, 3), 0);
	req = (struct xn_gntmap_req){
		.slot = 1, .domid = host_guest_domid(other), .ref = 9,
	};
	assert_int_equal(xn_gntmap_map(&m, &req, 1), 0);
	saved_and_restored();
	assert_int_equal(e->flags, GTF_permit_access);
	host_fail_hypercall(1, -ENOMEM);
	assert_int_equal(xn_gntmap_resume(&m), -ENOMEM);
	assert_int_equal(xn_gntmap_resume(&m), 0);
	assert_int_equal(xn_domid(&self), 0);
	assert_int_equal(self, host_guest_domid(x.host));
	assert_int_equal(m.refused, self);
	assert_int_equal(xn_gntmap_unmap(&m, &req, 1), 0);
	/* The grant is for a domain that is gone. */
	assert_int_equal(xn_gntmap_map(&m, &req, 1), -EACCES);
	e->domid = self;
	assert_int_equal(xn_gntmap_map(&m, &req, 1), 0);
	xn_gntmap_fini(&m);
	e->flags = 0;
	host_guest_enter(other, 0);
	xn_os_page_free(page);
	host_guest_destroy(other);
	host_guest_enter(x.host, 0);
	assert_int_equal(host_xenion_stop(&x), 0);
}

#define T(name) cmocka_unit_test_teardown(test_##name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(events), T(cancelled), T(marker), T(fall_back), T(relief),
		T(fails), T(no_marker), T(grants), T(grants_cancelled),
		T(grants_fail), T(grants_lie), T(gntmap),
	};

	return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
