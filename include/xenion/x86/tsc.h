/* SPDX-License-Identifier: MIT */
/*
 * The counter that Xen's time is scaled from: on x86 the time stamp counter.
 * Included by the port's <xn_os_port.h>.
 */
#ifndef XENION_X86_TSC_H
#define XENION_X86_TSC_H

/* Not before what precedes it: RDTSC alone may be executed early. */
static inline uint64_t xn_cycles(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

#endif /* XENION_X86_TSC_H */
