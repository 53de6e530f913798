// SPDX-License-Identifier: MIT
/*
 * xenbus/control.c: a request is acknowledged and obeyed once, an unknown one
 * stays, and no request is lost if xenstore does not answer.
 */
#include "store_guest.h"
#include <xenion/control.h>

static struct host_xenion x;
static struct host_xs *h;
static struct xn_control c;
static char done[64];

static void did(const char *what)
{
	/* Acknowledge first: some commands never return. */
	assert_string_equal(host_xs_read(h, "control/shutdown"), "");
	strcat(done, what);
}

static void poweroff(struct xn_control *control)
{
	assert_ptr_equal(control, &c);
	did("p");
}

static void reboot(struct xn_control *control)
{
	did("r");
}

static void key_pressed(struct xn_control *control, char key)
{
	assert_string_equal(host_xs_read(h, "control/sysrq"), "");
	strncat(done, &key, 1);
}

static const struct xn_control_command commands[] = {
	{ "poweroff", "feature-poweroff", poweroff },
	{ "reboot", NULL, reboot },
};

static int setup(void **state)
{
	h = guest_start(&x);
	done[0] = '\0';
	c = (struct xn_control){
		.commands = commands, .nr_commands = 2, .sysrq = key_pressed,
	};
	host_xs_write(h, "control/shutdown", "");
	host_xs_write(h, "control/sysrq", "");
	assert_int_equal(xn_control_init(&c, &x.guest), 0);
	host_pump();
	return 0;
}

static int teardown(void **state)
{
	xn_control_fini(&c);
	guest_stop(&x, h);
	return 0;
}

static void ask(const char *node, const char *word)
{
	host_xs_write(h, node, word);
	host_pump();
}

static void test_features(void **state)
{
	assert_string_equal(host_xs_read(h, "control/feature-poweroff"), "1");
	assert_null(host_xs_read(h, "control/feature-reboot"));
}

static void test_obeys(void **state)
{
	ask("control/shutdown", "poweroff");
	assert_string_equal(done, "p");
	ask("control/shutdown", "reboot");
	assert_string_equal(done, "pr");
	host_run(5 * XN_NSEC_PER_SEC);
	assert_string_equal(done, "pr");
}

static void test_unknown(void **state)
{
	uint64_t refused = host_stat[XN_STAT_REFUSED];

	ask("control/shutdown", "crash\x01");
	assert_string_equal(done, "");
	assert_string_equal(host_xs_read(h, "control/shutdown"), "crash\x01");
	assert_non_null(strstr(host_log_last(), "\"crash?\""));
	/* The same request again is not reported again. */
	ask("control/shutdown", "crash\x01");
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_stat[XN_STAT_REFUSED], refused + 1);
	ask("control/shutdown", "poweroff");
	assert_string_equal(done, "p");
}

static void test_long(void **state)
{
	ask("control/shutdown",
	    "poweroffpoweroffpoweroffpoweroffpoweroffpoweroffpoweroffpoweroff");
	assert_string_equal(done, "");
	ask("control/shutdown", "poweroff now");
	ask("control/shutdown", "Poweroff");
	assert_string_equal(done, "");
}

static void test_sysrq(void **state)
{
	ask("control/sysrq", "h");
	ask("control/sysrq", "9");
	assert_string_equal(done, "h9");
	ask("control/sysrq", "hh");
	ask("control/sysrq", "\n");
	ask("control/sysrq", "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh");
	assert_string_equal(done, "h9");
	assert_string_equal(host_xs_read(h, "control/sysrq"), "");
	assert_int_equal(host_log_count(XN_WARN), 1);
}

/* xenstore does not answer at first, but later. */
static void test_asks_again(void **state)
{
	host_xs_lies(h)->mute = true;
	host_xs_write(h, "control/shutdown", "poweroff");
	host_run(40 * XN_NSEC_PER_SEC);
	assert_string_equal(done, "");
	host_xs_lies(h)->mute = false;
	host_run(120 * XN_NSEC_PER_SEC);
	assert_string_equal(done, "p");
}

/* A toolstack that does not let the guest write to control/. */
static bool forbid(void *data, const struct xsd_sockmsg *hdr, const char *body)
{
	if (hdr->type != XS_WRITE || !strstr(body, "control/"))
		return false;
	host_xs_send(h, XS_ERROR, hdr->req_id, "EACCES", sizeof("EACCES"));
	return true;
}

static void obeyed(struct xn_control *control)
{
	strcat(done, "o");
}

static void test_forbidden(void **state)
{
	static const struct xn_control_command only = {
		"poweroff", "feature-poweroff", obeyed
	};

	xn_control_fini(&c);
	c.commands = &only;
	c.nr_commands = 1;
	host_xs_lies(h)->request = forbid;
	assert_int_equal(xn_control_init(&c, &x.guest), 0);
	ask("control/shutdown", "poweroff");
	assert_string_equal(done, "o");
	host_run(60 * XN_NSEC_PER_SEC);
	assert_string_equal(done, "o");
	host_xs_lies(h)->request = NULL;
}

static void test_without_sysrq(void **state)
{
	xn_control_fini(&c);
	c.sysrq = NULL;
	assert_int_equal(xn_control_init(&c, &x.guest), 0);
	ask("control/sysrq", "h");
	assert_string_equal(done, "");
	assert_string_equal(host_xs_read(h, "control/sysrq"), "h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_features, setup, teardown),
		cmocka_unit_test_setup_teardown(test_obeys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sysrq, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asks_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_forbidden, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_without_sysrq, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
