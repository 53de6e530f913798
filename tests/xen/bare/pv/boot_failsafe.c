// SPDX-License-Identifier: MIT
/*
 * CALLBACKTYPE_failsafe (xen-public/callback.h): when Xen cannot restore the
 * state of a PV guest's vCPU, it enters the guest's failsafe callback instead,
 * with that state, selectors of data segments included. For a return by
 * HYPERVISOR_iret, Xen since about 4.15 delivers the exception that it causes
 * instead.
 *
 * Known by invalid segments, in HYPERVISOR_iret, and in the state in which a
 * vCPU begins. That needs a vCPU that the kernel has not started: option nosmp.
 */
#include "pv.h"

#define BAD_SELECTOR	0xe01b	/* an empty descriptor of Xen's */
#define VECTOR_GP	13

static struct bare_frame seen;
static unsigned int count;

static bool catch(struct bare_frame *f)
{
	seen = *f;
	f->ss = FLAT_KERNEL_SS;
	f->cs &= ~3ull;		/* or Xen takes it for user mode */
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
	return count == 1;
}

SELFTEST(boot, pv_iret, NEEDS_PV)
{
	uint64_t rsp, resume, after;

	count = 0;
	bare_trap_hook = catch;
	__asm__ volatile("movq %%rsp, %0\n\t"
			 "leaq 1f(%%rip), %1\n\t"
			 "pushq %[ss]\n\t"
			 "pushq %0\n\t"
			 "pushfq\n\t"
			 "orq $0x200, (%%rsp)\n\t"	/* upcalls enabled */
			 "pushq %[cs]\n\t"
			 "pushq %1\n\t"
			 "pushq $0\n\t"
			 "pushq $0x55\n\t"		/* rcx, */
			 "pushq $0x66\n\t"		/* r11 */
			 "pushq $0x77\n\t"		/* and rax */
			 "movl %[nr], %%eax\n\t"
			 "syscall\n"
			 "1:\n\t"
			 "movq %%rsp, %2"
			 : "=&r" (rsp), "=&r" (resume), "=r" (after)
			 : [ss] "i" (BAD_SELECTOR),
			   [cs] "i" (FLAT_KERNEL_CS & ~3),
			   [nr] "i" (__HYPERVISOR_iret)
			 : "rax", "rcx", "r11", "memory", "cc");
	bare_trap_hook = NULL;
	CHECK(count == 1 && (seen.vector == VECTOR_GP ||
			     seen.vector == BARE_VECTOR_FAILSAFE),
	      "a stack segment that is none: exception %lu", seen.vector);
	CHECK(seen.rip == resume && seen.rsp == rsp && seen.ss == BAD_SELECTOR,
	      "the frame has what could not be: rip 0x%lx, ss 0x%lx", seen.rip,
	      seen.ss);
	CHECK(seen.rax == 0x77 && seen.rcx == 0x55 && seen.r11 == 0x66,
	      "registers are those that were asked for");
	CHECK(after == rsp, "from there it goes on in a state that can be");
	CHECK(!bare_shared->vcpu_info[0].evtchn_upcall_mask,
	      "with upcalls enabled");
}

static long (*real_hypercall)(unsigned int nr, unsigned long a1,
			      unsigned long a2, unsigned long a3,
			      unsigned long a4, unsigned long a5);

/* Wraps hypercalls: vCPUs begin with an invalid data segment. */
static long spoil(unsigned int nr, unsigned long a1, unsigned long a2,
		  unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct vcpu_guest_context *ctx = (void *)a3;

	if (nr == __HYPERVISOR_vcpu_op && a1 == VCPUOP_initialise)
		ctx->user_regs.ds = BAD_SELECTOR;
	return real_hypercall(nr, a1, a2, a3, a4, a5);
}

static unsigned int count_of(void)
{
	return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

SELFTEST(boot, pv_failsafe, NEEDS_PV)
{
	unsigned int cpu = bare_nr_cpus, i;
	struct bare_stack *s;
	int err;

	if (cpu == bare_info->nr_vcpus) {
		selftest_skip("needs a vCPU that is not started");
		return;
	}
	s = bare_stack_alloc(cpu);
	REQUIRE(s, "a stack");
	count = 0;
	bare_trap_hook = catch;
	real_hypercall = xn_hypercall_other;
	xn_hypercall_other = spoil;
	err = bare_arch_cpu_start(cpu, (char *)s + BARE_STACK);
	xn_hypercall_other = real_hypercall;
	REQUIRE(!err, "a vCPU starts (error %d)", err);
	/* The new vCPU cannot wake this one. */
	for (i = 0; i < 100 && !count_of(); i++)
		bare_sleep(50 * XN_NSEC_PER_MSEC);
	REQUIRE(count_of(), "it has entered a handler");
	CHECK(seen.vector == BARE_VECTOR_FAILSAFE,
	      "the failsafe callback: exception %lu", seen.vector);
	CHECK(seen.rip == (uintptr_t)bare_cpu_main && seen.rdi == cpu,
	      "the frame has how it should have begun");
	bare_sleep(100 * XN_NSEC_PER_MSEC);
	CHECK(count_of() == 1, "it goes on without another one");
	bare_trap_hook = NULL;
}
