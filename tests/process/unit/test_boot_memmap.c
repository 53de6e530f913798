// SPDX-License-Identifier: MIT
/*
 * Memory maps: ranges in any order and overlap become sorted and disjoint; room
 * is found or refused; a window gives access to nothing beyond its ends.
 */
#include "unit.h"
#include <stdlib.h>
#include <xenion/boot.h>

static struct xn_memmap map;

static int setup(void **state)
{
	memset(&map, 0, sizeof(map));
	return 0;
}

static void add(uint64_t start, uint64_t end, unsigned int type)
{
	assert_int_equal(xn_memmap_add(&map, start, end - start, type), 0);
}

static void expect(unsigned int i, uint64_t start, uint64_t end,
		   unsigned int type)
{
	assert_true(i < map.nr);
	assert_int_equal(map.range[i].start, start);
	assert_int_equal(map.range[i].end, end);
	assert_int_equal(map.range[i].type, type);
}

static void test_sorts_and_merges(void **state)
{
	add(0x3000, 0x4000, XN_MEM_RAM);
	add(0x8000, 0x9000, XN_MEM_ACPI);
	add(0x1000, 0x2000, XN_MEM_RAM);
	add(0x2000, 0x3000, XN_MEM_RAM);
	add(0x5000, 0x5000, XN_MEM_RAM);
	assert_int_equal(map.nr, 2);
	expect(0, 0x1000, 0x4000, XN_MEM_RAM);
	expect(1, 0x8000, 0x9000, XN_MEM_ACPI);
}

static void test_larger_type_wins(void **state)
{
	add(0x1000, 0x9000, XN_MEM_RAM);
	add(0x3000, 0x4000, XN_MEM_RESERVED);
	add(0x8000, 0xa000, XN_MEM_NVS);
	add(0x0000, 0xb000, XN_MEM_RAM);
	assert_int_equal(map.nr, 5);
	expect(0, 0x0000, 0x3000, XN_MEM_RAM);
	expect(1, 0x3000, 0x4000, XN_MEM_RESERVED);
	expect(2, 0x4000, 0x8000, XN_MEM_RAM);
	expect(3, 0x8000, 0xa000, XN_MEM_NVS);
	expect(4, 0xa000, 0xb000, XN_MEM_RAM);
}

static void test_unknown_type_is_reserved(void **state)
{
	add(0x1000, 0x2000, 0);
	add(0x2000, 0x3000, 7);
	add(0x3000, 0x4000, ~0u);
	assert_int_equal(map.nr, 1);
	expect(0, 0x1000, 0x4000, XN_MEM_RESERVED);
}

static void test_refuses_wrapping(void **state)
{
	assert_int_equal(xn_memmap_add(&map, 0x1000, ~0ull, XN_MEM_RAM),
			 -EINVAL);
	assert_int_equal(xn_memmap_add(&map, ~0ull, ~0ull, XN_MEM_RAM),
			 -EINVAL);
	assert_int_equal(map.nr, 0);
	add(0x1000, ~0ull, XN_MEM_RAM);
}

static void test_full(void **state)
{
	unsigned int i;

	for (i = 0; i < XN_MEMMAP_MAX; i++)
		add(i * 0x2000, i * 0x2000 + 0x1000, XN_MEM_RAM);
	assert_int_equal(map.nr, XN_MEMMAP_MAX);
	assert_int_equal(xn_memmap_add(&map, i * 0x2000, 0x1000, XN_MEM_RAM),
			 -E2BIG);
	assert_int_equal(xn_memmap_add(&map, 0x100, 0x100, XN_MEM_NVS), -E2BIG);
	assert_int_equal(map.nr, XN_MEMMAP_MAX);
}

/* Compare with the same ranges in an array of bytes. */
static void test_against_bytes(void **state)
{
	uint8_t bytes[256];
	unsigned int round, i, n;

	srand(1);
	for (round = 0; round < 2000; round++) {
		memset(&map, 0, sizeof(map));
		memset(bytes, 0, sizeof(bytes));
		for (n = 0; n < 20; n++) {
			unsigned int start = rand() % 200;
			unsigned int size = rand() % 50;
			unsigned int type = 1 + rand() % 5;

			assert_int_equal(xn_memmap_add(&map, start, size, type),
					 0);
			for (i = start; i < start + size; i++)
				if (bytes[i] < type)
					bytes[i] = type;
		}
		for (i = 0, n = 0; i < sizeof(bytes); i++) {
			bool in;

			while (n < map.nr && map.range[n].end <= i)
				n++;
			in = n < map.nr && map.range[n].start <= i;
			assert_int_equal(in ? map.range[n].type : 0, bytes[i]);
			assert_int_equal(xn_memmap_covers(&map, i, 1, ~0u), in);
		}
		for (n = 1; n < map.nr; n++)
			assert_true(map.range[n - 1].end < map.range[n].start ||
				    (map.range[n - 1].end == map.range[n].start &&
				     map.range[n - 1].type != map.range[n].type));
	}
}

static void test_covers(void **state)
{
	const unsigned int ram = 1u << XN_MEM_RAM;

	add(0x1000, 0x3000, XN_MEM_RAM);
	add(0x3000, 0x4000, XN_MEM_ACPI);
	add(0x5000, 0x6000, XN_MEM_RAM);
	assert_true(xn_memmap_covers(&map, 0x1000, 0x2000, ram));
	assert_true(xn_memmap_covers(&map, 0x1000, 0x3000, ~0u));
	assert_false(xn_memmap_covers(&map, 0x1000, 0x2001, ram));
	assert_false(xn_memmap_covers(&map, 0x0fff, 2, ram));
	assert_false(xn_memmap_covers(&map, 0x3fff, 2, ~0u));
	assert_false(xn_memmap_covers(&map, 0x5fff, 2, ~0u));
	assert_false(xn_memmap_covers(&map, 0x6000, 1, ~0u));
	assert_false(xn_memmap_covers(&map, 0x1000, ~0ull, ~0u));
}

static void test_find(void **state)
{
	uint64_t at;

	assert_int_equal(xn_memmap_find(&map, 0, ~0ull, 1, 1, &at), -ENOSPC);
	add(0x1800, 0x4000, XN_MEM_RAM);
	add(0x4000, 0x8000, XN_MEM_RESERVED);
	add(0x8000, 0xc000, XN_MEM_RAM);
	assert_int_equal(xn_memmap_find(&map, 0, ~0ull, 0x2000, 0x1000, &at), 0);
	assert_int_equal(at, 0x2000);
	assert_int_equal(xn_memmap_find(&map, 0, ~0ull, 0x2001, 0x1000, &at), 0);
	assert_int_equal(at, 0x8000);
	assert_int_equal(xn_memmap_find(&map, 0x9000, ~0ull, 1, 1, &at), 0);
	assert_int_equal(at, 0x9000);
	assert_int_equal(xn_memmap_find(&map, 0, 0xa000, 0x2001, 0x1000, &at),
			 -ENOSPC);
	assert_int_equal(xn_memmap_find(&map, 0, ~0ull, 0x4001, 1, &at),
			 -ENOSPC);
	assert_int_equal(xn_memmap_find(&map, 0, ~0ull, 1, 1ull << 63, &at),
			 -ENOSPC);
}

static void test_window(void **state)
{
	char bytes[16];
	const struct xn_window win = { bytes, 0x1000, sizeof(bytes) };
	const struct xn_window low = { bytes, 0, sizeof(bytes) };

	assert_ptr_equal(xn_window_ptr(&win, 0x1000, 16), bytes);
	assert_ptr_equal(xn_window_ptr(&win, 0x100f, 1), bytes + 15);
	assert_null(xn_window_ptr(&win, 0x100f, 2));
	assert_null(xn_window_ptr(&win, 0xfff, 1));
	assert_null(xn_window_ptr(&win, 0x1000, ~0ull));
	assert_null(xn_window_ptr(&win, ~0ull, 0x1002));
	assert_null(xn_window_ptr(&low, 0, 1));
	assert_ptr_equal(xn_window_ptr(&low, 1, 1), bytes + 1);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sorts_and_merges), T(larger_type_wins),
		T(unknown_type_is_reserved), T(refuses_wrapping), T(full),
		T(against_bytes), T(covers), T(find), T(window),
	};

	return cmocka_run_group_tests_name("boot memmap", tests, NULL, NULL);
}
