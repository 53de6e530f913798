/* SPDX-License-Identifier: MIT */
/* PVH and HVM: upcalls are interrupts, and the CPU's flag disables them. */
#ifndef BARE_ARCH_H
#define BARE_ARCH_H

#define BARE_RFLAGS_IF	(1ul << 9)

static inline unsigned long bare_upcalls_disable(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r" (flags) : : "memory");
	return flags;
}

static inline void bare_upcalls_restore(unsigned long flags)
{
	if (flags & BARE_RFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
}

/* Enable upcalls, whatever they were before. */
static inline void bare_upcalls_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* Upcalls are disabled. Sleep until one has come, and disable them again. */
static inline void bare_idle(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

#endif /* BARE_ARCH_H */
