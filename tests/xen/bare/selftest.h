/* SPDX-License-Identifier: MIT */
/*
 * Guest selftests on the reference kernel. A test is a function in a file of
 * its own, with a head comment that says what the ABI promises and how the test
 * checks that:
 *
 *	SELFTEST(events, ipi, 0)
 *	{
 *		CHECK(!err, "a port is made (error %d)", err);
 *	}
 *
 * Each check is one TAP line, "ok 7 - events/ipi: a port is made (error 0)".
 * The command line's option tests=events,grant/map runs only those rooms or
 * tests.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include "bare.h"

/* What a test needs; if it is missing, the test is skipped. */
#define NEEDS_STORE	(1u << 0)	/* xenstore: a domU */
#define NEEDS_CPUS	(1u << 1)	/* two CPUs at least */
#define NEEDS_FIFO	(1u << 2)
#define NEEDS_HVM	(1u << 3)	/* a PVH or HVM guest */
#define NEEDS_PV	(1u << 4)
#define NEEDS_DOM0	(1u << 5)	/* dom0's half: option dom0 */
#define NEEDS_SAVE	(1u << 6)	/* dom0's half saves us: option save */

struct selftest {
	const char *name;
	void (*fn)(void);
	unsigned int needs;
};

#define SELFTEST(room, test, needs_) \
	static void selftest_##room##_##test(void); \
	static const struct selftest selftest_is_##room##_##test = { \
		#room "/" #test, selftest_##room##_##test, needs_, \
	}; \
	static const struct selftest *const selftest_at_##room##_##test \
	__attribute__((used, section(".selftests." #room "." #test))) = \
		&selftest_is_##room##_##test; \
	static void selftest_##room##_##test(void)

/* Print a result. The text says what should hold. Returns: @good. */
bool selftest_check(bool good, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define CHECK(condition, ...)	selftest_check(!!(condition), __VA_ARGS__)

/* A check without which the rest of a test makes no sense. */
#define REQUIRE(condition, ...) \
	do { \
		if (!selftest_check(!!(condition), __VA_ARGS__)) \
			return; \
	} while (0)

/* Print that the test is skipped, in place of a result. */
void selftest_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print a line that is not a result. */
void selftest_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* SELFTEST_H */
