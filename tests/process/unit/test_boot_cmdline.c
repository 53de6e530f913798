// SPDX-License-Identifier: MIT
/* The boot shim: which options it adds to the command line, and when. */
#include "unit.h"
#include <stdio.h>
#include "boot/shim/cmdline.c"

#define ADDED "nopv tsc_early_khz=2600000 tsc=reliable reboot=t earlyprintk=xen,keep"

static char out[256];

static void expect_khz(uint32_t khz, const char *user, const char *result)
{
	assert_int_equal(cmdline_build(out, sizeof(out), 255, user, khz, false, 0),
			 0);
	assert_string_equal(out, result);
}

static void expect(const char *user, const char *result)
{
	expect_khz(2600000, user, result);
}

static void test_all(void **state)
{
	expect("", ADDED);
	expect("root=/dev/xvda", ADDED " root=/dev/xvda");
}

static void test_unknown_frequency(void **state)
{
	expect_khz(0, "", "nopv tsc=reliable reboot=t earlyprintk=xen,keep");
	expect_khz(0xffffffff, "tsc=x reboot earlyprintk nopv",
		   "tsc_early_khz=4294967295 tsc=x reboot earlyprintk nopv");
}

static void test_given(void **state)
{
	expect("nopv tsc_early_khz=1 tsc=unstable reboot=k earlyprintk=serial",
	       "nopv tsc_early_khz=1 tsc=unstable reboot=k earlyprintk=serial");
	expect("  tsc-early-khz=1\t\"tsc=a b\"  earlyprintk= nopv reboot",
	       "  tsc-early-khz=1\t\"tsc=a b\"  earlyprintk= nopv reboot");
}

static void test_not_given(void **state)
{
	static const char * const words[] = {
		"nopvspin", "xnopv", "tsc_early=1", "x=\"a nopv tsc=1\"",
		"-- nopv tsc=1 reboot earlyprintk", "\"x nopv", "no", "=", "\"",
		"x=\" -- \" --  tsc",
	};
	char want[256];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(words); i++) {
		snprintf(want, sizeof(want), ADDED " %s", words[i]);
		expect(words[i], want);
	}
}

/* Not all CPUs are to be started. */
static void test_nr_cpus(void **state)
{
	assert_false(cmdline_build(out, sizeof(out), 255, "a", 0, false, 12));
	assert_non_null(strstr(out, " maxcpus=12 "));
	assert_false(cmdline_build(out, sizeof(out), 255, "maxcpus=3 a", 0,
				   false, 12));
	assert_null(strstr(out, "maxcpus=12"));
}

static void test_x2apic(void **state)
{
	assert_false(cmdline_build(out, sizeof(out), 255, "a", 0, true, 0));
	assert_string_equal(out, "nopv tsc=reliable noapic reboot=t earlyprintk=xen,keep a");
	assert_false(cmdline_build(out, sizeof(out), 255, "noapic a", 0, true, 0));
	assert_string_equal(out, "nopv tsc=reliable reboot=t earlyprintk=xen,keep noapic a");
	assert_true(cmdline_given("a nox2apic", "nox2apic"));
	assert_false(cmdline_given("a -- nox2apic", "nox2apic"));
}

static void test_too_long(void **state)
{
	const char *user = "nopv tsc_early_khz tsc reboot earlyprintk";
	size_t n = strlen(user);

	assert_int_equal(cmdline_build(out, sizeof(out), n, user, 1, false, 0), 0);
	assert_string_equal(out, user);
	assert_int_equal(cmdline_build(out, sizeof(out), n - 1, user, 1, false, 0),
			 -E2BIG);
	assert_int_equal(cmdline_build(out, sizeof(out), 0, user, 1, false, 0),
			 -E2BIG);
	assert_int_equal(cmdline_build(out, n + 1, ~0u, user, 1, false, 0), 0);
	assert_int_equal(cmdline_build(out, n, ~0u, user, 1, false, 0), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_unknown_frequency),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_not_given),
		cmocka_unit_test(test_nr_cpus),
		cmocka_unit_test(test_x2apic),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests_name("boot command line", tests, NULL,
					   NULL);
}
