// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_set_trap_table and HYPERVISOR_iret (xen-public/arch-x86/xen.h and
 * xen-x86_64.h): Xen enters a PV guest's handler for each exception with the
 * processor's frame, rcx and r11 before it, upcalls masked, and the address of
 * a page fault in vcpu_info.arch.cr2; and returns from it to the state in the
 * frame, where rflags.IF says whether upcalls are enabled.
 *
 * Known by provoking some exceptions, by the frame, and by the registers and
 * the mask afterwards. On each CPU, because each has handlers of its own. A
 * write to a table of level 1 is not provoked: Xen carries it out for a domain
 * that has asked for that, and always for dom0.
 */
#include "pv.h"

#define VECTOR_DIVIDE	0
#define VECTOR_INT3	3
#define VECTOR_UD	6
#define VECTOR_PF	14
#define PF_PRESENT	1u
#define PF_WRITE	2u
#define RFLAGS_IF	(1u << 9)

static struct {
	unsigned int count;
	struct bare_frame frame;
	uint64_t cr2;
	uint8_t mask;
	uintptr_t resume;	/* where to continue; 0: where it was */
} caught;

static bool catch(struct bare_frame *f)
{
	const struct vcpu_info *v = &bare_shared->vcpu_info[xn_os_cpu()];

	caught.count++;
	caught.frame = *f;
	caught.cr2 = v->arch.cr2;
	caught.mask = v->evtchn_upcall_mask;
	if (caught.resume)
		f->rip = caught.resume;
	return true;
}

/* Run instructions of which the one at 1: faults, and continue at 2: */
#define PROVOKE(instructions, ...) \
	__asm__ volatile("leaq 2f(%%rip), %%rax\n\t" \
			 "movq %%rax, %[resume]\n\t" \
			 instructions "\n\t" \
			 "2:" \
			 : [resume] "=m" (caught.resume) : __VA_ARGS__ \
			 : "rax", "rdx", "memory", "cc")

static void check_seen(const char *what, unsigned int vector)
{
	CHECK(caught.count == 1 && caught.frame.vector == vector,
	      "%s: exception %lu on CPU %u", what, caught.frame.vector,
	      xn_os_cpu());
	CHECK(caught.mask && caught.frame.rflags & RFLAGS_IF,
	      "%s: masks upcalls, which were enabled", what);
	CHECK(!bare_shared->vcpu_info[xn_os_cpu()].evtchn_upcall_mask,
	      "%s: and are again", what);
	memset(&caught, 0, sizeof(caught));
}

static void page_fault(const char *what, void *at, uint32_t error)
{
	uint64_t cr2, is;

	if (error & PF_WRITE)
		PROVOKE("1: movb $0, (%1)", "r" (at));
	else
		PROVOKE("1: movb (%1), %%al", "r" (at));
	cr2 = caught.cr2;
	is = caught.frame.error;
	check_seen(what, VECTOR_PF);
	CHECK(cr2 == (uintptr_t)at && is == error, "%s: at 0x%lx, error 0x%lx",
	      what, cr2, is);
}

static void provoke_all(void *arg)
{
	void *root = (void *)(bare_pv.root << XN_PAGE_SHIFT);
	void *level2 = (void *)xn_pv_entry(&bare_pv, root, 2, NULL);

	PROVOKE("1: ud2");
	check_seen("ud2", VECTOR_UD);
	PROVOKE("xorl %%edx, %%edx; xorl %%eax, %%eax; 1: divl %%eax");
	check_seen("divide by 0", VECTOR_DIVIDE);
	page_fault("null", (void *)16, 0);
	page_fault("write to a table of level 4", root, PF_PRESENT | PF_WRITE);
	page_fault("write to a table of level 2", level2,
		   PF_PRESENT | PF_WRITE);
}

SELFTEST(boot, pv_exceptions, NEEDS_PV)
{
	unsigned int cpu;

	memset(&caught, 0, sizeof(caught));
	bare_trap_hook = catch;
	provoke_all(NULL);
	for (cpu = 1; cpu < bare_nr_cpus; cpu++)
		CHECK(!bare_run(cpu, provoke_all, NULL) &&
		      bare_run_wait(cpu, 10 * XN_NSEC_PER_SEC),
		      "CPU %u has done the same", cpu);
	bare_trap_hook = NULL;
}

/* int3 is complete when it traps: continue after it. */
SELFTEST(boot, pv_breakpoint, NEEDS_PV)
{
	memset(&caught, 0, sizeof(caught));
	bare_trap_hook = catch;
	__asm__ volatile("int3" : : : "memory");
	bare_trap_hook = NULL;
	check_seen("int3", VECTOR_INT3);
}

/* All registers are restored, including rcx and r11. */
static bool registers_survive(void)
{
	register uint64_t r8 __asm__("r8") = 0x88;
	register uint64_t r9 __asm__("r9") = 0x99;
	register uint64_t r10 __asm__("r10") = 0x1010;
	register uint64_t r11 __asm__("r11") = 0x1111;
	uint64_t a = 0xa1, b = 0xb2, c = 0xc3, d = 0xd4, si = 0x51, di = 0xd1;

	__asm__ volatile("leaq 1f(%%rip), %%r12\n\t"
			 "movq %%r12, %[resume]\n\t"
			 "ud2\n"
			 "1:"
			 : "+a" (a), "+b" (b), "+c" (c), "+d" (d), "+S" (si),
			   "+D" (di), "+r" (r8), "+r" (r9), "+r" (r10),
			   "+r" (r11), [resume] "=m" (caught.resume)
			 : : "r12", "memory");
	return a == 0xa1 && b == 0xb2 && c == 0xc3 && d == 0xd4 && si == 0x51 &&
	       di == 0xd1 && r8 == 0x88 && r9 == 0x99 && r10 == 0x1010 &&
	       r11 == 0x1111;
}

SELFTEST(boot, pv_registers, NEEDS_PV)
{
	memset(&caught, 0, sizeof(caught));
	bare_trap_hook = catch;
	CHECK(registers_survive(), "registers are what they were");
	bare_trap_hook = NULL;
	CHECK(caught.frame.rax == 0xa1 && caught.frame.rcx == 0xc3 &&
	      caught.frame.r11 == 0x1111 && caught.frame.r10 == 0x1010,
	      "and the handler saw them");
}
