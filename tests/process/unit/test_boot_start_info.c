// SPDX-License-Identifier: MIT
/*
 * The PVH start info: versions, magic, memory maps with and without a
 * hypercall, modules, and invalid values.
 */
#include "unit.h"
#include <xen-public/errno.h>
#include "boot/x86/start_info.c"

#define BASE	0x10000u

/* Guest memory at BASE: the start info, then what it points to. */
static struct {
	struct hvm_start_info si;
	struct hvm_modlist_entry module[XN_BOOT_MAX_MODULES + 1];
	struct hvm_memmap_table_entry map[MAX_ENTRIES + 1];
} mem;

#define ADDR(field) (BASE + __builtin_offsetof(__typeof__(mem), field))

static const struct xn_window win = { &mem, BASE, sizeof(mem) };
static struct xn_boot_info info;
static unsigned int queries;

static int query(struct xn_memmap *map)
{
	queries++;
	return xn_memmap_add(map, 0, 0x1000, XN_MEM_RAM);
}

static int failing_query(struct xn_memmap *map)
{
	return -EPERM;
}

static int setup(void **state)
{
	memset(&mem, 0, sizeof(mem));
	queries = 0;
	mem.si.magic = XEN_HVM_START_MAGIC_VALUE;
	mem.si.version = 1;
	mem.si.nr_modules = 2;
	mem.si.modlist_paddr = ADDR(module);
	mem.si.cmdline_paddr = 0x1234;
	mem.si.rsdp_paddr = 0xfc008000;
	mem.si.memmap_paddr = ADDR(map);
	mem.si.memmap_entries = 3;
	mem.module[0] = (struct hvm_modlist_entry){ .paddr = 1, .size = 2 };
	mem.module[1] = (struct hvm_modlist_entry){ .paddr = 3, .size = 4 };
	mem.map[0] = (struct hvm_memmap_table_entry){ 0x5000, 0x1000, 1, 0 };
	mem.map[1] = (struct hvm_memmap_table_entry){ 0x0000, 0x0000, 2, 0 };
	mem.map[2] = (struct hvm_memmap_table_entry){ 0x1000, 0x1000, 1, 0 };
	return 0;
}

static int parse(void)
{
	return xn_boot_pvh(&win, BASE, query, &info);
}

static void test_version_1(void **state)
{
	assert_int_equal(parse(), 0);
	assert_int_equal(queries, 0);
	assert_int_equal(info.cmdline, 0x1234);
	assert_int_equal(info.rsdp, 0xfc008000);
	assert_int_equal(info.nr_modules, 2);
	assert_int_equal(info.module[1].start, 3);
	assert_int_equal(info.module[1].size, 4);
	assert_int_equal(info.map.nr, 2);
	assert_int_equal(info.map.range[0].start, 0x1000);
	assert_int_equal(info.map.range[1].start, 0x5000);
}

static void test_later_version(void **state)
{
	mem.si.version = 7;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.map.nr, 2);
}

static void test_version_0(void **state)
{
	const struct xn_window small = { &mem, BASE, SIZE_V0 };

	mem.si.version = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(queries, 1);
	assert_int_equal(info.map.nr, 1);
	/* It may end at the window's end. */
	mem.si.nr_modules = 0;
	assert_int_equal(xn_boot_pvh(&small, BASE, query, &info), 0);
	mem.si.version = 1;
	assert_int_equal(xn_boot_pvh(&small, BASE, query, &info), -EINVAL);
}

static void test_no_map(void **state)
{
	mem.si.memmap_entries = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(queries, 1);
	assert_int_equal(xn_boot_pvh(&win, BASE, failing_query, &info),
			 -EPERM);
}

static void test_magic(void **state)
{
	mem.si.magic ^= 1;
	assert_int_equal(parse(), -EINVAL);
	assert_int_equal(xn_boot_pvh(&win, 0, query, &info), -EINVAL);
	assert_int_equal(xn_boot_pvh(&win, BASE + sizeof(mem) - 8, query, &info),
			 -EINVAL);
}

static void test_modules(void **state)
{
	mem.si.nr_modules = XN_BOOT_MAX_MODULES;
	assert_int_equal(parse(), 0);
	mem.si.nr_modules = XN_BOOT_MAX_MODULES + 1;
	assert_int_equal(parse(), -E2BIG);
	mem.si.nr_modules = 0xffffffff;
	assert_int_equal(parse(), -E2BIG);
	mem.si.nr_modules = 1;
	mem.si.modlist_paddr = BASE + sizeof(mem) - 8;
	assert_int_equal(parse(), -EINVAL);
	mem.si.modlist_paddr = 0;
	assert_int_equal(parse(), -EINVAL);
	mem.si.nr_modules = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.nr_modules, 0);
}

static void test_module_wraps(void **state)
{
	mem.module[1].paddr = 0x1000;
	mem.module[1].size = ~0ull;
	assert_int_equal(parse(), -EINVAL);
}

static void test_map_lies(void **state)
{
	mem.si.memmap_entries = 0xffffffff;
	assert_int_equal(parse(), -E2BIG);
	mem.si.memmap_entries = 3;
	mem.si.memmap_paddr = BASE + sizeof(mem) - sizeof(mem.map[0]);
	assert_int_equal(parse(), -EINVAL);
	mem.si.memmap_paddr = ~0ull;
	assert_int_equal(parse(), -EINVAL);
	mem.si.memmap_paddr = ADDR(map);
	mem.map[2].size = ~0ull;
	assert_int_equal(parse(), -EINVAL);
}

static void test_too_many_ranges(void **state)
{
	unsigned int i;

	for (i = 0; i < MAX_ENTRIES; i++)
		mem.map[i] = (struct hvm_memmap_table_entry){
			i * 0x1000, 0x1000, XEN_HVM_MEMMAP_TYPE_RAM, 0
		};
	mem.si.memmap_entries = MAX_ENTRIES;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.map.nr, 1);
	mem.si.memmap_entries = MAX_ENTRIES + 1;
	assert_int_equal(parse(), -E2BIG);
	mem.si.memmap_entries = MAX_ENTRIES;
	for (i = 0; i < MAX_ENTRIES; i++)
		mem.map[i].size = 0x800;
	assert_int_equal(parse(), -E2BIG);
}

static void test_errno(void **state)
{
	assert_int_equal(xn_errno(-XEN_EPERM), -EPERM);
	assert_int_equal(xn_errno(-XEN_EAGAIN), -EAGAIN);
	assert_int_equal(xn_errno(-XEN_ECONNREFUSED), -ECONNREFUSED);
	assert_int_equal(xn_errno(-4), -EIO);
	assert_int_equal(xn_errno(-4096), -EIO);
	assert_int_equal(xn_errno((long)(1ul << 63)), -EIO);
}

/* ---- the memory map by a hypercall ---- */

static unsigned int told_entries;
static uint64_t told_size;

static void tell_map(unsigned int nr, unsigned int cmd, void *arg,
		     unsigned int count, long *ret)
{
	struct xen_memory_map *op = arg;
	struct e820_entry *e = op->buffer.p;

	assert_int_equal(nr, __HYPERVISOR_memory_op);
	assert_int_equal(cmd, XENMEM_memory_map);
	assert_int_equal(op->nr_entries, XN_MEMMAP_MAX);
	e[0] = (struct e820_entry){ 0, 0xa0000, 1 };
	e[1] = (struct e820_entry){ 0x100000, told_size, 1 };
	op->nr_entries = told_entries;
	*ret = 0;
}

static void test_query(void **state)
{
	struct host_guest *g = host_guest_create(NULL);
	struct xn_memmap map = { 0 };

	/* The simulated Xen does not have this hypercall. */
	assert_int_equal(xn_memmap_query(&map), -ENOSYS);
	host_set_liar(tell_map);
	told_entries = 2;
	told_size = 0x700000;
	assert_int_equal(xn_memmap_query(&map), 0);
	assert_int_equal(map.nr, 2);
	/* More entries than there is room for; and an invalid range. */
	told_entries = XN_MEMMAP_MAX + 1;
	assert_int_equal(xn_memmap_query(&map), -E2BIG);
	told_entries = 2;
	told_size = ~0ull;
	assert_true(xn_memmap_query(&map) < 0);
	host_set_liar(NULL);
	host_guest_destroy(g);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(version_1), T(later_version), T(version_0), T(no_map),
		T(magic), T(modules), T(module_wraps), T(map_lies),
		T(too_many_ranges), T(errno),
		T(query),
	};

	return cmocka_run_group_tests_name("boot start info", tests, NULL,
					   NULL);
}
