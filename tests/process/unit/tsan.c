// SPDX-License-Identifier: MIT
/*
 * Tells ThreadSanitizer how to treat XN_READ_ONCE() and XN_WRITE_ONCE(), which
 * are accesses to volatiles: they may race with each other, and are used with
 * barriers that the sanitizer does not know. So each counts as acquire or
 * release. A missing barrier is therefore not found, but a plain access that
 * races with another thread is.
 *
 * Compiled without the sanitizer, called by code compiled with it
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
