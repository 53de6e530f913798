/* SPDX-License-Identifier: MIT */
/*
 * What the files of the host's half share; and, for the scripted backends of
 * tests/process/unit, replacements of cmocka and store_guest.h: an assertion
 * that does not hold fails the current test.
 */
#ifndef XENION_TESTS_LINUX_DOM0_H
#define XENION_TESTS_LINUX_DOM0_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "xenstore.h"
#include "um.h"

extern struct host_guest *um_guest;
extern struct host_xs *um_store;

void um_failed(const char *file, int line, const char *what);
void um_console_start(void);

#define XENION_UNIT_H
#define XENION_STORE_GUEST_H

#define um_assert(cond, text) \
	((cond) ? (void)0 : um_failed(__FILE__, __LINE__, text))
#define assert_true(c)			um_assert(c, #c)
#define assert_false(c)			um_assert(!(c), "!(" #c ")")
#define assert_null(p)			um_assert(!(p), #p " == NULL")
#define assert_non_null(p)		um_assert(p, #p " != NULL")
#define assert_int_equal(a, b)		um_assert((a) == (b), #a " == " #b)
#define assert_string_equal(a, b)	um_assert(!strcmp(a, b), #a " is " #b)
#define assert_in_range(x, a, b) \
	um_assert((x) + 0ull >= (a) && (x) <= (b) + 0ull, #x " in range")
#define fail_msg(...)			um_fail(__VA_ARGS__)

#define GUEST_PAGES	0

/* um_host_start() has made the guest, which pumps itself. */
static inline struct host_xs *guest_start_with(struct host_xenion *x,
					       const struct host_config *cfg)
{
	x->host = um_guest;
	return um_store;
}

#define guest_stop(x, h)	((void)(x))
#define host_pump()		((void)0)
#define host_run(ns)		((void)(ns))

#endif /* XENION_TESTS_LINUX_DOM0_H */
