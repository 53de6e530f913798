/* SPDX-License-Identifier: MIT */
/*
 * boot/x86: the part of a guest's start that only x86 has: what CPUID reports
 * about Xen, the formats in which a PVH and a PV entry find what the host hands
 * over, and the start of more vCPUs. <xenion/boot.h> has the result of all.
 */
#ifndef XENION_X86_BOOT_H
#define XENION_X86_BOOT_H

#include <xenion/decls.h>
#include <xenion/boot.h>

XN_DECLS_BEGIN

/* What Xen's CPUID leaves report (xen-public/arch-x86/cpuid.h). */
struct xn_hv_info {
	uint32_t cpuid_base;	/* first of Xen's leaves, 0: not on Xen */
	uint16_t major, minor;	/* Xen's version */
	uint32_t features;	/* XEN_HVM_CPUID_* of this vCPU */
	uint32_t tsc_khz;	/* guest TSC frequency, 0: unknown */
	bool has_vcpu_id;	/* leaf base+4 gives each vCPU's number */
};

/**
 * xn_hv_probe - is this Xen, and what does it offer?
 * @info: filled in; all zero when this is no HVM or PVH guest on Xen
 *
 * Returns: 0, or -ENODEV when not on Xen. Makes no hypercall. Context: any.
 */
int xn_hv_probe(struct xn_hv_info *info);

/**
 * xn_hv_vcpu_id - the number that Xen has for the vCPU that runs this
 * @info: from xn_hv_probe()
 * @fallback: the answer if Xen does not report it
 *
 * Context: not preemptible.
 * Return: that number.
 */
uint32_t xn_hv_vcpu_id(const struct xn_hv_info *info, uint32_t fallback);

/* ---- what the host hands over ---- */

/**
 * xn_boot_pvh - read what a PVH entry was handed
 * @win: memory that holds all of it
 * @start_info: guest-physical address of the struct hvm_start_info
 * @memmap_query: fills an empty map if the start info has none (version 0 never
 *                has one): xn_memmap_query(), or a test's own
 * @info: filled in
 *
 * Format: xen-public/arch-x86/hvm/start_info.h. Errors are logged.
 * Returns: 0, -EINVAL for invalid values, -E2BIG for more modules or ranges
 * than there is place for, or what @memmap_query returned. Context: any.
 */
int xn_boot_pvh(const struct xn_window *win, uint64_t start_info,
		int (*memmap_query)(struct xn_memmap *map),
		struct xn_boot_info *info);

/**
 * xn_boot_hvm - read all that the host hands over to a PVH or HVM guest
 * @kind: XN_PVH if the image has Xen's note for PVH, XN_HVM if it was started in
 *        the place of an HVM guest's firmware: its command line is in a module
 * @win: memory that can be accessed: the start info, what it points to
 * @start_info: guest-physical address of the struct hvm_start_info, which the
 *              entry found in ebx
 * @image_start: guest-physical address of the kernel's first byte
 * @image_end: the address after its last byte, .bss and page tables included
 * @info: filled in; entry_cycles is the count at this call
 *
 * For kernels with an entry of their own, where it replaces all that the
 * library's entry does before xn_start(): chooses the hypercall instruction,
 * reads the start info (xn_boot_pvh()), counts vCPUs, asks where xenstore and
 * console are, and marks in the memory map as XN_MEM_RESERVED: the image, page
 * 0, command line and modules, the pages of xenstore and console, and
 * 0xa0000-0xfffff. Addresses in @info are guest-physical, whatever @win is.
 * Errors are logged by xn_os_log(), which can already use xn_early_write().
 *
 * Context: any, once; needs 4 KiB of stack.
 * Return: 0; -ENODEV on a machine that is not Xen, before anything else is
 * done; -EINVAL for invalid values, also a command line that does not end
 * within @win and XN_CMDLINE_MAX; or as xn_boot_pvh().
 */
int xn_boot_hvm(enum xn_kind kind, const struct xn_window *win,
		uint64_t start_info, uint64_t image_start, uint64_t image_end,
		struct xn_boot_info *info);

/*
 * What only a PV guest has. "Guest-physical" means pseudo-physical there: an
 * index into the list of the guest's machine frames.
 */
struct xn_boot_pv {
	uint64_t nr_pages;	/* entries of that list */
	uint64_t p2m;		/* guest-physical: the list, of xen_pfn_t */
	uint64_t page_root;	/* guest-physical: the level 4 page table */
	uint64_t tables;	/* guest-physical: pages set aside for tables */
	uint64_t nr_tables;	/* as many tables as all RAM will need */
	uint64_t shared_info;	/* a machine address */
	uint64_t start_info;	/* guest-physical; filled in again in a new domain */
};

/**
 * xn_boot_pv - read what a PV entry was handed
 * @win: memory that holds all of it
 * @start_info: guest-physical address of the struct start_info
 * @found_console: called once, when the console's page is known (its address is
 *                 0 if there is none), so that later errors can be printed
 * @info: filled in, except nr_vcpus; what the host has put into memory is
 *        XN_MEM_RESERVED in its map
 * @pv: filled in; @info points to it
 *
 * Format: xen-public/xen.h. The map says which pages there are, not where the
 * machine has them. Errors are logged.
 * Returns: 0, -EINVAL for invalid values, -ENOSPC for too little memory, -E2BIG
 * for more ranges than there is place for. Context: any.
 */
int xn_boot_pv(const struct xn_window *win, uint64_t start_info,
	       void (*found_console)(const struct xn_boot_channel *console),
	       struct xn_boot_info *info, struct xn_boot_pv *pv);

/**
 * xn_early_ring - write early text to this console's ring from now on
 * @console: a PV guest's; gpa 0: nowhere
 *
 * For the entry, and again in a new domain. In PV guests only.
 *
 * Context: any.
 */
void xn_early_ring(const struct xn_boot_channel *console);

/**
 * xn_memmap_query - ask Xen for this guest's memory map
 * @map: an empty map, filled in
 *
 * XENMEM_memory_map (xen-public/memory.h), which gives entries as a PC's BIOS
 * does.
 * Context: any, needs 3 KiB of stack.
 * Return: 0 or a negative errno value.
 */
int xn_memmap_query(struct xn_memmap *map);

/* ---- more vCPUs ---- */

/**
 * xn_hvm_vcpu_start - start another vCPU of a PVH or HVM guest
 * @vcpu: its number
 * @entry: what it runs, in 64-bit mode, interrupts off, on the caller's page
 *         tables; may not return. It has neither GDT nor IDT yet
 * @arg: its argument
 * @stack_top: the end of its stack, 16-byte aligned
 *
 * VCPUOP_initialise, VCPUOP_up.
 * Context: any.
 * Return: 0 or a negative errno value; -EEXIST for one that was started before.
 */
int xn_hvm_vcpu_start(unsigned int vcpu, void (*entry)(void *arg), void *arg,
		      void *stack_top);

/*
 * Entry points in assembly, all on the current stack, aligned to 16 bytes. Xen
 * leaves there: rcx, r11, perhaps an error code, and what iretq expects; the
 * failsafe callback finds ds, es, fs and gs before that. They end in
 * HYPERVISOR_iret (xen-public/arch-x86/xen-x86_64.h).
 */
struct xn_pv_entries {
	const struct trap_info *traps;	/* up to one with address 0 */
	void (*event)(void);	/* upcalls disabled */
	void (*failsafe)(void);	/* a guest state that could not be restored */
};

/**
 * xn_pv_entries - set where Xen enters this PV guest, on the calling vCPU
 * @e: for exceptions and upcalls
 *
 * HYPERVISOR_set_trap_table, CALLBACKOP_register.
 * Context: any.
 * Return: 0 or a negative errno value.
 */
int xn_pv_entries(const struct xn_pv_entries *e);

/**
 * xn_pv_vcpu_start - start another vCPU of a PV guest
 * @vcpu: its number
 * @entry: what it runs, upcalls disabled; may not return
 * @arg: its argument
 * @stack_top: the end of its stack, 16-byte aligned
 * @root: machine frame of its level 4 page table, which is pinned
 * @e: where Xen enters it
 *
 * VCPUOP_initialise, VCPUOP_up. The caller excludes a second caller.
 * Context: any.
 * Return: 0 or a negative errno value; -EEXIST for one that was started before.
 */
int xn_pv_vcpu_start(unsigned int vcpu, void (*entry)(void *arg), void *arg,
		     void *stack_top, xen_pfn_t root,
		     const struct xn_pv_entries *e);

XN_DECLS_END

#endif /* XENION_X86_BOOT_H */
