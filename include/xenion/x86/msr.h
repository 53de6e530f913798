/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of an x86 CPU, for what Xen leaves to the guest: its
 * local APIC, its paging. Privileged: not for a PV guest.
 */
#ifndef XENION_X86_MSR_H
#define XENION_X86_MSR_H

#include <xenion/os.h>

#define XN_MSR_APIC_BASE	0x1bu
#define XN_APIC_BASE_X2APIC	(1u << 10)
#define XN_APIC_BASE_ENABLE	(1u << 11)
#define XN_APIC_BASE_ADDRESS	0x000ffffffffff000ull
#define XN_MSR_X2APIC_EOI	0x80bu
#define XN_MSR_EFER		0xc0000080u

/**
 * xn_rdmsr - read a register
 * @msr: its number; one that the CPU does not have is an exception
 *
 * Context: any.
 * Return: its value.
 */
static inline uint64_t xn_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (uint64_t)high << 32 | low;
}

/**
 * xn_wrmsr - write a register
 * @msr: its number
 * @v: its value; one that it does not take is an exception
 *
 * Context: any.
 */
static inline void xn_wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr"
			 : : "c" (msr), "a" ((uint32_t)v),
			     "d" ((uint32_t)(v >> 32))
			 : "memory");
}

#endif /* XENION_X86_MSR_H */
