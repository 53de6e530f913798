// SPDX-License-Identifier: MIT
/* xenbus/value.c: only valid values are accepted, and give the right result. */
#include <stdio.h>

#include "unit.h"
#include "xenbus/xs.h"

static int parse(const char *s, uint64_t max, uint64_t *val)
{
	return xn_parse_uint(s, strlen(s), max, val);
}

static void test_uint(void **state)
{
	static const char * const bad[] = {
		"", " ", "-1", "+1", " 1", "1 ", "1\n", "0x10", "1e3", "1.0",
		"a", "1a", "a1", "\xff", "1:2", "/", "99999999999999999999x",
	};
	uint64_t val = 42;
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(bad); i++)
		assert_int_equal(parse(bad[i], ~0ull, &val), -EINVAL);
	assert_int_equal(xn_parse_uint("1\0", 2, ~0ull, &val), -EINVAL);
	assert_int_equal(xn_parse_uint("12", 0, ~0ull, &val), -EINVAL);
	assert_int_equal(val, 42);

	assert_int_equal(parse("0", ~0ull, &val), 0);
	assert_int_equal(val, 0);
	assert_int_equal(parse("0", 0, &val), 0);
	assert_int_equal(parse("007", 7, &val), 0);
	assert_int_equal(val, 7);
	assert_int_equal(xn_parse_uint("123", 2, ~0ull, &val), 0);
	assert_int_equal(val, 12);
	assert_int_equal(parse("18446744073709551615", ~0ull, &val), 0);
	assert_true(val == ~0ull);
}

static void test_uint_range(void **state)
{
	uint64_t val = 42;

	assert_int_equal(parse("1", 0, &val), -ERANGE);
	assert_int_equal(parse("10", 9, &val), -ERANGE);
	assert_int_equal(parse("65536", 65535, &val), -ERANGE);
	assert_int_equal(parse("18446744073709551615", ~0ull - 1, &val),
			 -ERANGE);
	assert_int_equal(parse("18446744073709551616", ~0ull, &val), -ERANGE);
	assert_int_equal(parse("18446744073709551626", ~0ull, &val), -ERANGE);
	assert_int_equal(parse("99999999999999999999999999", ~0ull, &val),
			 -ERANGE);
	assert_int_equal(parse("340282366920938463463374607431768211457",
			       10, &val), -ERANGE);
	assert_int_equal(val, 42);
	assert_int_equal(parse("65535", 65535, &val), 0);
}

static void test_format(void **state)
{
	static const uint64_t some[] = {
		0, 1, 9, 10, 11, 99, 100, 4294967295ull, 4294967296ull,
		9999999999999999999ull, 10000000000000000000ull, ~0ull,
	};
	char buf[XN_UINT_DIGITS + 1], want[32];
	unsigned int i;
	uint64_t val;

	for (i = 0; i < XN_ARRAY_SIZE(some); i++) {
		snprintf(want, sizeof(want), "%llu",
			 (unsigned long long)some[i]);
		assert_int_equal(xn_format_uint(buf, some[i]), strlen(want));
		assert_string_equal(buf, want);
		assert_int_equal(parse(buf, ~0ull, &val), 0);
		assert_true(val == some[i]);
	}
}

static void test_mac(void **state)
{
	static const char * const bad[] = {
		"", "00:16:3e:01:02", "00:16:3e:01:02:0", "00:16:3e:01:02:033",
		"00-16-3e-01-02-03", "00:16:3e:01:02:0g", "0:016:3e:01:02:03",
		"00:16:3e:01:02:03 ", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
		"01:16:3e:01:02:03", "00:16:3e:01:02:-1", "00:16:3e:01:02: 1",
		"00:16:3e:01:02:\xff\xff",
	};
	static const uint8_t want[6] = { 0x00, 0x16, 0x3e, 0xab, 0xCD, 0xff };
	uint8_t mac[6] = { 1, 2, 3, 4, 5, 6 };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(bad); i++)
		assert_int_equal(xn_parse_mac(bad[i], strlen(bad[i]), mac),
				 -EINVAL);
	assert_memory_equal(mac, ((uint8_t[]){ 1, 2, 3, 4, 5, 6 }), 6);
	assert_int_equal(xn_parse_mac("00:16:3e:aB:Cd:fF", 17, mac), 0);
	assert_memory_equal(mac, want, 6);
}

static void test_join(void **state)
{
	char buf[XN_XS_PATH_MAX], dir[XN_XS_PATH_MAX * 2];
	unsigned int n;

	assert_int_equal(xn_path_join(buf, "device/vbd", "7"), 0);
	assert_string_equal(buf, "device/vbd/7");
	assert_int_equal(xn_path_join(buf, "device", ""), 0);
	assert_string_equal(buf, "device");
	assert_int_equal(xn_path_join(buf, buf, "vif"), 0);
	assert_string_equal(buf, "device/vif");

	for (n = XN_XS_PATH_MAX - 10; n < XN_XS_PATH_MAX + 10; n++) {
		memset(dir, 'x', n);
		dir[n] = '\0';
		assert_int_equal(xn_path_join(buf, dir, ""),
				 n < XN_XS_PATH_MAX ? 0 : -ENAMETOOLONG);
		assert_int_equal(strlen(buf), n < XN_XS_PATH_MAX ? n : 0);
		assert_int_equal(xn_path_join(buf, "d", dir),
				 n + 2 < XN_XS_PATH_MAX ? 0 : -ENAMETOOLONG);
		assert_int_equal(strlen(buf),
				 n + 2 < XN_XS_PATH_MAX ? n + 2 : 0);
		assert_int_equal(xn_path_join(buf, dir, "state"),
				 n + 6 < XN_XS_PATH_MAX ? 0 : -ENAMETOOLONG);
	}
}

static bool name_ok(const char *s, bool slashes)
{
	return xn_xs_name_ok(s, strlen(s), slashes);
}

static void test_names(void **state)
{
	static const char * const names[] = { "vbd", "a-B_9@", "-", "0" };
	static const char * const paths[] = { "/a", "a/b", "/local/domain/0" };
	static const char * const bad[] = {
		"", "/", "a/", "//", "a//b", "/a/", "a b", "a.b", "a\n", "\xff",
		"a/../b", "a:b",
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(names); i++) {
		assert_true(name_ok(names[i], false));
		assert_true(name_ok(names[i], true));
	}
	for (i = 0; i < XN_ARRAY_SIZE(paths); i++) {
		assert_false(name_ok(paths[i], false));
		assert_true(name_ok(paths[i], true));
	}
	for (i = 0; i < XN_ARRAY_SIZE(bad); i++) {
		assert_false(name_ok(bad[i], false));
		assert_false(name_ok(bad[i], true));
	}
	assert_false(xn_xs_name_ok("a\0b", 3, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_uint_range),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
