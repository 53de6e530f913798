// SPDX-License-Identifier: MIT
/*
 * Starts a stock Linux kernel, from Xen's start info to the kernel's first
 * instruction, in the order of execution. Called by boot/x86/head_pvh.S in
 * 64-bit mode, on one vCPU, interrupts off, with the first 4 GiB of memory
 * identity-mapped.
 */
#include <xenion/hypercall.h>
#include <xenion/x86/cpuid.h>
#include <xenion/x86/msr.h>
#include "image.h"
#include "shim.h"

#define WINDOW_SIZE	0x100000000ull	/* what head_pvh.S maps */
#define CMDLINE_SIZE	16384

#define CPUID_1_ECX_X2APIC		(1u << 21)
#define CPUID_1_ECX_TSC_DEADLINE	(1u << 24)

/* Addresses equal physical addresses. */
static const struct xn_window memory = { NULL, 0, WINDOW_SIZE };

static struct xn_boot_info info;
static struct bzimage bz;
static char cmdline[CMDLINE_SIZE];
static uint8_t params[BOOT_PARAMS_SIZE]
	__attribute__((aligned(BOOT_PARAMS_SIZE)));

static int find_payload(void)
{
	const void *file = xn_window_ptr(&memory, shim_payload.start,
					 shim_payload.size);

	if (!file || shim_payload.start < (uintptr_t)shim_end) {
		xn_os_log(XN_ERR, "no kernel inside: make the image with xenion-wrap");
		return -EINVAL;
	}
	return bzimage_parse(file, shim_payload.size, &bz);
}

/* Find the user's command line, whose end is not known yet. */
static int find_user_words(const char **words)
{
	const char *s;
	uint64_t i;

	*words = "";
	if (!info.cmdline)
		return 0;
	for (i = 0; i < CMDLINE_SIZE; i++) {
		s = xn_window_ptr(&memory, info.cmdline, i + 1);
		if (!s)
			break;
		if (!s[i]) {
			*words = s;
			return 0;
		}
	}
	xn_os_log(XN_ERR, "the command line does not end");
	return -EINVAL;
}

static int find_ramdisk(struct xn_boot_module *ramdisk)
{
	*ramdisk = (struct xn_boot_module){ 0, 0 };
	if (!info.nr_modules || !info.module[0].size)
		return 0;
	*ramdisk = info.module[0];
	if (xn_window_ptr(&memory, ramdisk->start, ramdisk->size) &&
	    xn_memmap_covers(&info.map, ramdisk->start, ramdisk->size,
			     1u << XN_MEM_RAM))
		return 0;
	xn_os_log(XN_ERR, "the ramdisk (0x%llx bytes at 0x%llx) is not in RAM below 4 GiB",
		  (unsigned long long)ramdisk->size,
		  (unsigned long long)ramdisk->start);
	return -EINVAL;
}

/* Move the ramdisk if necessary, then copy the kernel to its place. */
static int shim_load(struct xn_boot_module *ramdisk, uint64_t *kernel)
{
	struct xn_boot_module self = {
		.start = (uintptr_t)shim_start,
		.size = shim_payload.start + shim_payload.size -
			(uintptr_t)shim_start,
	};
	struct placement place;
	int ret;

	ret = bzimage_place(&bz, &info.map, &self, ramdisk, WINDOW_SIZE, &place);
	if (ret)
		return ret;
	if (place.ramdisk != ramdisk->start) {
		memmove((void *)place.ramdisk, (void *)ramdisk->start,
			ramdisk->size);
		ramdisk->start = place.ramdisk;
	}
	memcpy((void *)place.kernel, bz.kernel, bz.kernel_size);
	*kernel = place.kernel;
	return 0;
}

/*
 * In x2APIC mode an access to the local APIC is one exit without an instruction
 * for Xen to decode. Linux does not change to it without Xen's support or interrupt
 * remapping, but stays in it. A kernel that is built without it would give up the
 * APIC: xenion-wrap finds that out, or else the user's word "nox2apic" tells.
 */
static bool wants_x2apic(const char *words)
{
	return xn_cpuid(1, 0).ecx & CPUID_1_ECX_X2APIC &&
	       !(shim_payload.flags & XN_PAYLOAD_NO_X2APIC) &&
	       !cmdline_given(words, "nox2apic");
}

void xn_start_pvh(uint32_t start_info)
{
	struct xn_boot_module ramdisk;
	unsigned int nr_cpus;
	struct xn_hv_info hv;
	const char *words;
	uint64_t kernel;
	bool x2apic;

	xn_hypercall_choose();
	if (xn_hv_probe(&hv)) {
		xn_os_log(XN_ERR, "this is not Xen");
		xn_early_stop(SHUTDOWN_crash);
	}
	if (!hv.tsc_khz)
		xn_os_log(XN_WARN, "Xen does not report the TSC's frequency: the kernel may need tsc_early_khz=");

	/* Copy the command line before anything moves. */
	if (find_payload() ||
	    xn_boot_pvh(&memory, start_info, xn_memmap_query, &info) ||
	    find_user_words(&words))
		xn_early_stop(SHUTDOWN_crash);
	x2apic = wants_x2apic(words);
	if (acpi_mend(&memory, &info.map, info.rsdp,
		      xn_cpuid(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE,
		      &nr_cpus) ||
	    cmdline_build(cmdline, sizeof(cmdline), bz.cmdline_size, words,
			  hv.tsc_khz, x2apic, nr_cpus) ||
	    find_ramdisk(&ramdisk) ||
	    shim_load(&ramdisk, &kernel) ||
	    params_fill(params, &bz, &info.map, &ramdisk, (uintptr_t)cmdline,
			info.rsdp))
		xn_early_stop(SHUTDOWN_crash);
	xn_os_log(XN_INFO, "kernel at 0x%llx, ramdisk of 0x%llx bytes at 0x%llx",
		  (unsigned long long)kernel,
		  (unsigned long long)ramdisk.size,
		  (unsigned long long)ramdisk.start);
	if (x2apic)
		xn_wrmsr(XN_MSR_APIC_BASE, xn_rdmsr(XN_MSR_APIC_BASE) |
			 XN_APIC_BASE_ENABLE | XN_APIC_BASE_X2APIC);
	shim_jump(kernel + BZIMAGE_ENTRY_64, params);
}
