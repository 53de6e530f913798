// SPDX-License-Identifier: MIT
/*
 * Checks that a bzImage can be started in 64-bit mode, and finds memory for it.
 * The format is Linux's x86 boot protocol, version 2.12 or later. Called by
 * main.c.
 */
#include "shim.h"
#include "bytes.h"

#define HDR_SETUP_SECTS		0x1f1
#define HDR_SYSSIZE		0x1f4	/* in units of 16 bytes */
#define HDR_BOOT_FLAG		0x1fe
#define HDR_JUMP_LENGTH		0x201
#define HDR_MAGIC		0x202
#define HDR_VERSION		0x206
#define HDR_LOADFLAGS		0x211
#define HDR_INITRD_ADDR_MAX	0x22c
#define HDR_KERNEL_ALIGNMENT	0x230
#define HDR_RELOCATABLE		0x234
#define HDR_XLOADFLAGS		0x236
#define HDR_CMDLINE_SIZE	0x238
#define HDR_PAYLOAD_OFFSET	0x248
#define HDR_PAYLOAD_LENGTH	0x24c
#define HDR_PREF_ADDRESS	0x258
#define HDR_INIT_SIZE		0x260
#define HDR_END			0x264	/* end of version 2.12's header */

#define BOOT_FLAG		0xaa55
#define VERSION_2_12		0x020c
#define LOADED_HIGH		(1u << 0)
#define XLF_KERNEL_64		(1u << 0)
#define XLF_ABOVE_4G		(1u << 1)

#define SECTOR		512u
#define MIN_LOAD	0x100000u	/* a PC uses the memory below */

static int bzimage_refuse(const char *why)
{
	xn_os_log(XN_ERR, "bzImage: %s", why);
	return -EINVAL;
}

static int check_header(const uint8_t *f, uint64_t size)
{
	unsigned int version;

	if (size < HDR_END)
		return bzimage_refuse("the file is too short");
	if (get16(f + HDR_BOOT_FLAG) != BOOT_FLAG ||
	    memcmp(f + HDR_MAGIC, "HdrS", 4))
		return bzimage_refuse("no boot sector with the mark HdrS");
	version = get16(f + HDR_VERSION);
	if (version < VERSION_2_12) {
		xn_os_log(XN_ERR, "bzImage: boot protocol %u.%u is older than 2.12",
			  version >> 8, version & 0xff);
		return -EINVAL;
	}
	if (!(f[HDR_LOADFLAGS] & LOADED_HIGH))
		return bzimage_refuse("a zImage, to be loaded below 1 MiB");
	if (!(get16(f + HDR_XLOADFLAGS) & XLF_KERNEL_64))
		return bzimage_refuse(
			"no 64-bit entry point: not an x86-64 kernel");
	return 0;
}

/* Find the 64-bit kernel, and the compressed payload in it. */
static int find_kernel(const uint8_t *f, uint64_t size, struct bzimage *bz)
{
	uint64_t sectors = f[HDR_SETUP_SECTS] ? f[HDR_SETUP_SECTS] : 4;
	uint64_t offset = (sectors + 1) * SECTOR;
	uint64_t kernel_size = get32(f + HDR_SYSSIZE) * 16ull;
	uint64_t payload_end = (uint64_t)get32(f + HDR_PAYLOAD_OFFSET) +
			       get32(f + HDR_PAYLOAD_LENGTH);

	if (offset > size || kernel_size > size - offset)
		return bzimage_refuse(
			"cut short: the header announces more data");
	if (kernel_size <= BZIMAGE_ENTRY_64)
		return bzimage_refuse("the header announces no kernel");
	if (payload_end > kernel_size)
		return bzimage_refuse(
			"the compressed kernel lies outside of the file");
	bz->file = f;
	bz->header_size = HDR_MAGIC + f[HDR_JUMP_LENGTH] - HDR_SETUP_SECTS;
	if (HDR_SETUP_SECTS + bz->header_size < HDR_END)
		return bzimage_refuse(
			"the setup header is shorter than in protocol 2.12");
	if (HDR_SETUP_SECTS + bz->header_size > offset)
		return bzimage_refuse(
			"the setup header is longer than the setup code");
	bz->kernel = f + offset;
	bz->kernel_size = kernel_size;
	return 0;
}

int bzimage_parse(const void *file, uint64_t size, struct bzimage *bz)
{
	const uint8_t *f = file;
	int ret;

	memset(bz, 0, sizeof(*bz));
	ret = check_header(f, size);
	if (!ret)
		ret = find_kernel(f, size, bz);
	if (ret)
		return ret;

	bz->pref_address = get64(f + HDR_PREF_ADDRESS);
	bz->init_size = get32(f + HDR_INIT_SIZE);
	bz->alignment = get32(f + HDR_KERNEL_ALIGNMENT);
	bz->relocatable = f[HDR_RELOCATABLE];
	bz->cmdline_size = get32(f + HDR_CMDLINE_SIZE);
	if (get16(f + HDR_XLOADFLAGS) & XLF_ABOVE_4G)
		bz->ramdisk_limit = ~0ull;
	else
		bz->ramdisk_limit = get32(f + HDR_INITRD_ADDR_MAX) + 1ull;

	if (!bz->alignment || bz->alignment & (bz->alignment - 1))
		return bzimage_refuse("its alignment is not a power of two");
	if (bz->pref_address < MIN_LOAD ||
	    bz->pref_address & (bz->alignment - 1))
		return bzimage_refuse("its preferred address is invalid");
	if (bz->init_size < bz->kernel_size)
		return bzimage_refuse("init_size is less than the kernel");
	return 0;
}

/* A kernel moves itself up to its preferred address, so never go lower. */
static int place_kernel(const struct bzimage *bz, const struct xn_memmap *room,
			uint64_t limit, uint64_t *kernel)
{
	if (xn_memmap_find(room, bz->pref_address, limit, bz->init_size,
			   bz->alignment, kernel))
		return -ENOSPC;
	if (*kernel != bz->pref_address && !bz->relocatable)
		return -ENOSPC;
	return 0;
}

int bzimage_place(const struct bzimage *bz, const struct xn_memmap *map,
		  const struct xn_boot_module *shim,
		  const struct xn_boot_module *ramdisk, uint64_t limit,
		  struct placement *out)
{
	uint64_t ramdisk_limit =
		bz->ramdisk_limit < limit ? bz->ramdisk_limit : limit;
	struct xn_memmap room = *map;
	bool stays;

	stays = ramdisk->start + ramdisk->size <= ramdisk_limit;
	out->ramdisk = ramdisk->start;
	if (xn_memmap_add(&room, shim->start, shim->size, XN_MEM_RESERVED))
		goto no_room;
	if (stays) {
		struct xn_memmap rest = room;

		if (xn_memmap_add(&rest, ramdisk->start, ramdisk->size,
				  XN_MEM_RESERVED))
			goto no_room;
		if (!place_kernel(bz, &rest, limit, &out->kernel))
			return 0;
	}

	/* Move the ramdisk out of the way. */
	if (!ramdisk->size || place_kernel(bz, &room, limit, &out->kernel) ||
	    xn_memmap_add(&room, out->kernel, bz->init_size, XN_MEM_RESERVED) ||
	    xn_memmap_find(&room, MIN_LOAD, ramdisk_limit, ramdisk->size,
			   XN_PAGE_SIZE, &out->ramdisk))
		goto no_room;
	return 0;

no_room:
	xn_os_log(XN_ERR, "no room for the kernel (0x%x bytes from 0x%llx%s) and a ramdisk of 0x%llx bytes: give the guest more memory",
		  bz->init_size, (unsigned long long)bz->pref_address,
		  bz->relocatable ? " up" : ", fixed",
		  (unsigned long long)ramdisk->size);
	return -ENOSPC;
}
