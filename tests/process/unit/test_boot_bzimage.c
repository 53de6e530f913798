// SPDX-License-Identifier: MIT
/*
 * The boot shim: which bzImages it accepts, where it loads them, and what it
 * passes to the kernel.
 */
#include "unit.h"
#include <stdlib.h>
#include "boot/shim/bzimage.c"
#include "boot/shim/params.c"

#define MIB	0x100000ull

static uint8_t file[64 * 1024];
static struct bzimage bz;

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v;
	p[1] = v >> 8;
}

static void good_file(void)
{
	memset(file, 0, sizeof(file));
	file[HDR_SETUP_SECTS] = 3;
	put32(file + HDR_SYSSIZE, (sizeof(file) - 2048) / 16);
	put16(file + HDR_BOOT_FLAG, BOOT_FLAG);
	file[HDR_JUMP_LENGTH] = 0x6a;
	memcpy(file + HDR_MAGIC, "HdrS", 4);
	put16(file + HDR_VERSION, 0x20f);
	file[HDR_LOADFLAGS] = LOADED_HIGH;
	put32(file + HDR_INITRD_ADDR_MAX, 0x7fffffff);
	put32(file + HDR_KERNEL_ALIGNMENT, 2 * MIB);
	file[HDR_RELOCATABLE] = 1;
	put16(file + HDR_XLOADFLAGS, XLF_KERNEL_64 | XLF_ABOVE_4G);
	put32(file + HDR_CMDLINE_SIZE, 2047);
	put32(file + HDR_PAYLOAD_OFFSET, 1000);
	put32(file + HDR_PAYLOAD_LENGTH, 10000);
	put64(file + HDR_PREF_ADDRESS, 16 * MIB);
	put32(file + HDR_INIT_SIZE, 48 * MIB);
}

static int setup(void **state)
{
	good_file();
	assert_int_equal(bzimage_parse(file, sizeof(file), &bz), 0);
	return 0;
}

static void expect_refused(void)
{
	assert_int_equal(bzimage_parse(file, sizeof(file), &bz), -EINVAL);
	good_file();
}

static void test_good(void **state)
{
	assert_ptr_equal(bz.kernel, file + 2048);
	assert_int_equal(bz.kernel_size, sizeof(file) - 2048);
	assert_int_equal(bz.header_size, 0x26c - 0x1f1);
	assert_int_equal(bz.pref_address, 16 * MIB);
	assert_int_equal(bz.init_size, 48 * MIB);
	assert_int_equal(bz.cmdline_size, 2047);
	assert_true(bz.relocatable);
	assert_int_equal(bz.ramdisk_limit, ~0ull);
	put16(file + HDR_XLOADFLAGS, XLF_KERNEL_64);
	assert_int_equal(bzimage_parse(file, sizeof(file), &bz), 0);
	assert_int_equal(bz.ramdisk_limit, 0x80000000);
	/* 0 means 4 sectors. */
	file[HDR_SETUP_SECTS] = 0;
	put32(file + HDR_SYSSIZE, 1000);
	assert_int_equal(bzimage_parse(file, sizeof(file), &bz), 0);
	assert_ptr_equal(bz.kernel, file + 5 * 512);
}

static void test_header(void **state)
{
	file[HDR_MAGIC]++;
	expect_refused();
	put16(file + HDR_BOOT_FLAG, 0);
	expect_refused();
	put16(file + HDR_VERSION, 0x20b);
	expect_refused();
	file[HDR_LOADFLAGS] = 0;
	expect_refused();
	put16(file + HDR_XLOADFLAGS, XLF_ABOVE_4G);
	expect_refused();
	file[HDR_JUMP_LENGTH] = 0x61;
	expect_refused();
	file[HDR_JUMP_LENGTH] = 0x62;
	assert_int_equal(bzimage_parse(file, sizeof(file), &bz), 0);
	file[HDR_SETUP_SECTS] = 1;
	put32(file + HDR_SYSSIZE, 100);
	file[HDR_JUMP_LENGTH] = 0xff;
	assert_int_equal(bzimage_parse(file, sizeof(file), &bz), -EINVAL);
}

static void test_sizes(void **state)
{
	put32(file + HDR_SYSSIZE, (sizeof(file) - 2048) / 16 + 1);
	expect_refused();
	put32(file + HDR_SYSSIZE, ~0u);
	expect_refused();
	put32(file + HDR_SYSSIZE, 0x20);
	expect_refused();
	put32(file + HDR_PAYLOAD_LENGTH, sizeof(file) - 2048 - 999);
	expect_refused();
	put32(file + HDR_PAYLOAD_OFFSET, ~0u);
	expect_refused();
	put32(file + HDR_KERNEL_ALIGNMENT, 0);
	expect_refused();
	put32(file + HDR_KERNEL_ALIGNMENT, 3 * MIB);
	expect_refused();
	put64(file + HDR_PREF_ADDRESS, 17 * MIB);
	expect_refused();
	put64(file + HDR_PREF_ADDRESS, 0);
	expect_refused();
	put32(file + HDR_INIT_SIZE, sizeof(file) - 2049);
	expect_refused();
}

/* Files of many lengths, allocated exactly: nothing reads beyond the end. */
static void test_cut_short(void **state)
{
	size_t n;

	for (n = 0; n < sizeof(file); n = n < 4096 ? n + 1 : n + 4001) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, file, n);
		assert_int_equal(bzimage_parse(copy, n, &bz), -EINVAL);
		free(copy);
	}
}

static struct xn_memmap map;
static struct xn_boot_module shim = { 128 * MIB, 9 * MIB };
static struct xn_boot_module ramdisk;
static struct placement place;

static int place_setup(void **state)
{
	setup(state);
	memset(&map, 0, sizeof(map));
	shim = (struct xn_boot_module){ 128 * MIB, 9 * MIB };
	ramdisk = (struct xn_boot_module){ 137 * MIB, 10 * MIB };
	assert_int_equal(xn_memmap_add(&map, 0, 256 * MIB, XN_MEM_RAM), 0);
	return 0;
}

static int do_place(void)
{
	return bzimage_place(&bz, &map, &shim, &ramdisk, 4096 * MIB, &place);
}

static void test_place_preferred(void **state)
{
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.kernel, 16 * MIB);
	assert_int_equal(place.ramdisk, 137 * MIB);
	ramdisk.size = 0;
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.kernel, 16 * MIB);
}

static void test_place_relocates(void **state)
{
	ramdisk.start = 20 * MIB;
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.kernel, 30 * MIB);
	assert_int_equal(place.ramdisk, 20 * MIB);
	/* No room below the shim: place it above. */
	bz.init_size = 100 * MIB;
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.kernel, 138 * MIB);
	/* No room, even if the ramdisk were elsewhere. */
	bz.init_size = 120 * MIB;
	assert_int_equal(do_place(), -ENOSPC);
}

static void test_place_moves_ramdisk(void **state)
{
	bz.relocatable = false;
	ramdisk.start = 20 * MIB;
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.kernel, 16 * MIB);
	assert_int_equal(place.ramdisk, 1 * MIB);
	ramdisk.size = 20 * MIB;
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.ramdisk, 64 * MIB);
	ramdisk.size = 120 * MIB;
	assert_int_equal(do_place(), -ENOSPC);
}

static void test_place_fixed(void **state)
{
	bz.relocatable = false;
	assert_int_equal(do_place(), 0);
	/* The shim is in the kernel's place. */
	shim.start = 20 * MIB;
	assert_int_equal(do_place(), -ENOSPC);
	shim.start = 128 * MIB;
	assert_int_equal(xn_memmap_add(&map, 17 * MIB, 1, XN_MEM_RESERVED), 0);
	assert_int_equal(do_place(), -ENOSPC);
}

static void test_place_ramdisk_too_high(void **state)
{
	bz.ramdisk_limit = 140 * MIB;
	assert_int_equal(do_place(), 0);
	assert_int_equal(place.kernel, 16 * MIB);
	assert_int_equal(place.ramdisk, 1 * MIB);
}

static void test_place_memory(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_int_equal(do_place(), -ENOSPC);
	/* There is only memory that is too high. */
	assert_int_equal(xn_memmap_add(&map, 4096 * MIB, 4096 * MIB,
				       XN_MEM_RAM), 0);
	assert_int_equal(do_place(), -ENOSPC);
}

static void test_params(void **state)
{
	uint8_t params[BOOT_PARAMS_SIZE];

	ramdisk.size = 0x123456789;
	assert_int_equal(xn_memmap_add(&map, 0xfc000000, 0x1000, XN_MEM_ACPI),
			 0);
	memset(params, 0xff, sizeof(params));
	assert_int_equal(params_fill(params, &bz, &map, &ramdisk, 0x8001000,
				     0xfc000000), 0);
	assert_memory_equal(params + 0x202, "HdrS", 4);
	assert_int_equal(get64(params + 0x258), 16 * MIB);
	assert_int_equal(params[0x1ef], 0);
	assert_int_equal(params[0x210], 0xff);
	assert_int_equal(get64(params + 0x070), 0xfc000000);
	assert_int_equal(get32(params + 0x218), 137 * MIB);
	assert_int_equal(get32(params + 0x0c0), 0);
	assert_int_equal(get32(params + 0x21c), 0x23456789);
	assert_int_equal(get32(params + 0x0c4), 1);
	assert_int_equal(get32(params + 0x228), 0x8001000);
	assert_int_equal(params[0x1e8], 4);
	assert_int_equal(get64(params + 0x2d0), 0);
	assert_int_equal(get64(params + 0x2d8), 0xa0000);
	assert_int_equal(get32(params + 0x2e0), XN_MEM_RAM);
	assert_int_equal(get64(params + 0x2e4), 0xa0000);
	assert_int_equal(get64(params + 0x2ec), 0x60000);
	assert_int_equal(get32(params + 0x2f4), XN_MEM_RESERVED);
	assert_int_equal(get64(params + 0x2f8), 0x100000);
	assert_int_equal(get64(params + 0x30c), 0xfc000000);
	assert_int_equal(get32(params + 0x31c), XN_MEM_ACPI);
}

static void test_params_full(void **state)
{
	uint8_t params[BOOT_PARAMS_SIZE];
	unsigned int i;

	for (i = 1; i <= 126; i++)
		assert_int_equal(xn_memmap_add(&map, i * 512 * MIB, 1,
					       XN_MEM_RAM), 0);
	assert_int_equal(map.nr, 127);
	assert_int_equal(params_fill(params, &bz, &map, &ramdisk, 1, 1),
			 -E2BIG);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)
#define P(name) cmocka_unit_test_setup(test_##name, place_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(good), T(header), T(sizes), T(cut_short),
		P(place_preferred), P(place_relocates), P(place_moves_ramdisk),
		P(place_fixed), P(place_ramdisk_too_high), P(place_memory),
		P(params), P(params_full),
	};

	return cmocka_run_group_tests_name("boot bzImage", tests, NULL, NULL);
}
