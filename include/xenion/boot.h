/* SPDX-License-Identifier: MIT */
/*
 * boot/: what the host says about itself and about this guest, at its start.
 */
#ifndef XENION_BOOT_H
#define XENION_BOOT_H

#include <xenion/os.h>

/* What Xen's CPUID leaves say (xen-public/arch-x86/cpuid.h). */
struct xn_hv_info {
	uint32_t cpuid_base;	/* first of Xen's leaves, 0: not on Xen */
	uint16_t major, minor;	/* Xen's version */
	uint32_t features;	/* XEN_HVM_CPUID_* of this vCPU */
	uint32_t tsc_khz;	/* guest TSC frequency, 0: not told */
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
 * @fallback: the answer when Xen does not tell
 *
 * Context: not preemptible.
 */
uint32_t xn_hv_vcpu_id(const struct xn_hv_info *info, uint32_t fallback);

/**
 * xn_hypercall_choose - select the hypercall instruction of this CPU
 *
 * Called once, before the first hypercall. Context: any.
 */
void xn_hypercall_choose(void);

/* Neutral memory types, as ACPI numbers them. */
enum xn_mem_type {
	XN_MEM_RAM = 1,
	XN_MEM_RESERVED = 2,
	XN_MEM_ACPI = 3,
	XN_MEM_NVS = 4,
	XN_MEM_UNUSABLE = 5,
};

struct xn_mem_range {
	uint64_t start;
	uint64_t size;		/* bytes, never 0 */
	enum xn_mem_type type;
};

#define XN_BOOT_MAX_RANGES	128
#define XN_BOOT_MAX_MODULES	8

struct xn_boot_module {
	uint64_t start;		/* guest-physical */
	uint64_t size;		/* bytes */
};

/* What every kind of entry ends in, whatever the host's format was. */
struct xn_boot_info {
	uint64_t cmdline;	/* guest-physical, 0: none; length unchecked */
	uint64_t rsdp;		/* guest-physical, 0: none */
	unsigned int nr_modules;
	struct xn_boot_module module[XN_BOOT_MAX_MODULES];
	unsigned int nr_ranges;	/* sorted, no overlap */
	struct xn_mem_range range[XN_BOOT_MAX_RANGES];
};

#endif /* XENION_BOOT_H */
