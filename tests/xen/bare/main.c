// SPDX-License-Identifier: MIT
/* Runs the selftests that are linked in, and reports the results as TAP. */
#include <xenion/format.h>
#include "selftest.h"

/* All selftests, sorted by name: see os/bare/bare.lds. */
extern const struct selftest *const selftests_start[], *const selftests_end[];

static const struct selftest *current;
static unsigned int count, failed;

static void say(const char *verdict, const char *directive, const char *fmt,
		va_list ap)
{
	char text[160];

	xn_vformat(text, sizeof(text), fmt, ap);
	bare_print("%s %u - %s: %s%s\n", verdict, ++count, current->name,
		   directive, text);
}

bool selftest_check(bool good, const char *fmt, ...)
{
	va_list ap;

	failed += !good;
	va_start(ap, fmt);
	say(good ? "ok" : "not ok", "", fmt, ap);
	va_end(ap);
	return good;
}

void selftest_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("ok", "# SKIP ", fmt, ap);
	va_end(ap);
}

void selftest_note(const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	xn_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	bare_print("# %s\n", text);
}

/* Is @name, or the room that it belongs to, in the list? */
static bool listed(const char *name, const char *list, unsigned int len)
{
	unsigned int i = 0, n;

	while (i < len) {
		for (n = 0; i + n < len && list[i + n] != ','; n++)
			;
		if (n && strlen(name) >= n && !memcmp(name, list + i, n) &&
		    (!name[n] || name[n] == '/'))
			return true;
		i += n + 1;
	}
	return false;
}

static const char *missing(unsigned int needs)
{
	if (needs & NEEDS_STORE && !bare_has_store)
		return "xenstore";
	if (needs & NEEDS_CPUS && bare_nr_cpus < 2)
		return "a second CPU";
	if (needs & NEEDS_FIFO && bare_guest.evtchn.ops != &xn_evtchn_fifo)
		return "FIFO event channels";
	if (needs & NEEDS_HVM && bare_info->kind == XN_PV)
		return "a PVH or HVM guest";
	if (needs & NEEDS_PV && bare_info->kind != XN_PV)
		return "a PV guest";
	if (needs & NEEDS_DOM0 && !bare_option("dom0", NULL))
		return "dom0's half of the test";
	if (needs & NEEDS_SAVE && !bare_option("save", NULL))
		return "a dom0 that saves the guest";
	return NULL;
}

void bare_main(void)
{
	static const char *const kinds[] = {
		[XN_PVH] = "PVH", [XN_HVM] = "HVM", [XN_PV] = "PV",
	};
	const struct selftest *const *test;
	const char *list, *lacks;
	unsigned int len = 0;

	list = bare_option("tests", &len);
	bare_print("TAP version 13\n");
	bare_print("# %s, %u CPUs, %s events by %s\n", kinds[bare_info->kind],
		   bare_nr_cpus, bare_guest.evtchn.ops->name,
		   bare_arch_callback());
	for (test = selftests_start; test < selftests_end; test++) {
		current = *test;
		if (list && !listed(current->name, list, len))
			continue;
		bare_print("# %s ...\n", current->name);
		lacks = missing(current->needs);
		if (lacks)
			selftest_skip("needs %s", lacks);
		else
			current->fn();
	}
	bare_print("1..%u\n", count);
	bare_print("# %u failed, %u pages used at most\n", failed,
		   bare_memory.peak);
}
