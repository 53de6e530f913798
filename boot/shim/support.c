// SPDX-License-Identifier: MIT
/*
 * What a C compiler and the core expect of every environment. Only in the
 * shim's image: in a process the C library and os/host have these.
 */
#include <xenion/hypercall.h>

long xn_errno(long ret)
{
	return ret;
}

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 8, rest = n % 8;

	__asm__ volatile("rep movsq\n\t"
			 "mov %3, %2\n\t"
			 "rep movsb"
			 : "+D" (d), "+S" (src), "+&c" (words)
			 : "r" (rest) : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;

	__asm__ volatile("rep stosb"
			 : "+D" (d), "+c" (n) : "a" (c) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}
