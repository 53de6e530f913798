// SPDX-License-Identifier: MIT
/*
 * A guest that is restored on a host that has less than the old one, or lies:
 * each is an error of a resume function, and the guest goes on when the host
 * thinks better of it, or gives up without a leak.
 */
#include "restore.h"
#include "internal.h"

static struct host_xenion x;
static struct host_xs *h;
static struct xn_evtchn_table *const t = &x.guest.evtchn;
static struct xn_gnttab *const gt = &x.guest.gnttab;

static void begin(const struct host_config *cfg,
		  const struct xn_evtchn_ops *ops)
{
	assert_int_equal(host_xenion_start(&x, cfg, ops), 0);
	h = host_xs_create(x.host);
	assert_int_equal(guest_store_begin(&x), 0);
	guest_suspend(&x);
	host_guest_restore(x.host);
	host_xs_restore(h);
}

/* All works in the new domain. */
static void end(void)
{
	assert_int_equal(guest_reconnect(&x), 0);
	assert_int_equal(xn_xs_write(&x.guest.xs, XN_XS_NOTXN, "data", "a", "1"),
			 0);
	assert_string_equal(host_xs_read(h, "data/a"), "1");
	host_pump();
	guest_stop(&x, h);
	host_reset();
}

/* ---- shared info and vCPUs ---- */

static unsigned int refusals;

static void refuse_shared(unsigned int nr, unsigned int cmd, void *arg,
			  unsigned int count, long *ret)
{
	const struct xen_add_to_physmap *a = arg;

	if (nr == __HYPERVISOR_memory_op && cmd == XENMEM_add_to_physmap &&
	    a->space == XENMAPSPACE_shared_info) {
		*ret = -EINVAL;
		refusals++;
	}
}

static void test_no_shared_info(void **state)
{
	unsigned int i;

	begin(NULL, NULL);
	host_set_liar(refuse_shared);
	for (i = 1; i <= 3; i++) {
		assert_int_equal(host_xenion_resume(&x), -EINVAL);
		assert_int_equal(refusals, i);
	}
	host_set_liar(NULL);
	assert_int_equal(host_xenion_resume(&x), 0);
	end();
}

static unsigned int events;

static void event(void *data, evtchn_port_t port)
{
	events++;
}

static int ipi_works(unsigned int vcpu)
{
	unsigned int before = events;
	evtchn_port_t port;
	int err = xn_evtchn_bind_ipi(t, vcpu, event, NULL, &port);

	if (err)
		return err;
	xn_evtchn_unmask(t, port);
	assert_int_equal(xn_evtchn_send(port), 0);
	host_pump();
	assert_int_equal(events, before + 1);
	xn_evtchn_unbind(t, port);
	return 0;
}

/* Only the vCPUs that exist come up, and call xn_vcpu_enter(). */
static void vcpus_resume(unsigned int nr)
{
	unsigned int i;

	assert_int_equal(xn_evtchn_survived(t), 0);
	assert_int_equal(xn_vcpus_resume(&x.vcpus, true), 0);
	for (i = 0; i < nr; i++) {
		host_guest_enter(x.host, i);
		assert_int_equal(xn_vcpu_enter(&x.vcpus, i), 0);
	}
	host_guest_enter(x.host, 0);
	assert_int_equal(xn_evtchn_resume(t), 0);
	assert_int_equal(xn_gnttab_resume(gt, true), 0);
}

/* Fewer, and all of them again. */
static void fewer_vcpus(const struct xn_evtchn_ops *ops)
{
	static const struct host_config cfg = { .nr_vcpus = 40 };
	static const unsigned int now[] = { 33, 2, 1, 40 };
	unsigned int i, vcpu;

	begin(&cfg, ops);
	for (i = 0; i < XN_ARRAY_SIZE(now); i++) {
		x.host->cfg.nr_vcpus = now[i];
		host_guest_restore(x.host);
		host_xs_restore(h);
		vcpus_resume(now[i]);
		xn_evtchn_unbind(t, x.guest.xs.port);
		for (vcpu = 0; vcpu < now[i]; vcpu++)
			assert_int_equal(ipi_works(vcpu), 0);
		assert_int_not_equal(ipi_works(vcpu), 0);
		if (now[i] < 40)
			assert_int_equal(host_xenion_suspend(&x), 0);
	}
	end();
}

static void test_fewer_vcpus(void **state)
{
	fewer_vcpus(&xn_evtchn_twolevel);
	fewer_vcpus(&xn_evtchn_fifo);
}

/* ---- event channels ---- */

/* Xen makes no marker: the guest must not be suspended. */
static void make_port_0(unsigned int nr, unsigned int cmd, void *arg,
			unsigned int count, long *ret)
{
	if (nr == __HYPERVISOR_event_channel_op &&
	    cmd == EVTCHNOP_alloc_unbound)
		((struct evtchn_alloc_unbound *)arg)->port = 0;
}

static void test_marker_0(void **state)
{
	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	host_set_liar(make_port_0);
	assert_int_equal(xn_evtchn_suspend(t), -EIO);
	assert_int_equal(xn_evtchn_survived(t), -EINVAL);
	host_set_liar(NULL);
	/* The port that it made is lost with it. */
	assert_int_equal(host_xenion_stop(&x), 1);
	host_reset();
}

/* The answer is never known. */
static void fail_status(unsigned int nr, unsigned int cmd, void *arg,
			unsigned int count, long *ret)
{
	if (nr == __HYPERVISOR_event_channel_op && cmd == EVTCHNOP_status)
		*ret = -EPERM;
}

static void test_not_known(void **state)
{
	begin(NULL, NULL);
	host_set_liar(fail_status);
	assert_int_equal(xn_evtchn_survived(t), -EPERM);
	assert_int_equal(host_xenion_resume(&x), -EPERM);
	host_set_liar(NULL);
	assert_int_equal(host_xenion_resume(&x), 0);
	end();
}

/* ---- the grant table ---- */

#define NR_REFS	1000u

static void fewer_frames(unsigned int wanted)
{
	const struct host_config cfg = {
		.max_grant_frames = 8, .gnttab_wanted = wanted,
	};
	static grant_ref_t refs[2 * NR_REFS];
	unsigned int i, n, frames, per_frame = 512 / wanted;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	h = host_xs_create(x.host);
	assert_int_equal(guest_store_begin(&x), 0);
	for (n = 0; n < NR_REFS; n++)
		assert_int_equal(xn_gnttab_get(gt, &refs[n]), 0);
	frames = gt->frames.used;
	guest_suspend(&x);
	host_guest_restore(x.host);
	host_xs_restore(h);
	/* Too few for the references in use. */
	x.host->cfg.max_grant_frames = frames - 1;
	for (i = 0; i < 2; i++)
		assert_int_equal(host_xenion_resume(&x), -ENOSPC);
	/* Just enough, and the limit is known. */
	x.host->cfg.max_grant_frames = frames;
	assert_int_equal(host_xenion_resume(&x), 0);
	assert_int_equal(xn_gnttab_size(gt), frames * per_frame);
	for (; !xn_gnttab_get(gt, &refs[n]); n++)
		assert_true(n < 2 * NR_REFS - 1);
	assert_int_equal(n, frames * per_frame - GNTTAB_NR_RESERVED_ENTRIES);
	while (n)
		xn_gnttab_free(gt, refs[--n]);
	x.host->cfg.max_grant_frames = cfg.max_grant_frames;
	end();
}

static void test_fewer_frames(void **state)
{
	fewer_frames(1);
	fewer_frames(2);
}

/* A table of no frames, or of more than there can be. */
static unsigned int lie_frames;

static void lie_size(unsigned int nr, unsigned int cmd, void *arg,
		     unsigned int count, long *ret)
{
	if (nr == __HYPERVISOR_grant_table_op && cmd == GNTTABOP_query_size)
		((struct gnttab_query_size *)arg)->max_nr_frames = lie_frames;
}

static void test_frames_lie(void **state)
{
	unsigned int size;

	begin(NULL, NULL);
	size = xn_gnttab_size(gt);
	host_set_liar(lie_size);
	lie_frames = 0;
	assert_int_equal(host_xenion_resume(&x), -EIO);
	lie_frames = ~0u;
	assert_int_equal(host_xenion_resume(&x), 0);
	assert_int_equal(xn_gnttab_size(gt), size);
	host_set_liar(NULL);
	end();
}

/* ---- xenstore ---- */

static uint64_t *store_gfn(void)
{
	return &x.host->param[HVM_PARAM_STORE_PFN];
}

static uint64_t *store_port(void)
{
	return &x.host->param[HVM_PARAM_STORE_EVTCHN];
}

/* Each is refused, again and again, and does no harm. */
static void store_is(uint64_t *param, uint64_t value, int err)
{
	uint64_t good = *param;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		*param = value;
		assert_int_equal(guest_reconnect(&x), err);
		assert_int_equal(xn_xs_write(&x.guest.xs, XN_XS_NOTXN, "data",
					     "a", "1"), -ESHUTDOWN);
	}
	*param = good;
}

static void test_store_nowhere(void **state)
{
	evtchn_port_t ours;

	begin(NULL, NULL);
	assert_int_equal(host_xenion_resume(&x), 0);
	store_is(store_gfn(), 0, -ENODEV);
	store_is(store_gfn(), ~0ull, -ENODEV);
	store_is(store_port(), 0, -ENODEV);
	store_is(store_port(), ~0ull, -ENODEV);
	store_is(store_port(), ~0u, -EINVAL);
	/* A number that is free: the toolstack has not made the port. */
	store_is(store_port(), 100, -EINVAL);
	/* One of ours. */
	assert_int_equal(xn_evtchn_bind_ipi(t, 0, event, NULL, &ours), 0);
	store_is(store_port(), ours, -EINVAL);
	xn_evtchn_unbind(t, ours);
	end();
}

/* A page full of nonsense, from which xenstored takes and to which it gives. */
static void test_store_nonsense(void **state)
{
	struct xenstore_domain_interface *page;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		begin(NULL, NULL);
		assert_int_equal(host_xenion_resume(&x), 0);
		page = host_store_page(x.host);
		if (i % 2)
			memset(page->rsp, 0x5a, sizeof(page->rsp));
		page->rsp_prod = i < 2 ? 0x12345678 : 700;
		host_xs_lies(h)->mute = true;
		assert_int_not_equal(guest_reconnect(&x), 0);
		host_xs_lies(h)->mute = false;
		memset(page, 0, sizeof(*page));
		host_run(10 * XN_NSEC_PER_SEC);
		end();
	}
}

/* Nobody ever comes back: the guest gives up. */
static void test_store_gone(void **state)
{
	begin(NULL, NULL);
	assert_int_equal(host_xenion_resume(&x), 0);
	host_xs_lies(h)->deaf = true;
	assert_int_equal(guest_reconnect(&x), -ETIMEDOUT);
	guest_stop(&x, h);
	host_reset();
}

#define T(name) cmocka_unit_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_shared_info), T(fewer_vcpus), T(marker_0), T(not_known),
		T(fewer_frames), T(frames_lie), T(store_nowhere),
		T(store_nonsense), T(store_gone),
	};

	return cmocka_run_group_tests_name("resume_odd", tests, NULL, NULL);
}
