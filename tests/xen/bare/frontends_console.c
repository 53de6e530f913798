// SPDX-License-Identifier: MIT
/*
 * The PV console (xen-public/io/console.h): the console daemon in dom0 gets
 * what the guest writes, every byte in order, even if it is more than the ring
 * holds; the guest gets what is typed there.
 *
 * dom0 (domu.dom0.sh) counts the lines in the daemon's log, and types a line.
 */
#include "devices.h"
#include "selftest.h"

#define LINES	200	/* of 24 bytes: twice what the ring holds */
#define SECOND	XN_NSEC_PER_SEC

static struct bare_console *con;

static bool write_lines(void)
{
	static const char text[] = "selftest line 00000 ...\n";
	char line[sizeof(text)];
	unsigned int i, n, v;

	for (i = 0; i < LINES; i++) {
		memcpy(line, text, sizeof(text));
		for (n = 19, v = i; v; v /= 10)
			line[--n] = '0' + v % 10;
		if (bare_console_write(con, line, sizeof(text) - 1,
				       60 * SECOND) != sizeof(text) - 1)
			return false;
	}
	return true;
}

static bool read_line(const char *want)
{
	char got[64] = "";
	unsigned int len = 0;
	int n;

	while (len < sizeof(got) - 1 && (!len || got[len - 1] != '\n')) {
		n = bare_console_read(con, got + len, sizeof(got) - 1 - len,
				      60 * SECOND);
		if (n <= 0)
			return false;
		len += n;
		got[len] = '\0';
	}
	return !strcmp(got, want);
}

SELFTEST(frontends, console, NEEDS_STORE | NEEDS_DOM0)
{
	con = bare_console_get();
	REQUIRE(con, "there is a console");
	CHECK(write_lines(), "%u lines go out", LINES);
	bare_print("# tell console\n");
	CHECK(read_line("typed in dom0\n"), "a line comes in");
	bare_console_put(con);
}
