// SPDX-License-Identifier: MIT
/*
 * Linux's boot_params, the "zero page": what a boot loader passes to the kernel
 * (Linux's Documentation/arch/x86/zero-page and boot). Called by main.c.
 */
#include "shim.h"
#include "bytes.h"

#define P_RSDP			0x070
#define P_EXT_RAMDISK_IMAGE	0x0c0
#define P_EXT_RAMDISK_SIZE	0x0c4
#define P_EXT_CMDLINE		0x0c8
#define P_E820_ENTRIES		0x1e8
#define P_HEADER		0x1f1
#define P_TYPE_OF_LOADER	0x210
#define P_RAMDISK_IMAGE		0x218
#define P_RAMDISK_SIZE		0x21c
#define P_CMDLINE		0x228
#define P_HARDWARE_SUBARCH	0x23c
#define P_E820_TABLE		0x2d0

#define E820_MAX	128u
#define E820_SIZE	20u

#define LOADER_UNDEFINED	0xff

/* Linux looks for a PC's ROMs here and never uses it as RAM. */
#define ISA_START	0xa0000u
#define ISA_SIZE	0x60000u

/* Store a 64-bit number in two separate fields. */
static void put_split(uint8_t *params, unsigned int low, unsigned int high,
		      uint64_t v)
{
	put32(params + low, v);
	put32(params + high, v >> 32);
}

static int fill_e820(uint8_t *params, const struct xn_memmap *map)
{
	struct xn_memmap m = *map;
	unsigned int i;

	if (xn_memmap_add(&m, ISA_START, ISA_SIZE, XN_MEM_RESERVED) ||
	    m.nr > E820_MAX) {
		xn_os_log(XN_ERR, "the memory map has more ranges than Linux takes");
		return -E2BIG;
	}
	params[P_E820_ENTRIES] = m.nr;
	for (i = 0; i < m.nr; i++) {
		uint8_t *e = params + P_E820_TABLE + i * E820_SIZE;

		put64(e, m.range[i].start);
		put64(e + 8, m.range[i].end - m.range[i].start);
		put32(e + 16, m.range[i].type);
	}
	return 0;
}

int params_fill(uint8_t *params, const struct bzimage *bz,
		const struct xn_memmap *map,
		const struct xn_boot_module *ramdisk, uint64_t cmdline,
		uint64_t rsdp)
{
	memset(params, 0, BOOT_PARAMS_SIZE);
	memcpy(params + P_HEADER, bz->file + P_HEADER, bz->header_size);
	params[P_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	put32(params + P_HARDWARE_SUBARCH, 0);
	put64(params + P_RSDP, rsdp);
	put_split(params, P_CMDLINE, P_EXT_CMDLINE, cmdline);
	put_split(params, P_RAMDISK_IMAGE, P_EXT_RAMDISK_IMAGE,
		  ramdisk->size ? ramdisk->start : 0);
	put_split(params, P_RAMDISK_SIZE, P_EXT_RAMDISK_SIZE, ramdisk->size);
	return fill_e820(params, map);
}
