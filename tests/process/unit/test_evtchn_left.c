// SPDX-License-Identifier: MIT
/*
 * A kernel that starts in a domain where another one has run and not cleaned up
 * (a crash kernel, started by kexec): Xen still uses that kernel's pages for
 * the FIFO ABI, and its ports are open.
 */
#include "unit.h"

static struct host_xenion x;
static struct xn_evtchn_table *const t = &x.guest.evtchn;
/* The earlier kernel's table. Its memory is freed only at the end. */
static struct xn_evtchn_table before;
static unsigned int events;

static void event(void *data, evtchn_port_t port)
{
	events++;
}

static int start(void **state)
{
	evtchn_port_t port;

	assert_int_equal(host_xenion_start(&x, NULL, &xn_evtchn_fifo), 0);
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, NULL, &port), 0);
	assert_non_null(host_port_connect(x.host, port, NULL, NULL));
	assert_int_equal(xn_evtchn_bind_ipi(t, 0, event, NULL, &port), 0);
	assert_int_equal(xn_evtchn_adopt(t, host_port_guest_end(
					 host_store_port(x.host)), event,
					 NULL), 0);
	host_pump();
	before = *t;
	memset(t, 0, sizeof(*t));
	events = 0;
	return 0;
}

static int stop(void **state)
{
	xn_evtchn_fini(t, NULL, NULL);
	*t = before;
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

static void moved(void *data, evtchn_port_t from, evtchn_port_t to)
{
	fail_msg("port %u is %u now", from, to);
}

static int init(void)
{
	return xn_evtchn_init(t, &x.vcpus, NULL);
}

static int evict(void)
{
	const evtchn_port_t keep[] = {
		host_port_guest_end(host_store_port(x.host)),
		host_port_guest_end(host_console_port(x.host)),
	};

	return xn_evtchn_evict(t, keep, XN_ARRAY_SIZE(keep), moved, NULL);
}

/* Neither ABI can be initialised. */
static void test_found(void **state)
{
	assert_int_equal(init(), -EEXIST);
	assert_int_equal(xn_evtchn_init(t, &x.vcpus, &xn_evtchn_twolevel), -EEXIST);
	assert_int_equal(evict(), 0);
	assert_int_equal(xn_evtchn_init(t, &x.vcpus, &xn_evtchn_twolevel), 0);
}

static void test_evict(void **state)
{
	struct host_port *store = host_store_port(x.host);

	assert_int_equal(init(), -EEXIST);
	assert_int_equal(evict(), 0);
	assert_int_equal(host_ports_open(x.host), 2);
	assert_int_equal(init(), 0);
	assert_int_equal(xn_evtchn_adopt(t, host_port_guest_end(store), event,
					 NULL), 0);
	xn_evtchn_unmask(t, host_port_guest_end(store));
	host_pump();
	events = 0;
	host_port_notify(store);
	host_pump();
	assert_int_equal(events, 1);
}

/* The ports of the toolstack's to keep may be invalid, or not open. */
static void test_keep_nonsense(void **state)
{
	const evtchn_port_t keep[] = {
		0, 77, ~0u,
		host_port_guest_end(host_store_port(x.host)),
		host_port_guest_end(host_console_port(x.host)),
	};

	assert_int_equal(init(), -EEXIST);
	assert_int_equal(xn_evtchn_evict(t, keep, XN_ARRAY_SIZE(keep), moved,
					 NULL), 0);
	assert_int_equal(host_ports_open(x.host), 2);
	assert_int_equal(init(), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(found), T(evict), T(keep_nonsense),
	};

	return cmocka_run_group_tests_name("evtchn_left", tests, NULL, NULL);
}
