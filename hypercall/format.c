// SPDX-License-Identifier: MIT
/*
 * A small printf() with the conversions that xn_os_log() promises
 * (<xenion/os.h>), for OS layers that have none. Not part of Xen's ABI.
 */
#include <xenion/format.h>

struct out {
	char *buf;
	unsigned int size, len;
};

static void format_put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void put_string(struct out *o, const char *s, unsigned int width)
{
	unsigned int n = 0;

	for (; s[n]; n++)
		format_put(o, s[n]);
	for (; n < width; n++)
		format_put(o, ' ');
}

static void put_number(struct out *o, unsigned long v, unsigned int base,
		       unsigned int width, char fill)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (; width > n; width--)
		format_put(o, fill);
	while (n)
		format_put(o, digits[--n]);
}

static void put_signed(struct out *o, long v, unsigned int width, char fill)
{
	if (v < 0) {
		format_put(o, '-');
		put_number(o, -(unsigned long)v, 10, width, fill);
	} else {
		put_number(o, v, 10, width, fill);
	}
}

unsigned int xn_vformat(char *buf, unsigned int size, const char *fmt,
			__builtin_va_list ap)
{
	struct out o = { .buf = buf, .size = size };

	for (; *fmt; fmt++) {
		unsigned int width = 0, longs = 0;
		char fill = ' ';

		if (*fmt != '%') {
			format_put(&o, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == '-')	/* text is never right-aligned anyway */
			fmt++;
		if (*fmt == '0')
			fill = *fmt++;
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + *fmt - '0';
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			longs++;
		switch (*fmt) {
		case 'd':
			put_signed(&o, longs ? __builtin_va_arg(ap, long) :
					       __builtin_va_arg(ap, int),
				   width, fill);
			break;
		case 'u':
		case 'x':
			put_number(&o, longs ?
				   __builtin_va_arg(ap, unsigned long) :
				   __builtin_va_arg(ap, unsigned int),
				   *fmt == 'x' ? 16 : 10, width, fill);
			break;
		case 'p':
			put_string(&o, "0x", 0);
			put_number(&o, (unsigned long)
				   __builtin_va_arg(ap, void *), 16, 0, '0');
			break;
		case 's':
			put_string(&o, __builtin_va_arg(ap, const char *),
				   width);
			break;
		case 'c':
			format_put(&o, __builtin_va_arg(ap, int));
			break;
		case '\0':
			fmt--;
			break;
		default:
			format_put(&o, *fmt);
		}
	}
	if (size)
		buf[o.len] = '\0';
	return o.len;
}
