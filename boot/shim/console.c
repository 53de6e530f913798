// SPDX-License-Identifier: MIT
/*
 * The shim's log: lines on Xen's debug port, which end in Xen's own log
 * ("xl dmesg", the serial console) where the guest's log level allows it.
 */
#include "shim.h"

#define DEBUG_PORT	0xe9

static void put(char c)
{
	__asm__ volatile("outb %0, %1"
			 : : "a" (c), "Nd" ((uint16_t)DEBUG_PORT));
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_number(unsigned long long v, unsigned int base, int width)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (width-- > n)
		put('0');
	while (n)
		put(digits[--n]);
}

static void put_signed(long long v, int width)
{
	if (v < 0)
		put('-');
	put_number(v < 0 ? -(unsigned long long)v : (unsigned long long)v,
		   10, width);
}

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	put_string("xenion shim: ");
	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		int width = 0, longs = 0;

		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		for (fmt++; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + *fmt - '0';
		for (; *fmt == 'l'; fmt++)
			longs++;
		switch (*fmt) {
		case 'd':
			put_signed(longs ? va_arg(ap, long) : va_arg(ap, int),
				   width);
			break;
		case 'u':
		case 'x':
			put_number(longs ? va_arg(ap, unsigned long) :
					   va_arg(ap, unsigned int),
				   *fmt == 'x' ? 16 : 10, width);
			break;
		case 'p':
			put_number((unsigned long)va_arg(ap, void *), 16, 0);
			break;
		case 's':
			put_string(va_arg(ap, const char *));
			break;
		case 'c':
			put(va_arg(ap, int));
			break;
		case '\0':
			fmt--;
			break;
		default:
			put(*fmt);
		}
	}
	va_end(ap);
	put('\n');
}
