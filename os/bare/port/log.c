// SPDX-License-Identifier: MIT
/*
 * Words: the log of <xenion/os.h>, and what programs print. A line goes out as
 * one, so that two CPUs' lines do not mix.
 */
#include "bare.h"

static struct xn_lock lock;
static unsigned int holder;	/* CPU that has it, and 1; or 0 */
static char line[256];
static unsigned int used;

/* Words about how words get out would wait for themselves: no place for them. */
static bool begin(unsigned long *flags)
{
	if (XN_READ_ONCE(holder) == xn_os_cpu() + 1)
		return false;
	*flags = xn_lock(&lock);
	XN_WRITE_ONCE(holder, xn_os_cpu() + 1);
	return true;
}

static void end(unsigned long flags)
{
	XN_WRITE_ONCE(holder, 0);
	xn_unlock(&lock, flags);
}

/* Under the lock. */
static void flush(void)
{
	xn_early_write(line, used);
	used = 0;
}

static void print(const char *fmt, va_list ap)
{
	unsigned int len = xn_vformat(line + used, sizeof(line) - used - 1,
				      fmt, ap);

	used += len;
	if (used >= sizeof(line) - 2)
		line[used++] = '\n';
	if (used && line[used - 1] == '\n')
		flush();
}

void bare_print(const char *fmt, ...)
{
	unsigned long flags;
	va_list ap;

	if (!begin(&flags))
		return;
	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
	end(flags);
}

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	unsigned long flags;
	va_list ap;

	if (level == XN_DEBUG || !begin(&flags))
		return;
	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
	line[used++] = '\n';
	flush();
	end(flags);
}
