// SPDX-License-Identifier: MIT
/*
 * Bringing xenstore up and down: with the default way to bind its port and with
 * an OS layer's, without a xenstore, and with failures.
 */
#include "store_guest.h"

static struct host_xenion x;
static struct host_xs *h;
static unsigned int binds, unbinds;
static int bind_result;

static int setup(void **state)
{
	static const struct host_config cfg = { .ram_pages = GUEST_PAGES };

	binds = unbinds = bind_result = 0;
	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	h = host_xs_create(x.host);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(host_xenion_stop(&x), 0);
	host_xs_destroy(h);
	return 0;
}

static void event(void *data, evtchn_port_t port)
{
	xn_xs_upcall(data);
}

static int store_bind(struct xn_xs *xs, evtchn_port_t port)
{
	binds++;
	if (bind_result)
		return bind_result;
	assert_int_equal(xn_evtchn_adopt(&x.guest.evtchn, port, event, xs), 0);
	xn_evtchn_unmask(&x.guest.evtchn, port);
	return 0;
}

static void store_unbind(struct xn_xs *xs, evtchn_port_t port)
{
	unbinds++;
	xn_evtchn_unbind(&x.guest.evtchn, port);
}

static const struct xn_store_ops ops = {
	.bind = store_bind, .unbind = store_unbind,
};

static int start(const struct xn_store_ops *with)
{
	struct xn_boot_channel where;

	xn_hvm_store(&where);
	return xn_store_start(&x.guest, &where, with);
}

static void use(void)
{
	char name[8];

	host_xs_write(h, "name", "guest");
	assert_int_equal(xn_xs_read(&x.guest.xs, XN_XS_NOTXN, "name", "", name,
				    sizeof(name)), 5);
}

static void test_twice(void **state)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(start(NULL), 0);
		use();
		xn_store_stop(&x.guest, NULL);
	}
}

static void test_bound_by_os(void **state)
{
	assert_int_equal(start(&ops), 0);
	use();
	xn_store_stop(&x.guest, &ops);
	assert_int_equal(binds, 1);
	assert_int_equal(unbinds, 1);
	bind_result = -ENOMEM;
	assert_int_equal(start(&ops), -ENOMEM);
	assert_int_equal(unbinds, 1);
}

static void test_none(void **state)
{
	const struct xn_boot_channel none = { 0 };

	assert_int_equal(xn_store_start(&x.guest, &none, &ops), -ENODEV);
	assert_int_equal(binds, 0);
}

/* xenstored does not answer: the port is unbound, and a new try works. */
static void test_silence(void **state)
{
	host_xs_lies(h)->mute = true;
	assert_int_equal(start(&ops), -ETIMEDOUT);
	assert_int_equal(unbinds, 1);
	host_xs_lies(h)->mute = false;
	assert_int_equal(start(NULL), 0);
	use();
	xn_store_stop(&x.guest, NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(twice), T(bound_by_os), T(none), T(silence),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
