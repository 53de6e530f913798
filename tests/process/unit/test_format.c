// SPDX-License-Identifier: MIT
/* hypercall/format.c: text from numbers, for OS layers without a printf(). */
#include "unit.h"
#include <limits.h>
#include <stdio.h>
#include <xenion/format.h>

static char buf[64];

__attribute__((format(printf, 2, 3)))
static unsigned int format(unsigned int size, const char *fmt, ...)
{
	unsigned int len;
	va_list ap;

	memset(buf, '#', sizeof(buf));
	va_start(ap, fmt);
	len = xn_vformat(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

/* The result must be that of the C library. */
#define SAME(fmt, ...) do { \
	char want[64]; \
	int len = snprintf(want, sizeof(want), fmt, __VA_ARGS__); \
	assert_int_equal(format(sizeof(buf), fmt, __VA_ARGS__), len); \
	assert_string_equal(buf, want); \
} while (0)

static void numbers(void **state)
{
	SAME("%u", 0u);
	SAME("%u", ~0u);
	SAME("%lu|%llu", ~0ul, ~0ull);
	SAME("%d|%d|%d", 0, -1, INT_MIN);
	SAME("%ld|%lld", LONG_MIN, LLONG_MIN);
	SAME("%x|%lx", 0xdeadbeefu, 0xfedcba9876543210ul);
	SAME("%zu", sizeof(int));
	SAME("%p", (void *)buf);
}

static void widths(void **state)
{
	SAME("%5u|%05u|%2u", 42u, 42u, 12345u);
	SAME("%08x", 0xabcu);
	SAME("%s|%c|%%", "text", 'x');
	SAME("%-6s|", "abc");
}

static void odd_formats(void **state)
{
	static const char *const odd[] = { "%", "a%", "%y", "%5", "%l", "%0" };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(odd); i++) {
		const char *fmt = odd[i];

		assert_true(format(sizeof(buf), fmt, 1ul) < 4);
	}
}

static void cut_off(void **state)
{
	assert_int_equal(format(5, "%s", "1234567"), 4);
	assert_string_equal(buf, "1234");
	assert_int_equal(buf[5], '#');
	assert_int_equal(format(1, "%u", 77u), 0);
	assert_string_equal(buf, "");
	assert_int_equal(format(0, "%u", 77u), 0);
	assert_int_equal(buf[0], '#');
	assert_int_equal(format(10, "%60u", 7u), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(widths),
		cmocka_unit_test(odd_formats),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
