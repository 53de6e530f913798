/* SPDX-License-Identifier: MIT */
/*
 * Makes a race certain: some code runs one instruction at a time, and a
 * function is called before any one of them, as if by another party.
 *
 *	for (n = 1; step_begin(n, fn); n++) {
 *		... the code ...
 *		step_end();
 *		... what holds whenever fn() was called ...
 *	}
 *
 * fn() is called before the nth instruction; the loop ends when the code has
 * fewer.
 */
#ifndef XENION_STEP_H
#define XENION_STEP_H

#include <signal.h>

static unsigned int step_count, step_nth;
static void (*step_fn)(void);

static void step_trap(int sig)
{
	if (++step_count == step_nth)
		step_fn();
}

/* The processor's trap flag: a SIGTRAP after each instruction. */
static inline void step_end(void)
{
	__asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq"
			 : : : "memory", "cc");
}

static inline bool step_begin(unsigned int nth, void (*fn)(void))
{
	bool again = nth == 1 || step_count >= step_nth;

	signal(SIGTRAP, again ? step_trap : SIG_DFL);
	step_count = 0;
	step_nth = nth;
	step_fn = fn;
	if (again)
		__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq"
				 : : : "memory", "cc");
	return again;
}

#endif /* XENION_STEP_H */
