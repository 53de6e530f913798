// SPDX-License-Identifier: MIT
/*
 * The shim's log: lines to Xen's debug port, which Xen logs ("xl dmesg", the
 * serial console) as guest_loglvl allows.
 */
#include <xenion/format.h>
#include "shim.h"

#define PREFIX	"xenion shim: "

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	char line[256] = PREFIX;
	unsigned int len = sizeof(PREFIX) - 1;
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	len += xn_vformat(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	line[len++] = '\n';
	xn_early_write(line, len);
}
