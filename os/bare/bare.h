/* SPDX-License-Identifier: MIT */
/*
 * The reference kernel: what a program on it can use, and what its parts use
 * of each other. A program is a function bare_main() that is linked with
 * os/bare and libxenion.a. It runs on CPU 0, in a thread, with all rooms up.
 */
#ifndef BARE_H
#define BARE_H

#include <xenion/boot.h>
#include <xenion/guest.h>
#include <xenion/hypercall.h>
#include <xenion/mmu.h>
#include <xenion/time.h>

/* ---- for programs ---- */

/* The program; when it returns, the domain powers off. */
void bare_main(void);

extern struct xn_guest bare_guest;	/* its xs only if bare_has_store */
extern const struct xn_boot_info *bare_info;
extern struct shared_info *bare_shared;
extern struct xn_vcpus bare_vcpus;
extern bool bare_has_store;		/* there is a xenstore */
extern unsigned int bare_nr_cpus;	/* those that are up */

/* Print a line, or a part of a line. */
void bare_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print why, and stop the domain as crashed. */
void bare_panic(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* Returns the boot module of that number, and its size; NULL: there is none, or
 * it is out of reach.
 */
const void *bare_module(unsigned int i, uint64_t *size);

/* Returns the value of the word "name=value" of the command line, "" for the
 * word "name" alone, or NULL. The value ends at the next space, after @len.
 */
const char *bare_option(const char *name, unsigned int *len);

/* Is that value exactly @value? */
bool bare_option_is(const char *name, const char *value);

/* Sleep. */
void bare_sleep(uint64_t ns);

/* Let other threads run, if they can. */
void bare_yield(void);

/* Start a thread beside bare_main(), on CPU 0. @fn may return. */
int bare_thread(void (*fn)(void *arg), void *arg);

/* Have CPU @cpu (not 0) call a function, with upcalls enabled, without waiting;
 * -EBUSY while it runs another function. Called on CPU 0.
 */
int bare_run(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* Wait until that function has returned; false after @timeout_ns. */
bool bare_run_wait(unsigned int cpu, uint64_t timeout_ns);

struct xn_frontend;

/* Let the toolstack save or move the guest, when control/shutdown says "suspend", and
 * return when it goes on: @anew, in a new domain. @fe are all frontends; their devices
 * go on. What another domain's pages and ports a program has of its own is its own to
 * give up and to make again. Called from a thread, as no function of another CPU runs.
 * Returns: 0; or a negative errno value: -EBUSY when one does; if @anew, there is no
 * xenstore now.
 */
int bare_suspend(struct xn_frontend *const *fe, unsigned int nr, bool *anew);

/* Returns aligned, consecutive pages, never to be freed; NULL: none left. */
void *bare_pages(unsigned int count, unsigned int align_pages);

/* In pages, without the image. */
extern struct bare_memory {
	unsigned int total;	/* RAM in reach */
	unsigned int used, peak;	/* now, and the maximum so far */
} bare_memory;

/* ---- traps: os/bare/<kind>/ ---- */

struct bare_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	uint64_t rdi, rsi, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Set by code that expects an exception. Returns: true if it has handled it. */
extern bool (*bare_trap_hook)(struct bare_frame *f);

/* An exception has come. Called by the kind's entry code. */
void bare_trap(struct bare_frame *f);

/* Xen has an event for this CPU. Called by the kind's entry code. */
void bare_upcall(void);

/* Set up exceptions. Called on CPU 0, before all else. */
void bare_arch_init(void);

/* Let upcalls call bare_upcall() on this CPU. Event channels are up. */
int bare_arch_upcalls(unsigned int cpu);

/* The name of the way in which upcalls come. */
const char *bare_arch_callback(void);

/* Start CPU @cpu: it calls bare_cpu_main(cpu) on that stack. */
int bare_arch_cpu_start(unsigned int cpu, void *stack_top);
void bare_cpu_main(unsigned int cpu);

/* Make all RAM below @end accessible. */
bool bare_arch_memory(uint64_t end);

/* Make guest frames accessible; what lies there is not touched. */
void *bare_arch_map(xen_pfn_t gfn, unsigned int count);
void bare_arch_unmap(void *va, unsigned int count);

/* The frame number by which Xen knows a page. */
xen_pfn_t bare_arch_gfn(const void *va);

/* Bits of a guest-physical address. */
unsigned int bare_arch_address_bits(void);

/* ---- kernel/suspend.c ---- */

/* What has a port, beside frontends: in a new domain it gives that up, and makes it
 * again when all have, with the console's page and port of the new domain.
 */
struct bare_resume {
	struct bare_resume *next;
	void (*suspend)(struct bare_resume *r);	/* before all */
	void (*lost)(struct bare_resume *r);
	void (*resume)(struct bare_resume *r,
		       const struct xn_boot_channel *console);
};

void bare_resume_register(struct bare_resume *r);
void bare_resume_unregister(struct bare_resume *r);

/* SCHEDOP_shutdown with SHUTDOWN_suspend; and the shared info page, when the guest goes on
 * in its domain or, @anew, in another. Upcalls are disabled.
 */
void bare_arch_suspend(void);
int bare_arch_resume(bool anew);

/* Where the toolstack has put xenstore's page and the console's, in a new domain. */
void bare_arch_channels(struct xn_boot_channel *store,
			struct xn_boot_channel *console);

/* ---- the OS layer's parts: they call nothing of kernel/ ---- */

/* We use only memory below this, which the entry code maps at its address. */
#define BARE_REACH	0x100000000ull

#define BARE_STACK	XN_BOOT_STACK

/* The lowest word of each stack is its CPU's number; the next is a mark. */
struct bare_stack {
	uint64_t cpu;
	uint64_t mark;
};

#define BARE_STACK_MARK	0x78656e696f6e2e2eull

/* The stack that we are on. */
#define bare_stack_here() \
	((struct bare_stack *)((uintptr_t)__builtin_frame_address(0) & \
			       ~(uintptr_t)(BARE_STACK - 1)))

/* Make a stack for a context of CPU @cpu. NULL: no memory. */
static inline void *bare_stack_alloc(unsigned int cpu)
{
	struct bare_stack *s = bare_pages(BARE_STACK / XN_PAGE_SIZE,
					  BARE_STACK / XN_PAGE_SIZE);

	if (s) {
		s->cpu = cpu;
		s->mark = BARE_STACK_MARK;
	}
	return s;
}

void bare_clock_init(const struct xn_vcpus *vcpus);
extern struct xn_clock bare_clock;	/* xn_os_now() */
void bare_memory_init(const struct xn_boot_info *info);
void bare_threads_init(void);
void bare_workers_init(void);
/* Makes its port, and arms nothing. */
void bare_timer_init(struct xn_evtchn_table *t);
extern evtchn_port_t bare_timer;
void bare_cpus_init(void);
/* The other CPUs wait, with upcalls disabled, until they go on; in a new domain, their
 * ports are lost before. -EBUSY: one of them runs a function.
 */
int bare_cpus_park(void);
void bare_cpus_lost(void);
void bare_cpus_go(bool anew);
/* The port that interrupts CPU 0; 0: there are no other CPUs. */
extern evtchn_port_t bare_kick;

/* switch.S: save this context's stack pointer, and continue with another's. */
void bare_switch(uint64_t *save, uint64_t load);

#endif /* BARE_H */
