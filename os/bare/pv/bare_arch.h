/* SPDX-License-Identifier: MIT */
/*
 * PV: upcalls are held back by a byte that each vCPU shares with Xen
 * (evtchn_upcall_mask of struct vcpu_info in xen-public/xen.h).
 */
#ifndef BARE_ARCH_H
#define BARE_ARCH_H

/* The bytes of each vCPU, evtchn_upcall_pending first; os/bare/pv/arch.c. */
extern volatile uint8_t *bare_upcall_bytes[];

/* Have Xen make the upcall that has waited. */
void bare_upcall_force(void);

/* Of this CPU: its number is the lowest word of the stack, of BARE_STACK. */
static inline volatile uint8_t *bare_upcall_here(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	return bare_upcall_bytes[*(const uint64_t *)(sp & ~16383ul)];
}

#define bare_barrier()	__asm__ volatile("" : : : "memory")

static inline unsigned long xn_upcalls_disable(void)
{
	volatile uint8_t *b = bare_upcall_here();
	unsigned long flags = b[1];

	b[1] = 1;
	bare_barrier();
	return flags;
}

/* Upcalls on, whatever they were. */
static inline void bare_upcalls_enable(void)
{
	volatile uint8_t *b = bare_upcall_here();

	bare_barrier();
	b[1] = 0;
	/* Xen looks at the mask only when it has something new to tell. */
	if (b[0])
		bare_upcall_force();
}

static inline void xn_upcalls_restore(unsigned long flags)
{
	if (!flags)
		bare_upcalls_enable();
}

/* Upcalls are off; sleep until one has come, and turn them off again. */
void bare_idle(void);

#endif /* BARE_ARCH_H */
