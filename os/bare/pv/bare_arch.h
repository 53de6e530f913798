/* SPDX-License-Identifier: MIT */
/*
 * PV: a byte that each vCPU shares with Xen disables upcalls
 * (evtchn_upcall_mask of struct vcpu_info in xen-public/xen.h).
 */
#ifndef BARE_ARCH_H
#define BARE_ARCH_H

/* The bytes of each vCPU, evtchn_upcall_pending first; os/bare/pv/arch.c. */
extern volatile uint8_t *bare_upcall_bytes[];

/* Have Xen make the upcall that has waited. */
void bare_upcall_force(void);

/* This CPU's bytes. Its number is the lowest word of the stack (BARE_STACK). */
static inline volatile uint8_t *bare_upcall_here(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	return bare_upcall_bytes[*(const uint64_t *)(sp & ~16383ul)];
}

#define bare_barrier()	__asm__ volatile("" : : : "memory")

static inline unsigned long bare_upcalls_disable(void)
{
	volatile uint8_t *b = bare_upcall_here();
	unsigned long flags = b[1];

	b[1] = 1;
	bare_barrier();
	return flags;
}

/* Enable upcalls, whatever they were before. */
static inline void bare_upcalls_enable(void)
{
	volatile uint8_t *b = bare_upcall_here();

	bare_barrier();
	b[1] = 0;
	/* Xen looks at the mask only when it signals a new event. */
	if (b[0])
		bare_upcall_force();
}

static inline void bare_upcalls_restore(unsigned long flags)
{
	if (!flags)
		bare_upcalls_enable();
}

/* Upcalls are disabled. Sleep until one has come, and disable them again. */
void bare_idle(void);

#endif /* BARE_ARCH_H */
