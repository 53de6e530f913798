// SPDX-License-Identifier: MIT
/*
 * Any bytes of a disk by whole sectors: every start and end around the borders
 * of sectors and pages, the bytes next to them, and failures.
 */
#include "unit.h"
#include <xenion/blkfront.h>

#define SIZE	(16u * 1024)

static struct xn_blk blk;
static uint8_t disk[SIZE], before[SIZE], buf[SIZE];
static uint8_t page[XN_PAGE_SIZE];
static unsigned int reads, writes, fails;	/* fails: the n-th I/O */

static int io(void *data, enum xn_blk_op op, uint64_t sector, void *va,
	      uint32_t len)
{
	assert_ptr_equal(data, disk);
	assert_ptr_equal(va, page);
	assert_true(len && len <= sizeof(page));
	assert_int_equal(sector * 512 % blk.info.sector_size, 0);
	assert_int_equal(len % blk.info.sector_size, 0);
	assert_true(sector * 512 + len <= SIZE);
	if (fails && !--fails)
		return -EIO;
	if (op == XN_BLK_READ) {
		memcpy(va, disk + sector * 512, len);
		reads++;
	} else {
		memcpy(disk + sector * 512, va, len);
		writes++;
	}
	return 0;
}

static int setup(void **state)
{
	unsigned int i;

	memset(&blk, 0, sizeof(blk));
	blk.info.sectors = SIZE / 512;
	blk.info.sector_size = 512;
	for (i = 0; i < SIZE; i++)
		disk[i] = before[i] = i * 7 + i / 256;
	reads = writes = fails = 0;
	return 0;
}

static int bytes(enum xn_blk_op op, uint64_t offset, uint32_t len)
{
	const struct xn_blk_bytes b = {
		.op = op, .offset = offset, .buf = buf, .len = len,
		.page = page, .io = io, .data = disk,
	};

	return xn_blk_bytes(&blk, &b);
}

static const uint32_t edges[] = {
	0, 1, 511, 512, 513, 4095, 4096, 4097, 4608, 8191, 8192, 12345,
	SIZE - 1, SIZE,
};

static void all_edges(void)
{
	unsigned int i, j;

	for (i = 0; i < XN_ARRAY_SIZE(edges); i++)
		for (j = i; j < XN_ARRAY_SIZE(edges); j++) {
			uint32_t at = edges[i], len = edges[j] - at;

			memset(buf, 0xee, sizeof(buf));
			assert_int_equal(bytes(XN_BLK_READ, at, len), 0);
			assert_memory_equal(buf, before + at, len);
			assert_true(len == SIZE || buf[len] == 0xee);

			memset(buf, 0x55, sizeof(buf));
			assert_int_equal(bytes(XN_BLK_WRITE, at, len), 0);
			assert_memory_equal(disk + at, buf, len);
			assert_memory_equal(disk, before, at);
			assert_memory_equal(disk + at + len, before + at + len,
					    SIZE - at - len);
			memcpy(disk, before, SIZE);
		}
}

static void test_edges(void **state)
{
	all_edges();
}

static void test_edges_large_sectors(void **state)
{
	blk.info.sector_size = 4096;
	all_edges();
}

/* Whole sectors are written without a read, and reads write nothing. */
static void test_no_more_requests(void **state)
{
	assert_int_equal(bytes(XN_BLK_WRITE, 4096, 8192), 0);
	assert_int_equal(reads, 0);
	assert_int_equal(writes, 2);
	assert_int_equal(bytes(XN_BLK_WRITE_FUA, 600, 10), 0);
	assert_int_equal(reads, 1);
	assert_int_equal(writes, 3);
	assert_int_equal(bytes(XN_BLK_READ, 600, 10), 0);
	assert_int_equal(reads, 2);
	assert_int_equal(writes, 3);
	assert_int_equal(bytes(XN_BLK_READ, 600, 0), 0);
	assert_int_equal(reads, 2);
}

static void test_refused(void **state)
{
	assert_int_equal(bytes(XN_BLK_READ, SIZE, 1), -EINVAL);
	assert_int_equal(bytes(XN_BLK_READ, SIZE - 1, 2), -EINVAL);
	assert_int_equal(bytes(XN_BLK_READ, UINT64_MAX, 2), -EINVAL);
	assert_int_equal(bytes(XN_BLK_FLUSH, 0, 512), -EINVAL);
	assert_int_equal(bytes(XN_BLK_DISCARD, 0, 512), -EINVAL);
	assert_int_equal(reads + writes, 0);
}

static void test_failures(void **state)
{
	unsigned int i;

	for (i = 1; i <= 2; i++) {
		fails = i;	/* the read before, then the write */
		assert_int_equal(bytes(XN_BLK_WRITE, 100, 10), -EIO);
		assert_memory_equal(disk, before, SIZE);
	}
	fails = 2;
	assert_int_equal(bytes(XN_BLK_READ, 0, 3 * 4096), -EIO);
	assert_int_equal(fails, 0);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(edges), T(edges_large_sectors), T(no_more_requests),
		T(refused), T(failures),
	};

	return cmocka_run_group_tests_name("bytes of a disk", tests, NULL,
					   NULL);
}
