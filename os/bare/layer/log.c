// SPDX-License-Identifier: MIT
/*
 * The log of <xenion/os.h>, and the output of programs. A line is written at
 * once, so that the lines of two CPUs do not mix.
 */
#include <xenion/format.h>
#include "bare.h"

static struct xn_lock lock;
static char line[256];
static unsigned int used;

/* Called under the lock. */
static void log_flush(void)
{
	xn_early_write(line, used);
	used = 0;
}

static void log_print(const char *fmt, va_list ap)
{
	unsigned int len = xn_vformat(line + used, sizeof(line) - used - 1,
				      fmt, ap);

	used += len;
	if (used >= sizeof(line) - 2)
		line[used++] = '\n';
	if (used && line[used - 1] == '\n')
		log_flush();
}

void bare_print(const char *fmt, ...)
{
	unsigned long flags = xn_lock(&lock);
	va_list ap;

	va_start(ap, fmt);
	log_print(fmt, ap);
	va_end(ap);
	xn_unlock(&lock, flags);
}

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	unsigned long flags;
	va_list ap;

	if (level == XN_DEBUG)
		return;
	flags = xn_lock(&lock);
	va_start(ap, fmt);
	log_print(fmt, ap);
	va_end(ap);
	line[used++] = '\n';
	log_flush();
	xn_unlock(&lock, flags);
}
