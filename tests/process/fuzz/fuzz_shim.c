// SPDX-License-Identifier: MIT
/*
 * What the boot shim reads: the bzImage (Linux's boot protocol), which is the
 * user's; the command line and the ACPI tables, which the toolstack writes. The
 * shim reads nothing outside of file, line and tables, and does not overwrite
 * anything with what it loads.
 *
 * Input: which of them, then changes to a valid one.
 */
#include "fuzz.h"
#include "boot/shim/bzimage.c"
#include "boot/shim/params.c"
#include "boot/shim/cmdline.c"
#include "boot/shim/acpi.c"

#define MIB	0x100000ull

/* ---- bzImage ---- */

#define MAX_FILE	0x4000u

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v;
	p[1] = v >> 8;
}

static void good_file(uint8_t *f)
{
	memset(f, 0, MAX_FILE);
	f[HDR_SETUP_SECTS] = 3;
	put32(f + HDR_SYSSIZE, (MAX_FILE - 2048) / 16);
	put16(f + HDR_BOOT_FLAG, BOOT_FLAG);
	f[HDR_JUMP_LENGTH] = 0x6a;
	memcpy(f + HDR_MAGIC, "HdrS", 4);
	put16(f + HDR_VERSION, 0x20f);
	f[HDR_LOADFLAGS] = LOADED_HIGH;
	put32(f + HDR_INITRD_ADDR_MAX, 0x7fffffff);
	put32(f + HDR_KERNEL_ALIGNMENT, 2 * MIB);
	f[HDR_RELOCATABLE] = 1;
	put16(f + HDR_XLOADFLAGS, XLF_KERNEL_64 | XLF_ABOVE_4G);
	put32(f + HDR_CMDLINE_SIZE, 2047);
	put32(f + HDR_PAYLOAD_OFFSET, 1000);
	put32(f + HDR_PAYLOAD_LENGTH, 10000);
	put64(f + HDR_PREF_ADDRESS, 16 * MIB);
	put32(f + HDR_INIT_SIZE, 48 * MIB);
}

static void change_file(uint8_t *f)
{
	static const uint16_t fields[] = {
		HDR_SETUP_SECTS, HDR_SYSSIZE, HDR_JUMP_LENGTH, HDR_VERSION,
		HDR_LOADFLAGS, HDR_INITRD_ADDR_MAX, HDR_KERNEL_ALIGNMENT,
		HDR_RELOCATABLE, HDR_XLOADFLAGS, HDR_CMDLINE_SIZE,
		HDR_PAYLOAD_OFFSET, HDR_PAYLOAD_LENGTH, HDR_PREF_ADDRESS,
		HDR_PREF_ADDRESS + 4, HDR_INIT_SIZE, HDR_BOOT_FLAG,
	};
	unsigned int i = fuzz_u8() % (XN_ARRAY_SIZE(fields) + 1);

	if (i < XN_ARRAY_SIZE(fields))
		put32(f + fields[i], fuzz_number());
	else
		f[HDR_SETUP_SECTS + fuzz_u8()] = fuzz_u8();
}

static bool apart(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return !a_size || !b_size || a + a_size <= b || b + b_size <= a;
}

static void place(const struct bzimage *bz)
{
	uint64_t limit = fuzz_below(4) ? 4096 * MIB : fuzz_number() * MIB;
	struct xn_boot_module shim, ramdisk;
	static uint8_t params[BOOT_PARAMS_SIZE];
	struct xn_memmap map = { 0 };
	struct placement out;
	unsigned int n;

	shim.start = fuzz_number() * (MIB / 16);
	shim.size = fuzz_u8() * (MIB / 16);
	ramdisk.start = fuzz_number() * (MIB / 16);
	ramdisk.size = fuzz_u8() * (MIB / 16);
	xn_memmap_add(&map, 0, fuzz_u8() * 4 * MIB, XN_MEM_RAM);
	for (n = fuzz_below(8); n; n--) {
		uint64_t start = fuzz_number() * (MIB / 16);
		uint64_t size = fuzz_number() * (MIB / 16);

		xn_memmap_add(&map, start, size, fuzz_below(7));
	}
	host_log_reset();
	if (bzimage_place(bz, &map, &shim, &ramdisk, limit, &out)) {
		assert_int_equal(host_log_count(XN_ERR), 1);
		return;
	}
	assert_true(out.kernel >= bz->pref_address);
	assert_int_equal(out.kernel % bz->alignment, 0);
	assert_true(out.kernel == bz->pref_address || bz->relocatable);
	assert_true(out.kernel + bz->init_size <= limit);
	assert_true(xn_memmap_covers(&map, out.kernel, bz->init_size,
				     1u << XN_MEM_RAM));
	assert_true(apart(out.kernel, bz->init_size, shim.start, shim.size));
	assert_true(apart(out.kernel, bz->init_size, out.ramdisk,
			  ramdisk.size));
	if (out.ramdisk != ramdisk.start) {
		assert_true(xn_memmap_covers(&map, out.ramdisk, ramdisk.size,
					     1u << XN_MEM_RAM));
		assert_true(apart(out.ramdisk, ramdisk.size, shim.start,
				  shim.size));
	}
	assert_true(out.ramdisk + ramdisk.size <= bz->ramdisk_limit);
	ramdisk.start = out.ramdisk;
	if (!params_fill(params, bz, &map, &ramdisk, fuzz_u64(), fuzz_u64()))
		assert_in_range(params[0x1e8], 0, 128);
}

static void bzimage(void)
{
	static uint8_t good[MAX_FILE];
	unsigned int n, size = MAX_FILE;
	struct bzimage bz;
	uint8_t *file;
	int err;

	good_file(good);
	for (n = fuzz_below(8); n; n--)
		change_file(good);
	if (!fuzz_below(4))
		size = fuzz_u16() % MAX_FILE;
	/* Exactly as long, so that ASan sees each access outside. */
	file = malloc(size);
	memcpy(file, good, size);
	err = bzimage_parse(file, size, &bz);
	assert_int_equal(host_log_count(XN_ERR), !!err);
	if (!err) {
		assert_true(bz.kernel > file &&
			    bz.kernel + bz.kernel_size <= file + size);
		assert_true(HDR_SETUP_SECTS + bz.header_size <= size);
		place(&bz);
	}
	free(file);
}

/* ---- command line ---- */

static void cmdline(void)
{
	uint32_t limit = fuzz_number(), khz = fuzz_number();
	size_t room = fuzz_u16() % 512 + 1, len;
	const uint8_t *text = fuzz_bytes(fuzz_u8(), &len);
	char *user = malloc(len + 1), *out = malloc(room);
	unsigned int nr_cpus = fuzz_u8();
	bool x2apic = fuzz_u8() & 1;
	int err;

	memcpy(user, text, len);
	user[len] = '\0';
	err = cmdline_build(out, room, limit, user, khz, x2apic, nr_cpus);
	assert_int_equal(host_log_count(XN_ERR), !!err);
	if (!err) {
		size_t n = strnlen(out, room);

		len = strlen(user);
		assert_true(n < room && n <= limit && n >= len);
		assert_string_equal(out + n - len, user);
		/* A second call adds nothing. */
		if (n < room / 2) {
			char *twice = malloc(room);

			assert_int_equal(cmdline_build(twice, room, limit, out,
						       khz, x2apic, nr_cpus),
					 0);
			if (!strchr(user, '"'))
				assert_string_equal(twice, out);
			free(twice);
		}
	}
	free(out);
	free(user);
}

/* ---- ACPI ---- */

#define ACPI_BASE	0xfc000000u
#define ACPI_SIZE	0x1000u
#define RSDP		0x800u
#define XSDT		0x000u
#define RSDT		0x100u
#define FADT		0x200u
#define OTHER		0x400u

static void seal(uint8_t *t, unsigned int at, unsigned int size)
{
	if (size <= ACPI_SIZE - at)
		t[at + HEADER_CHECKSUM] -= acpi_sum(t + at, size);
}

static void build_table(uint8_t *t, unsigned int at, const char *name,
			unsigned int size)
{
	memcpy(t + at, name, 4);
	put32(t + at + HEADER_LENGTH, size);
}

static void good_tables(uint8_t *t)
{
	unsigned int i;

	memset(t, 0, ACPI_SIZE);
	memcpy(t + RSDP, "RSD PTR ", 8);
	t[RSDP + RSDP_REVISION] = 2;
	put64(t + RSDP + RSDP_XSDT, ACPI_BASE + XSDT);
	put32(t + RSDP + RSDP_RSDT, ACPI_BASE + RSDT);
	build_table(t, XSDT, "XSDT", HEADER_SIZE + 16);
	put64(t + XSDT + HEADER_SIZE, ACPI_BASE + OTHER);
	put64(t + XSDT + HEADER_SIZE + 8, ACPI_BASE + FADT);
	build_table(t, RSDT, "RSDT", HEADER_SIZE + 8);
	put32(t + RSDT + HEADER_SIZE, ACPI_BASE + OTHER);
	put32(t + RSDT + HEADER_SIZE + 4, ACPI_BASE + FADT);
	build_table(t, OTHER, "APIC", MADT_ENTRIES + 16 * LOCAL_APIC_SIZE);
	for (i = MADT_ENTRIES; i < get32(t + OTHER + HEADER_LENGTH);
	     i += LOCAL_APIC_SIZE) {
		t[OTHER + i + 1] = LOCAL_APIC_SIZE;
		t[OTHER + i + LOCAL_APIC_FLAGS] = fuzz_u8() & ENABLED;
	}
	build_table(t, FADT, "FACP", 276);
}

static void change_tables(uint8_t *t)
{
	static const uint16_t at[] = {
		RSDP + RSDP_REVISION, RSDP + RSDP_XSDT, RSDP + RSDP_XSDT + 4,
		RSDP + RSDP_RSDT, XSDT + HEADER_LENGTH, RSDT + HEADER_LENGTH,
		FADT + HEADER_LENGTH, OTHER + HEADER_LENGTH,
		OTHER + MADT_ENTRIES, XSDT + HEADER_SIZE,
		XSDT + HEADER_SIZE + 8, RSDT + HEADER_SIZE + 4,
	};
	unsigned int i = fuzz_u8() % (XN_ARRAY_SIZE(at) + 2);

	if (i < XN_ARRAY_SIZE(at))
		put32(t + at[i], fuzz_below(2) * ACPI_BASE + fuzz_u16());
	else
		t[fuzz_u16() % ACPI_SIZE] = fuzz_u8();
}

static void acpi(void)
{
	static uint8_t before[ACPI_SIZE];
	struct xn_window win = { .start = ACPI_BASE, .size = ACPI_SIZE };
	struct xn_memmap map = { 0 };
	unsigned int n, nr_cpus, changed = 0;
	uint8_t *t = malloc(ACPI_SIZE);
	int err;

	good_tables(t);
	for (n = fuzz_below(8); n; n--)
		change_tables(t);
	if (fuzz_below(8)) {
		seal(t, XSDT, get32(t + XSDT + HEADER_LENGTH));
		seal(t, RSDT, get32(t + RSDT + HEADER_LENGTH));
		seal(t, FADT, get32(t + FADT + HEADER_LENGTH));
		seal(t, OTHER, get32(t + OTHER + HEADER_LENGTH));
		t[RSDP + 8] -= acpi_sum(t + RSDP, RSDP_SIZE_V1);
	}
	xn_memmap_add(&map, ACPI_BASE, fuzz_below(4) ? ACPI_SIZE : fuzz_u16(),
		      XN_MEM_ACPI);
	win.base = t;
	memcpy(before, t, ACPI_SIZE);
	err = acpi_mend(&win, &map, fuzz_below(8) ? ACPI_BASE + RSDP :
			fuzz_u32(), fuzz_below(2), &nr_cpus);
	assert_int_equal(host_log_count(XN_ERR), !!err);
	for (n = 0; n < ACPI_SIZE; n++)
		changed += t[n] != before[n];
	/* Architecture flags, one byte of flags, checksum; a byte for each CPU. */
	assert_in_range(changed, 0, err ? 0 : 4 + ACPI_SIZE / LOCAL_APIC_SIZE);
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	switch (fuzz_below(3)) {
	case 0:
		bzimage();
		break;
	case 1:
		cmdline();
		break;
	default:
		acpi();
		break;
	}
	return 0;
}
