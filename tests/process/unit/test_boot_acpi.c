// SPDX-License-Identifier: MIT
/*
 * The boot shim: the FADT and the MADT are found and corrected, and invalid tables
 * are refused without a read beyond their end.
 */
#include "unit.h"
#include <stdlib.h>
#include "boot/shim/acpi.c"

#define BASE	0xfc000000u
#define SIZE	0x1000u
#define RSDP	0x800u
#define XSDT	0x000u
#define RSDT	0x100u
#define FADT	0x200u
#define OTHER	0x400u

static uint8_t *mem;
static struct xn_memmap map;
static struct xn_window win;
static unsigned int nr_cpus;

static void make(uint32_t at, const char *name, uint32_t size)
{
	memcpy(mem + at, name, 4);
	put32(mem + at + HEADER_LENGTH, size);
}

static void seal(uint32_t at)
{
	mem[at + HEADER_CHECKSUM] -= acpi_sum(mem + at, get32(mem + at + 4));
}

static void seal_rsdp(void)
{
	mem[RSDP + 8] -= acpi_sum(mem + RSDP, RSDP_SIZE_V1);
}

static int setup(void **state)
{
	/* Exactly as long, so that ASan sees each access outside. */
	mem = calloc(1, SIZE);
	win = (struct xn_window){ mem, BASE, SIZE };
	memset(&map, 0, sizeof(map));
	assert_int_equal(xn_memmap_add(&map, BASE, SIZE, XN_MEM_ACPI), 0);
	memcpy(mem + RSDP, "RSD PTR ", 8);
	mem[RSDP + RSDP_REVISION] = 2;
	put64(mem + RSDP + RSDP_XSDT, BASE + XSDT);
	seal_rsdp();
	make(XSDT, "XSDT", HEADER_SIZE + 16);
	put64(mem + XSDT + HEADER_SIZE, BASE + OTHER);
	put64(mem + XSDT + HEADER_SIZE + 8, BASE + FADT);
	seal(XSDT);
	make(OTHER, "APIC", HEADER_SIZE);
	make(FADT, "FACP", 276);
	mem[FADT + FADT_BOOT_ARCH] = 0xff;
	put32(mem + FADT + FADT_FLAGS, 0x101);
	seal(FADT);
	return 0;
}

static int teardown(void **state)
{
	free(mem);
	return 0;
}

static int mend(bool has_deadline_timer)
{
	return acpi_mend(&win, &map, BASE + RSDP, has_deadline_timer,
			 &nr_cpus);
}

static void test_mends(void **state)
{
	assert_int_equal(mend(false), 0);
	assert_int_equal(mem[FADT + 109], 0xfb);
	assert_int_equal(get32(mem + FADT + 112), 0x100101);
	assert_int_equal(acpi_sum(mem + FADT, 276), 0);
	/* A second call changes nothing. */
	assert_int_equal(mend(false), 0);
	assert_int_equal(get32(mem + FADT + 112), 0x100101);
	assert_int_equal(acpi_sum(mem + FADT, 276), 0);
}

static void test_deadline_timer(void **state)
{
	assert_int_equal(mend(true), 0);
	assert_int_equal(mem[FADT + 109], 0xfb);
	assert_int_equal(get32(mem + FADT + 112), 0x101);
	assert_int_equal(acpi_sum(mem + FADT, 276), 0);
}

/* ---- the MADT ---- */

static void madt_make(uint32_t size)
{
	make(OTHER, "APIC", size);
	seal(OTHER);
}

/* An entry at @at; returns where the next one is. */
static uint32_t madt_put(uint32_t at, uint8_t type, uint8_t len, uint32_t flags)
{
	mem[OTHER + at] = type;
	mem[OTHER + at + 1] = len;
	put32(mem + OTHER + at + LOCAL_APIC_FLAGS, flags);
	return at + len;
}

static uint32_t madt_flags(unsigned int cpu)
{
	return get32(mem + OTHER + MADT_ENTRIES + cpu * LOCAL_APIC_SIZE +
		     LOCAL_APIC_FLAGS);
}

/* The toolstack wants two of four vCPUs online. */
static void test_cpus(void **state)
{
	uint32_t at = MADT_ENTRIES;

	at = madt_put(at, LOCAL_APIC, LOCAL_APIC_SIZE, 1);
	at = madt_put(at, LOCAL_APIC, LOCAL_APIC_SIZE, 0);
	at = madt_put(at, LOCAL_APIC, LOCAL_APIC_SIZE, 3);
	at = madt_put(at, LOCAL_APIC, LOCAL_APIC_SIZE, 2);
	/* An I/O APIC, and an entry of another length. */
	at = madt_put(at, 1, 12, 0);
	at = madt_put(at, LOCAL_APIC, 7, 0);
	madt_make(at);
	assert_int_equal(mend(false), 0);
	assert_int_equal(nr_cpus, 2);
	assert_int_equal(madt_flags(0), 1);
	assert_int_equal(madt_flags(1), 1);
	assert_int_equal(madt_flags(2), 3);
	assert_int_equal(madt_flags(3), 3);
	assert_int_equal(get32(mem + OTHER + at - 12 - 7 + 4), 0);
	assert_int_equal(acpi_sum(mem + OTHER, at), 0);
	/* In a kernel after kexec, which the command line tells how many. */
	assert_int_equal(mend(false), 0);
	assert_int_equal(nr_cpus, 0);
}

/* What is broken is left alone: the kernel will say so. */
static void test_broken_madt(void **state)
{
	uint32_t at = MADT_ENTRIES;

	at = madt_put(at, LOCAL_APIC, LOCAL_APIC_SIZE, 1);
	at = madt_put(at, LOCAL_APIC, LOCAL_APIC_SIZE, 0);
	madt_make(at);
	mem[OTHER + 20]++;
	assert_int_equal(mend(false), 0);
	assert_int_equal(nr_cpus, 0);
	assert_int_equal(madt_flags(1), 0);
	mem[OTHER + 20]--;
	/* An entry of length 0, one that is cut off, and a table that is. */
	mem[OTHER + MADT_ENTRIES + 1] = 0;
	madt_make(at);
	assert_int_equal(mend(false), 0);
	assert_int_equal(madt_flags(1), 0);
	mem[OTHER + MADT_ENTRIES + 1] = LOCAL_APIC_SIZE;
	madt_make(at - 1);
	assert_int_equal(mend(false), 0);
	assert_int_equal(madt_flags(1), 0);
	put32(mem + OTHER + HEADER_LENGTH, SIZE);
	assert_int_equal(mend(false), 0);
	assert_int_equal(madt_flags(1), 0);
}

static void test_rsdt(void **state)
{
	mem[RSDP + RSDP_REVISION] = 0;
	put32(mem + RSDP + RSDP_RSDT, BASE + RSDT);
	seal_rsdp();
	make(RSDT, "RSDT", HEADER_SIZE + 4);
	put32(mem + RSDT + HEADER_SIZE, BASE + FADT);
	seal(RSDT);
	assert_int_equal(mend(false), 0);
	assert_int_equal(mem[FADT + 109], 0xfb);
}

static void test_no_rsdp(void **state)
{
	assert_int_equal(acpi_mend(&win, &map, 0, false, &nr_cpus),
			 -EINVAL);
	assert_int_equal(acpi_mend(&win, &map, BASE + SIZE - 8, false, &nr_cpus),
			 -EINVAL);
	assert_int_equal(acpi_mend(&win, &map, BASE - 8, false, &nr_cpus),
			 -EINVAL);
	assert_int_equal(acpi_mend(&win, &map, ~0ull - 8, false, &nr_cpus),
			 -EINVAL);
	mem[RSDP + 9]++;
	assert_int_equal(mend(false), -EINVAL);
	memset(&map, 0, sizeof(map));
	mem[RSDP + 9]--;
	assert_int_equal(mend(false), -EINVAL);
}

static void test_broken_root(void **state)
{
	static const uint32_t lengths[] = {
		0, 35, 36, 0x801, SIZE + 1, MAX_TABLE + 1, 0xffffffff,
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(lengths); i++) {
		put32(mem + XSDT + 4, lengths[i]);
		assert_int_equal(mend(false), -EINVAL);
	}
	put32(mem + XSDT + 4, HEADER_SIZE + 16);
	mem[XSDT + HEADER_SIZE]++;
	assert_int_equal(mend(false), -EINVAL);
	put64(mem + RSDP + RSDP_XSDT, BASE + SIZE - HEADER_SIZE);
	assert_int_equal(mend(false), -EINVAL);
	put64(mem + RSDP + RSDP_XSDT, BASE + SIZE - 1);
	assert_int_equal(mend(false), -EINVAL);
}

/* Entries that point nowhere are skipped. */
static void test_wild_entries(void **state)
{
	put64(mem + XSDT + HEADER_SIZE, ~0ull);
	seal(XSDT);
	assert_int_equal(mend(false), 0);
	put64(mem + XSDT + HEADER_SIZE + 8, BASE + SIZE - HEADER_SIZE + 1);
	seal(XSDT);
	assert_int_equal(mend(false), -EINVAL);
}

static void test_broken_fadt(void **state)
{
	mem[FADT + 20]++;
	assert_int_equal(mend(false), -EINVAL);
	put32(mem + FADT + 4, 115);
	seal(FADT);
	assert_int_equal(mend(false), -EINVAL);
	put32(mem + FADT + 4, 116);
	seal(FADT);
	assert_int_equal(mend(false), 0);
	put32(mem + FADT + 4, SIZE);
	assert_int_equal(mend(false), -EINVAL);
}

/* Part of the table is not in the memory map. */
static void test_outside_of_map(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_int_equal(xn_memmap_add(&map, BASE, FADT + 200, XN_MEM_ACPI), 0);
	assert_int_equal(xn_memmap_add(&map, BASE + RSDP, 0x100, XN_MEM_ACPI),
			 0);
	assert_int_equal(mend(false), -EINVAL);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mends), T(deadline_timer), T(rsdt), T(no_rsdp),
		T(broken_root), T(wild_entries), T(broken_fadt),
		T(cpus), T(broken_madt),
		T(outside_of_map),
	};

	return cmocka_run_group_tests_name("boot ACPI", tests, NULL, NULL);
}
