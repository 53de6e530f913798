// SPDX-License-Identifier: MIT
/*
 * What the reference kernel needs only in a PVH or HVM guest: interrupt
 * descriptors, the local APIC, page tables beyond the first 4 GiB, and the
 * choice of the way in which upcalls come (<xenion/x86/upcall.h>).
 */
#include <xenion/x86/boot.h>
#include <xenion/x86/cpuid.h>
#include <xenion/x86/msr.h>
#include <xenion/x86/upcall.h>
#include "bare.h"
#include "entry.h"

#define VECTOR_UPCALL		0xf0
#define VECTOR_SPURIOUS		0xff
#define STUB_SIZE		16
#define CODE_SELECTOR		0x10
#define GATE_INTERRUPT		0x8e00u	/* present, ring 0, upcalls off */

#define MSR_X2APIC_SPURIOUS	0x80f
#define XAPIC_SPURIOUS		(0xf0 / 4)
#define APIC_SOFTWARE_ENABLE	0x100u
#define CPUID_1_ECX_X2APIC	(1u << 21)

#define IOAPIC_BASE		0xfec00000ul
#define IOAPIC_REDIRECTION	0x10
#define IOAPIC_LEVEL		(1u << 15)
#define GSI_DEFAULT		28	/* no device that we use has it */

#define PTE_TABLE		0x003ull
#define PTE_LARGE		0x083ull
#define PTE_ADDRESS		0x000ffffffffff000ull
#define LARGE_SIZE		(1ull << 21)

struct gate {
	uint16_t offset_low, selector, flags, offset_mid;
	uint32_t offset_high, zero;
};

struct __attribute__((packed)) idt_pointer {
	uint16_t limit;
	uint64_t base;
};

static struct gate idt[256] __attribute__((aligned(16)));

/* How upcalls come. */
static enum callback {
	BY_VCPU_VECTOR,		/* a vector per vCPU, by its local APIC */
	BY_VECTOR,		/* one vector, past the local APICs */
	BY_GSI,			/* a line of the IOAPIC, vCPU 0 only */
} callback;

static const char *const callback_names[] = {
	[BY_VCPU_VECTOR] = "vcpu", [BY_VECTOR] = "vector", [BY_GSI] = "gsi",
};

/* ---- exceptions ---- */

static void set_gate(unsigned int vector, const char *entry)
{
	uintptr_t at = (uintptr_t)entry;

	idt[vector] = (struct gate){
		.offset_low = at, .offset_mid = at >> 16,
		.offset_high = at >> 32,
		.selector = CODE_SELECTOR, .flags = GATE_INTERRUPT,
	};
}

static void load_idt(void)
{
	struct idt_pointer p = {
		.limit = sizeof(idt) - 1, .base = (uintptr_t)idt,
	};

	__asm__ volatile("lidt %0" : : "m" (p));
}

/* ---- the local APIC ---- */

static uint32_t *xapic;		/* NULL: in x2APIC mode */

/*
 * Xen's local APIC has the x2APIC mode in every PVH and HVM guest. With the
 * word "xapic" we access its registers as memory, like kernels without that
 * mode.
 */
static void apic_init(void)
{
	uint64_t base = xn_rdmsr(XN_MSR_APIC_BASE) | XN_APIC_BASE_ENABLE;

	if (bare_option("xapic", NULL)) {
		xn_wrmsr(XN_MSR_APIC_BASE, base);
		xapic = (uint32_t *)xn_apic_page();
		XN_WRITE_ONCE(xapic[XAPIC_SPURIOUS],
			      APIC_SOFTWARE_ENABLE | VECTOR_SPURIOUS);
		return;
	}
	if (!(xn_cpuid(1, 0).ecx & CPUID_1_ECX_X2APIC))
		bare_panic("bare: no x2APIC");
	xn_wrmsr(XN_MSR_APIC_BASE, base | XN_APIC_BASE_X2APIC);
	xn_wrmsr(MSR_X2APIC_SPURIOUS, APIC_SOFTWARE_ENABLE | VECTOR_SPURIOUS);
}

void bare_hvm_cpu_init(void)
{
	load_idt();
	apic_init();
}

void bare_arch_init(void)
{
	unsigned int i;

	for (i = 0; i < 32; i++)
		set_gate(i, bare_stubs + i * STUB_SIZE);
	set_gate(VECTOR_UPCALL, bare_upcall_entry);
	set_gate(VECTOR_SPURIOUS, bare_spurious_entry);
	bare_hvm_cpu_init();
}

/* ---- upcalls ---- */

void bare_hvm_upcall(void)
{
	/* Before we look for events, so that a later one makes an upcall. */
	if (callback != BY_VECTOR)
		xn_apic_eoi(xapic);
	bare_upcall();
}

static void choose_callback(void)
{
	const char *word = bare_option("callback", NULL);
	unsigned int i;

	for (i = 0; word && i < XN_ARRAY_SIZE(callback_names); i++)
		if (bare_option_is("callback", callback_names[i])) {
			callback = i;
			return;
		}
	if (word)
		bare_panic("bare: callback= is vcpu, vector or gsi");
}

const char *bare_arch_callback(void)
{
	return callback_names[callback];
}

static void ioapic_write(uint32_t index, uint32_t value)
{
	volatile uint32_t *io = (volatile uint32_t *)IOAPIC_BASE;

	io[0] = index;
	io[4] = value;
}

static int by_gsi(unsigned int cpu)
{
	if (cpu)
		return -EOPNOTSUPP;
	ioapic_write(IOAPIC_REDIRECTION + 2 * GSI_DEFAULT + 1, 0);
	ioapic_write(IOAPIC_REDIRECTION + 2 * GSI_DEFAULT,
		     IOAPIC_LEVEL | VECTOR_UPCALL);
	return xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_GSI, GSI_DEFAULT);
}

int bare_arch_upcalls(unsigned int cpu)
{
	int err;

	if (!cpu)
		choose_callback();
	switch (callback) {
	case BY_VECTOR:
		return cpu ? 0 :
		       xn_upcall_callback(HVM_PARAM_CALLBACK_TYPE_VECTOR,
					  VECTOR_UPCALL);
	case BY_GSI:
		return by_gsi(cpu);
	default:
		err = xn_upcall_vector(cpu, VECTOR_UPCALL);
		if (!err && !cpu)
			return xn_upcall_begin();
		/* Xen up to 4.5 does not have this. */
		if (!err || cpu || bare_option("callback", NULL))
			return err;
		callback = BY_GSI;
		return by_gsi(cpu);
	}
}

/* ---- a guest that is suspended ---- */

void bare_arch_suspend(void)
{
	struct sched_shutdown x = { .reason = SHUTDOWN_suspend };

	xn_hc_sched(SCHEDOP_shutdown, &x);
}

int bare_arch_resume(bool anew)
{
	return xn_vcpus_resume(&bare_vcpus, anew);
}

void bare_arch_channels(struct xn_boot_channel *store,
			struct xn_boot_channel *console)
{
	xn_hvm_store(store);
	xn_hvm_console(console);
}

/* ---- CPUs ---- */

int bare_arch_cpu_start(unsigned int cpu, void *stack_top)
{
	/* The IOAPIC's line interrupts vCPU 0 only. */
	if (callback == BY_GSI)
		return -EOPNOTSUPP;
	return xn_hvm_vcpu_start(cpu, (void (*)(void *))bare_cpu_entry,
				 (void *)(uintptr_t)cpu, stack_top);
}

/* ---- memory ---- */

unsigned int bare_arch_address_bits(void)
{
	unsigned int bits = xn_cpuid(0x80000008, 0).eax & 0xff;

	return bits < 36 ? 36 : bits < 47 ? bits : 47;
}

bool bare_arch_memory(uint64_t end)
{
	return end <= BARE_REACH;
}

static uint64_t *table_of(uint64_t *entry)
{
	if (!*entry) {
		void *page = xn_os_page_alloc();

		if (!page)
			return NULL;
		*entry = (uintptr_t)page | PTE_TABLE;
	}
	return (uint64_t *)(*entry & PTE_ADDRESS);
}

static int map_large(uint64_t at)
{
	uint64_t *pdpt, *pd;

	pdpt = table_of(&xn_page_root[at >> 39]);
	pd = pdpt ? table_of(&pdpt[at >> 30 & 511]) : NULL;
	if (!pd)
		return -ENOMEM;
	pd[at >> 21 & 511] = at | PTE_LARGE;
	return 0;
}

/* Maps 2 MiB pages, which stay mapped: Xen decides what lies there. */
void *bare_arch_map(xen_pfn_t gfn, unsigned int count)
{
	uint64_t start = gfn << XN_PAGE_SHIFT;
	uint64_t end = start + (uint64_t)count * XN_PAGE_SIZE;
	uint64_t at;

	for (at = start & ~(LARGE_SIZE - 1); at < end; at += LARGE_SIZE)
		if (map_large(at))
			return NULL;
	return (void *)start;
}

void bare_arch_unmap(void *va, unsigned int count)
{
}

xen_pfn_t bare_arch_gfn(const void *va)
{
	return (uintptr_t)va >> XN_PAGE_SHIFT;
}
