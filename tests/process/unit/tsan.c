// SPDX-License-Identifier: MIT
/*
 * Tells ThreadSanitizer what orders accesses to shared rings: XN_READ_ONCE()
 * and XN_WRITE_ONCE(), which are accesses to volatiles and may race with each
 * other, and the barriers between them and plain accesses. The sanitizer knows
 * neither of them.
 *
 * A write to a volatile is a release; a missing xn_wmb() is not found. A read
 * of one acquires at the barrier after it: so a missing xn_rmb() is found, on a
 * processor that would forgive it too. The read itself could not acquire: the
 * compiler calls us before the access, so another thread may write between the
 * two.
 *
 * Compiled without the sanitizer, called by code compiled with it
 * (--param tsan-distinguish-volatile=1).
 */
#include <sanitizer/tsan_interface.h>

/* What this thread has read since its last barrier; the oldest give way. */
#define READS	64u

static _Thread_local struct {
	void *addr[READS];
	unsigned int nr;
} reads;

static void volatile_read(void *addr)
{
	reads.addr[reads.nr++ % READS] = addr;
}

/* In place of libtsan's own, which does nothing about volatiles. */
void __tsan_atomic_thread_fence(int order)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (order == __ATOMIC_RELEASE)
		return;
	if (reads.nr > READS)
		reads.nr = READS;
	while (reads.nr)
		__tsan_acquire(reads.addr[--reads.nr]);
}

#define DEFINE(size)							\
void __tsan_volatile_read##size(void *addr)				\
{									\
	volatile_read(addr);						\
}									\
void __tsan_unaligned_volatile_read##size(void *addr)			\
{									\
	volatile_read(addr);						\
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
