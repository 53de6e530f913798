// SPDX-License-Identifier: MIT
/*
 * Starts a secondary vCPU of a PVH or HVM guest by VCPUOP_initialise, with a
 * struct vcpu_hvm_context (xen-public/hvm/hvm_vcpu.h). The vCPU begins in
 * 64-bit mode on the caller's page tables, so it needs no trampoline below
 * 1 MiB. Called by the OS layer.
 */
#include <xenion/hypercall.h>
#include <xenion/x86/boot.h>
#include <xenion/x86/msr.h>
#include <xen-public/hvm/hvm_vcpu.h>

#define RFLAGS_RESERVED	(1u << 1)	/* reads as 1 */

/* Copy this vCPU's paging, with what its entries use: no-execute, global. */
static void copy_paging(xen_vcpu_hvm_x86_64_t *regs)
{
	__asm__("mov %%cr0, %0" : "=r" (regs->cr0));
	__asm__("mov %%cr3, %0" : "=r" (regs->cr3));
	__asm__("mov %%cr4, %0" : "=r" (regs->cr4));
	regs->efer = xn_rdmsr(XN_MSR_EFER);
}

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
	copy_paging(regs);
	err = xn_hc_vcpu(VCPUOP_initialise, vcpu, &ctx);
	if (!err)
		err = xn_hc_vcpu(VCPUOP_up, vcpu, NULL);
	return err;
}
