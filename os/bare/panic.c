// SPDX-License-Identifier: MIT
/*
 * Ends a kernel that cannot continue (os/bare/bare.h). Called by all parts of
 * the reference kernel, but uses none of them.
 */
#include <xenion/format.h>
#include "bare.h"

/* Takes no lock: the code that died may hold it. */
void bare_panic(const char *fmt, ...)
{
	char text[256];
	unsigned int len;
	va_list ap;

	va_start(ap, fmt);
	len = xn_vformat(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	text[len++] = '\n';
	/* The code that owns the console may be what failed. */
	xn_early_console(NULL);
	xn_early_write(text, len);
	xn_early_stop(SHUTDOWN_crash);
}
