/* SPDX-License-Identifier: MIT */
/*
 * The Linux boot shim: Xen starts it as a PVH kernel, and it starts the bzImage
 * that tools/xenion-wrap packed behind it (docs/boot.md).
 *
 * Everything except payload.S, main.c and console.c only converts bytes and
 * numbers, so that unit tests can run it. Functions return 0, or a negative
 * errno value after one line in the log that says what is wrong.
 */
#ifndef XENION_SHIM_H
#define XENION_SHIM_H

#include <xenion/x86/boot.h>

/* A checked bzImage. Offsets and names: Linux's Documentation/arch/x86/boot. */
struct bzimage {
	const uint8_t *file;
	uint32_t header_size;	/* of the setup header, from its offset 0x1f1 */
	const uint8_t *kernel;	/* the 64-bit kernel within file */
	uint32_t kernel_size;
	uint64_t pref_address;	/* its preferred address */
	uint32_t init_size;	/* what it needs there, in bytes */
	uint32_t alignment;
	bool relocatable;
	uint32_t cmdline_size;	/* longest command line, without the NUL */
	uint64_t ramdisk_limit;	/* a ramdisk ends here or lower */
};

#define BZIMAGE_ENTRY_64	0x200u	/* from the kernel's start */

/**
 * bzimage_parse - check a bzImage
 * @file: the file; @bz keeps pointers to it
 * @size: its length
 * @bz: filled in
 */
int bzimage_parse(const void *file, uint64_t size, struct bzimage *bz);

/* Where things go. The ramdisk is moved only if it must be. */
struct placement {
	uint64_t kernel;
	uint64_t ramdisk;
};

/**
 * bzimage_place - find a place for the kernel, and for the ramdisk if it is
 * in the way
 * @bz: the kernel
 * @map: the guest's memory
 * @shim: what must survive until the kernel runs: the shim and the bzImage
 * @ramdisk: the ramdisk, size 0 without one
 * @limit: everything goes below this address
 * @out: the result
 */
int bzimage_place(const struct bzimage *bz, const struct xn_memmap *map,
		  const struct xn_boot_module *shim,
		  const struct xn_boot_module *ramdisk, uint64_t limit,
		  struct placement *out);

/**
 * cmdline_given - is there a word NAME or NAME=... before "--"?
 * @line: the command line
 * @name: NAME
 */
bool cmdline_given(const char *line, const char *name);

/**
 * cmdline_build - write the words that this guest needs and the user did not
 * give, then the user's words
 * @out: room for the result and its NUL
 * @out_size: bytes there
 * @limit: the longest command line that the kernel takes
 * @user: the user's words
 * @tsc_khz: from struct xn_hv_info
 * @x2apic: the kernel is started with its local APIC in x2APIC mode
 * @nr_cpus: how many CPUs to start, from acpi_mend(); 0: all
 */
int cmdline_build(char *out, size_t out_size, uint32_t limit, const char *user,
		  uint32_t tsc_khz, bool x2apic, unsigned int nr_cpus);

/**
 * acpi_mend - make the ACPI tables describe a PC without Xen
 * @win: guest memory, written to
 * @map: the memory map, in whose ranges the tables must lie
 * @rsdp: the root pointer's guest-physical address
 * @has_deadline_timer: this CPU has the TSC-deadline timer
 * @nr_cpus: how many CPUs the toolstack wants online at first; 0: all
 */
int acpi_mend(const struct xn_window *win, const struct xn_memmap *map,
	      uint64_t rsdp, bool has_deadline_timer, unsigned int *nr_cpus);

#define BOOT_PARAMS_SIZE	4096

/**
 * params_fill - fill in Linux's "zero page"
 * @params: BOOT_PARAMS_SIZE bytes
 * @bz: the kernel
 * @map: the guest's memory
 * @ramdisk: where it is now, size 0 without one
 * @cmdline: guest-physical
 * @rsdp: guest-physical
 */
int params_fill(uint8_t *params, const struct bzimage *bz,
		const struct xn_memmap *map,
		const struct xn_boot_module *ramdisk, uint64_t cmdline,
		uint64_t rsdp);

#endif /* XENION_SHIM_H */
