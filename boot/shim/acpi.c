// SPDX-License-Identifier: MIT
/*
 * Corrects the ACPI tables that Xen's toolstack wrote. Linux without its Xen
 * support draws wrong conclusions from two of them. The FADT says which hardware a
 * PVH guest lacks:
 *
 * - "no VGA" with "no RTC" makes a kernel with CONFIG_XEN_PVH=y believe that
 *   it came through its own PVH entry, and panic because of "nopv";
 * - without the "hardware-reduced" flag the kernel expects a PIT. If the APIC
 *   timer has no TSC-deadline mode, the kernel measures that timer against the
 *   PIT, fails, and turns the timer off. With TSC-deadline mode the flag stays
 *   clear: the kernel then uses the absent PIT as broadcast device and works
 *   with one-shot ticks.
 *
 * The MADT has an entry for each vCPU that the domain may have, and only those
 * that the toolstack wants online are enabled in it. Linux counts the others as
 * CPUs that firmware may plug in later, which nobody does here: without an entry
 * that is enabled they could never be brought online. So all are enabled, and the
 * kernel's command line says how many of them to start.
 *
 * Tables: ACPI specification 6, chapter 5. Called by main.c.
 */
#include "shim.h"
#include "bytes.h"

#define RSDP_SIZE_V1	20u
#define RSDP_REVISION	15
#define RSDP_RSDT	16
#define RSDP_XSDT	24
#define RSDP_SIZE	36u	/* of revision 2 */

#define HEADER_SIZE	36u
#define HEADER_LENGTH	4
#define HEADER_CHECKSUM	9

#define FADT_BOOT_ARCH	109
#define   NO_VGA		(1u << 2)
#define FADT_FLAGS	112
#define   HW_REDUCED		(1u << 20)
#define FADT_MIN_SIZE	116u

#define MADT_ENTRIES	44u	/* where they begin: a type, a length, the rest */
#define   LOCAL_APIC		0
#define   LOCAL_APIC_SIZE	8u
#define   LOCAL_APIC_FLAGS	4
#define     ENABLED		(1u << 0)

/* Far larger than any table of a guest. */
#define MAX_TABLE	0x10000u

#define ANY_TYPE	(~0u)

/* Where tables may lie: memory that is mapped and in the memory map. */
struct space {
	const struct xn_window *win;
	const struct xn_memmap *map;
};

static uint8_t *acpi_at(const struct space *s, uint64_t addr, uint64_t size)
{
	if (!xn_memmap_covers(s->map, addr, size, ANY_TYPE))
		return NULL;
	return xn_window_ptr(s->win, addr, size);
}

static uint8_t acpi_sum(const uint8_t *p, uint32_t size)
{
	uint8_t total = 0;

	while (size--)
		total += *p++;
	return total;
}

/* Find a complete table with a plausible length and a valid checksum. */
static uint8_t *acpi_table(const struct space *s, uint64_t addr, uint32_t *size)
{
	uint8_t *t = acpi_at(s, addr, HEADER_SIZE);

	if (!t)
		return NULL;
	*size = get32(t + HEADER_LENGTH);
	if (*size < HEADER_SIZE || *size > MAX_TABLE ||
	    !acpi_at(s, addr, *size) || acpi_sum(t, *size))
		return NULL;
	return t;
}

/* Find the root table, RSDT or XSDT, and the size of its entries. */
static uint8_t *find_root(const struct space *s, uint64_t rsdp, uint32_t *size,
			  unsigned int *entry_size)
{
	uint8_t *r = acpi_at(s, rsdp, RSDP_SIZE_V1);
	uint8_t *root;

	if (!r || memcmp(r, "RSD PTR ", 8) || acpi_sum(r, RSDP_SIZE_V1)) {
		xn_os_log(XN_ERR, "ACPI: no root pointer at 0x%llx",
			  (unsigned long long)rsdp);
		return NULL;
	}
	if (r[RSDP_REVISION] >= 2 && acpi_at(s, rsdp, RSDP_SIZE) &&
	    get64(r + RSDP_XSDT)) {
		*entry_size = 8;
		root = acpi_table(s, get64(r + RSDP_XSDT), size);
	} else {
		*entry_size = 4;
		root = acpi_table(s, get32(r + RSDP_RSDT), size);
	}
	if (!root || memcmp(root, *entry_size == 8 ? "XSDT" : "RSDT", 4)) {
		xn_os_log(XN_ERR, "ACPI: the root table is broken");
		return NULL;
	}
	return root;
}

/* Find a table by its name in the root table. */
static uint8_t *find_table(const struct space *s, const uint8_t *root,
			   uint32_t root_size, unsigned int entry_size,
			   const char *name, uint32_t *size)
{
	uint32_t i;

	for (i = HEADER_SIZE; i + entry_size <= root_size; i += entry_size) {
		uint64_t addr = entry_size == 8 ? get64(root + i) :
						  get32(root + i);
		uint8_t *t = acpi_at(s, addr, HEADER_SIZE);

		if (t && !memcmp(t, name, 4))
			return acpi_table(s, addr, size);
	}
	return NULL;
}

static void acpi_seal(uint8_t *t, uint32_t size)
{
	t[HEADER_CHECKSUM] -= acpi_sum(t, size);
}

/* Enable all CPUs of the MADT. Returns how many were, or 0 if all were. */
static unsigned int madt_mend(uint8_t *madt, uint32_t size)
{
	unsigned int enabled = 0, all = 0;
	uint32_t i, len;

	for (i = MADT_ENTRIES; i + LOCAL_APIC_SIZE <= size; i += len) {
		uint8_t *flags = madt + i + LOCAL_APIC_FLAGS;

		len = madt[i + 1];
		if (!len)
			break;
		if (madt[i] != LOCAL_APIC || len < LOCAL_APIC_SIZE)
			continue;
		all++;
		enabled += get32(flags) & ENABLED;
		put32(flags, get32(flags) | ENABLED);
	}
	acpi_seal(madt, size);
	return enabled < all ? enabled : 0;
}

int acpi_mend(const struct xn_window *win, const struct xn_memmap *map,
	      uint64_t rsdp, bool has_deadline_timer, unsigned int *nr_cpus)
{
	struct space s = { win, map };
	uint32_t root_size, size;
	unsigned int entry_size;
	uint8_t *root, *t;

	*nr_cpus = 0;
	if (!rsdp) {
		xn_os_log(XN_ERR, "no ACPI tables: a stock kernel needs them to find its timer and its CPUs");
		return -EINVAL;
	}
	root = find_root(&s, rsdp, &root_size, &entry_size);
	if (!root)
		return -EINVAL;
	t = find_table(&s, root, root_size, entry_size, "FACP", &size);
	if (!t || size < FADT_MIN_SIZE) {
		xn_os_log(XN_ERR, "ACPI: the FADT is missing or broken");
		return -EINVAL;
	}
	t[FADT_BOOT_ARCH] &= ~NO_VGA;
	if (!has_deadline_timer)
		put32(t + FADT_FLAGS, get32(t + FADT_FLAGS) | HW_REDUCED);
	acpi_seal(t, size);
	/* Without one, the kernel runs on one CPU, and says so. */
	t = find_table(&s, root, root_size, entry_size, "APIC", &size);
	if (t)
		*nr_cpus = madt_mend(t, size);
	return 0;
}
