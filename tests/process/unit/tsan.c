// SPDX-License-Identifier: MIT
/*
 * What ThreadSanitizer is to make of XN_READ_ONCE() and XN_WRITE_ONCE(), which
 * are accesses to volatiles: they are meant to meet others of their kind, and
 * stand beside the barriers that the sanitizer does not know. So each is taken
 * to be acquire or release. That a barrier is missing is therefore not found;
 * that a plain access meets another thread's is.
 *
 * Compiled without the sanitizer, called by what is compiled with it
 * (--param tsan-distinguish-volatile=1).
 */

#include <sanitizer/tsan_interface.h>

#define DEFINE(size)							\
void __tsan_volatile_read##size(void *addr)				\
{									\
	__tsan_acquire(addr);						\
}									\
void __tsan_unaligned_volatile_read##size(void *addr)			\
{									\
	__tsan_acquire(addr);						\
}									\
void __tsan_volatile_write##size(void *addr)				\
{									\
	__tsan_release(addr);						\
}									\
void __tsan_unaligned_volatile_write##size(void *addr)			\
{									\
	__tsan_release(addr);						\
}

DEFINE(1)
DEFINE(2)
DEFINE(4)
DEFINE(8)
DEFINE(16)
