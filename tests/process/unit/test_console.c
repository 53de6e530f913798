// SPDX-License-Identifier: MIT
/*
 * The console's rings: bytes both ways across the wrap, a full ring, and
 * invalid indices.
 */
#include <xenion/console.h>

#include "unit.h"

static struct host_guest *g;
static struct xencons_interface *intf;
static struct xn_console con;
static unsigned int notified;

static void count(void *data, struct host_port *p)
{
	notified++;
}

static int start(void **state)
{
	uint64_t port;

	g = host_guest_create(NULL);
	intf = host_console_page(g);
	host_port_set_handler(host_console_port(g), count, NULL);
	assert_int_equal(xn_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port), 0);
	xn_console_init(&con, intf, port);
	host_log_reset();
	notified = 0;
	return 0;
}

static int stop(void **state)
{
	host_guest_destroy(g);
	return 0;
}

/* What the console daemon does: read all output. */
static unsigned int host_read(char *buf)
{
	unsigned int n = 0;

	while (intf->out_cons != intf->out_prod)
		buf[n++] = intf->out[intf->out_cons++ % sizeof(intf->out)];
	return n;
}

static void host_write(const char *data, unsigned int len)
{
	while (len--)
		intf->in[intf->in_prod++ % sizeof(intf->in)] = *data++;
}

static void test_write(void **state)
{
	char buf[4096], text[1000];
	unsigned int i, n;

	for (i = 0; i < 10; i++) {
		memset(text, 'a' + i, sizeof(text));
		assert_int_equal(xn_console_write(&con, text, sizeof(text)),
				 sizeof(text));
		host_pump();
		assert_int_equal(notified, i + 1);
		n = host_read(buf);
		assert_int_equal(n, sizeof(text));
		assert_memory_equal(buf, text, n);
	}
}

static void test_full(void **state)
{
	char data[3000], buf[4096];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i;
	assert_int_equal(xn_console_room(&con), 2048);
	assert_int_equal(xn_console_write(&con, data, sizeof(data)), 2048);
	assert_int_equal(xn_console_room(&con), 0);
	host_pump();
	assert_int_equal(xn_console_write(&con, data, 1), 0);
	host_pump();
	assert_int_equal(notified, 1);
	intf->out_cons += 5;
	assert_int_equal(xn_console_write(&con, data + 2048, 952), 5);
	assert_int_equal(host_read(buf), 2048);
	assert_memory_equal(buf, data + 5, 2048);
	assert_int_equal(xn_console_write(&con, data, 0), 0);
}

static void test_read(void **state)
{
	char buf[2000], text[600];
	unsigned int i;

	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), 0);
	host_pump();
	assert_int_equal(notified, 0);
	for (i = 0; i < 10; i++) {
		memset(text, 'a' + i, sizeof(text));
		host_write(text, sizeof(text));
		assert_int_equal(xn_console_read(&con, buf, 100), 100);
		assert_int_equal(xn_console_read(&con, buf + 100, sizeof(buf)),
				 sizeof(text) - 100);
		assert_memory_equal(buf, text, sizeof(text));
		assert_int_equal(intf->in_cons, intf->in_prod);
	}
}

/* The indices wrap at 2^32, and begin where an earlier user stopped. */
static void test_index_wrap(void **state)
{
	char buf[2048];

	intf->out_prod = intf->out_cons = 0xfffffff0;
	intf->in_prod = intf->in_cons = 0xffffffff;
	xn_console_init(&con, intf, con.port);
	assert_int_equal(xn_console_write(&con, "0123456789abcdefghij", 20),
			 20);
	assert_int_equal(intf->out_prod, 4);
	assert_int_equal(host_read(buf), 20);
	assert_memory_equal(buf, "0123456789abcdefghij", 20);
	host_write("xyz", 3);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "xyz", 3);
}

/* The reason of an event is reported once, even if the host repeats it. */
static void test_moved(void **state)
{
	char buf[16];

	assert_false(xn_console_moved(&con));
	assert_int_equal(xn_console_write(&con, "abc", 3), 3);
	assert_false(xn_console_moved(&con));
	intf->out_cons += 2;
	assert_true(xn_console_moved(&con));
	assert_false(xn_console_moved(&con));
	intf->out_cons--;
	assert_false(xn_console_moved(&con));
	intf->out_cons += 2;
	assert_true(xn_console_moved(&con));
	intf->out_cons++;	/* more than was written */
	assert_false(xn_console_moved(&con));
	intf->out_cons--;
	host_write("x", 1);
	assert_true(xn_console_moved(&con));
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), 1);
	assert_false(xn_console_moved(&con));
}

/* Unread input is reported once, or none of its events would be spurious. */
static void test_moved_held(void **state)
{
	char buf[16], text[sizeof(intf->in)] = "";

	host_write("abc", 3);
	assert_true(xn_console_moved(&con));
	assert_false(xn_console_moved(&con));
	host_write("d", 1);
	assert_true(xn_console_moved(&con));
	assert_int_equal(xn_console_read(&con, buf, 2), 2);
	assert_false(xn_console_moved(&con));
	/* Read before it was reported. */
	host_write("ef", 2);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), 4);
	host_write("g", 1);
	assert_true(xn_console_moved(&con));
	assert_false(xn_console_moved(&con));
	host_write(text, sizeof(text) - 1);
	assert_true(xn_console_moved(&con));
	/* At most the ring's length, and not backwards. */
	intf->in_prod++;
	assert_false(xn_console_moved(&con));
	intf->in_prod -= 2;
	assert_false(xn_console_moved(&con));
}

static void test_bad_out_cons(void **state)
{
	char buf[16];

	assert_int_equal(xn_console_write(&con, "abc", 3), 3);
	intf->out_cons = 4;	/* more than was written */
	assert_int_equal(xn_console_write(&con, "d", 1), -EIO);
	assert_int_equal(xn_console_room(&con), 0);
	intf->out_cons = 3;
	assert_int_equal(xn_console_write(&con, "d", 1), -EIO);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), -EIO);
	xn_console_report(&con);
	assert_int_equal(host_log_count(XN_ERR), 1);
}

static void test_bad_in_prod(void **state)
{
	char buf[4096];

	intf->in_prod = sizeof(intf->in);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)),
			 sizeof(intf->in));
	intf->in_prod += sizeof(intf->in) + 1;
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), -EIO);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), -EIO);
	xn_console_report(&con);
	assert_int_equal(host_log_count(XN_ERR), 1);
}

/*
 * An OS layer may log to this console, in any context, and under the lock that
 * excludes a second writer. So xn_console_write(), _read() and _room() must not
 * log, or take another lock: the simulated OS ends a program that does.
 */
static void test_bad_under_lock(void **state)
{
	struct xn_raw_lock lock;
	unsigned long flags;
	char buf[16];

	xn_raw_lock_init(&lock);
	flags = xn_raw_lock(&lock);
	assert_int_equal(xn_console_write(&con, "a", 1), 1);
	intf->out_cons = 2;
	assert_int_equal(xn_console_room(&con), 0);
	assert_int_equal(xn_console_write(&con, "a", 1), -EIO);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), -EIO);
	xn_raw_unlock(&lock, flags);
	assert_true(con.broken);
	xn_console_report(&con);
	xn_console_report(&con);
	assert_int_equal(host_log_count(XN_ERR), 1);
}

/* The guest does not read its own indices back from the page. */
static void test_our_indices(void **state)
{
	char buf[4096];

	assert_int_equal(xn_console_write(&con, "abc", 3), 3);
	host_write("abc", 3);
	intf->out_prod = 77777;
	intf->in_cons = 77777;
	assert_int_equal(xn_console_write(&con, "def", 3), 3);
	intf->out_prod = 77777;
	assert_int_equal(xn_console_write(&con, "ghi", 3), 3);
	assert_int_equal(intf->out_prod, 9);
	assert_int_equal(xn_console_read(&con, buf, sizeof(buf)), 3);
	assert_int_equal(intf->in_cons, 3);
	xn_console_report(&con);
	assert_int_equal(host_log_count(XN_ERR), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(write), T(full), T(read), T(index_wrap), T(moved),
		T(moved_held),
		T(bad_out_cons), T(bad_in_prod), T(bad_under_lock),
		T(our_indices),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
