/* SPDX-License-Identifier: MIT */
/*
 * The counter that Xen's time is scaled from: on x86 the time stamp counter.
 * Included by the OS layer's <xn_os_layer.h>.
 */
#ifndef XENION_X86_TSC_H
#define XENION_X86_TSC_H

/**
 * xn_cycles - the time stamp counter
 *
 * Reads it after all earlier instructions: RDTSC alone may be executed early.
 * Returns: the counter of the CPU that runs this. Context: any.
 */
static inline uint64_t xn_cycles(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

#endif /* XENION_X86_TSC_H */
