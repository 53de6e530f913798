// SPDX-License-Identifier: MIT
/*
 * A secondary vCPU of a PVH or HVM guest: VCPUOP_initialise with a struct
 * vcpu_hvm_context (xen-public/hvm/hvm_vcpu.h) that starts it in 64-bit mode,
 * on the first vCPU's page tables, so that no trampoline below 1 MiB is needed.
 * Called by the OS layer.
 */
#include <xenion/hypercall.h>
#include <xen-public/hvm/hvm_vcpu.h>
#include "x86.h"

#define CR0_PE		(1u << 0)
#define CR0_ET		(1u << 4)
#define CR0_PG		(1u << 31)
#define CR4_PAE		(1u << 5)
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)
#define RFLAGS_RESERVED	(1u << 1)	/* reads as 1 */

int xn_hvm_vcpu_start(unsigned int vcpu, void (*entry)(void *arg), void *arg,
		      void *stack_top)
{
	struct vcpu_hvm_context ctx = { .mode = VCPU_HVM_MODE_64B };
	xen_vcpu_hvm_x86_64_t *regs = &ctx.cpu_regs.x86_64;
	long err;

	regs->rip = (uintptr_t)entry;
	regs->rdi = (uintptr_t)arg;
	/* Aligned as after a call, which pushes a return address. */
	regs->rsp = (uintptr_t)stack_top - 8;
	regs->rflags = RFLAGS_RESERVED;
	regs->cr0 = CR0_PE | CR0_ET | CR0_PG;
	regs->cr3 = (uintptr_t)xn_page_root;
	regs->cr4 = CR4_PAE;
	regs->efer = EFER_LME | EFER_LMA;
	err = xn_hc_vcpu(VCPUOP_initialise, vcpu, &ctx);
	if (!err)
		err = xn_hc_vcpu(VCPUOP_up, vcpu, NULL);
	return err;
}
