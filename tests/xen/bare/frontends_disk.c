// SPDX-License-Identifier: MIT
/*
 * A disk (xen-public/io/blkif.h): reads return what the backend's file holds,
 * and the file holds what was written and flushed, with any number of pieces in
 * a request, and whether data is granted or goes through bounce pages.
 *
 * dom0 (domu.dom0.sh) puts a pattern into the first MiB before the guest
 * starts, and afterwards checks the guest's pattern in the second.
 */
#include "devices.h"
#include "selftest.h"

#define XVDA	51712
#define MIB	(1u << 20)
#define PAGES	(MIB / XN_PAGE_SIZE)

static struct bare_disk disk;

/* The pattern: each line of 16 bytes is its number, as text, and a newline. */
static void fill(char *p, unsigned int len, unsigned int first)
{
	unsigned int i, n, v;

	for (i = 0; i < len; i += 16) {
		v = first + i / 16;
		for (n = 15; n--; v /= 10)
			p[i + n] = '0' + v % 10;
		p[i + 15] = '\n';
	}
}

static bool is_pattern(const char *p, unsigned int len, unsigned int first)
{
	char want[16];
	unsigned int i;

	for (i = 0; i < len; i += 16) {
		fill(want, 16, first + i / 16);
		if (memcmp(p + i, want, 16))
			return false;
	}
	return true;
}

static void exercise(const char *how, enum xn_blk_persistent persistent,
		     char *buf)
{
	struct xn_blk_config c = {
		.max_queues = 1, .max_segments = 32, .persistent = persistent,
	};
	int err;

	memset(&disk, 0, sizeof(disk));
	err = bare_disk_open(&disk, XVDA, &c);
	REQUIRE(!err, "%s: connected (error %d)", how, err);
	CHECK(disk.blk.info.sectors == 8 * MIB / 512, "%s: its size", how);

	memset(buf, 0, MIB);
	err = bare_disk_io(&disk, XN_BLK_READ, 0, buf, MIB);
	CHECK(!err && is_pattern(buf, MIB, 0), "%s: read 1 MiB (error %d)", how,
	      err);
	memset(buf, 0, XN_PAGE_SIZE);
	err = bare_disk_io(&disk, XN_BLK_READ, 3, buf + 512, 512);
	CHECK(!err && is_pattern(buf + 512, 512, 3 * 32),
	      "%s: one sector within a page (error %d)", how, err);
	CHECK(!buf[511] && !buf[1024], "%s: nothing around it was touched", how);

	fill(buf, MIB, MIB / 16);
	err = bare_disk_io(&disk, XN_BLK_WRITE, MIB / 512, buf, MIB);
	if (!err && disk.blk.info.flush)
		err = bare_disk_io(&disk, XN_BLK_FLUSH, 0, NULL, 0);
	CHECK(!err, "%s: write and flush 1 MiB (error %d)", how, err);
	memset(buf, 0, MIB);
	err = bare_disk_io(&disk, XN_BLK_READ, MIB / 512, buf, MIB);
	CHECK(!err && is_pattern(buf, MIB, MIB / 16), "%s: read it back", how);
	CHECK(bare_disk_io(&disk, XN_BLK_READ, disk.blk.info.sectors, buf,
			   512) == -EIO, "%s: beyond the end: -EIO", how);
	bare_disk_close(&disk);
	CHECK(bare_disk_io(&disk, XN_BLK_READ, 0, buf, 512) == -ENODEV,
	      "%s: closed: -ENODEV", how);
}

SELFTEST(frontends, disk, NEEDS_STORE | NEEDS_DOM0)
{
	unsigned int refs = xn_gnttab_used(&bare_guest.gnttab);
	struct xn_xs *xs = &bare_guest.xs;
	char *buf = bare_pages(PAGES, 1);
	char word[8];

	REQUIRE(buf, "memory for the data");
	while (xn_xs_read(xs, XN_XS_NOTXN, "data/dom0", "", word,
			  sizeof(word)) == -ENOENT)
		bare_sleep(100 * XN_NSEC_PER_MSEC);
	exercise("granted", XN_BLK_PERSISTENT_NEVER, buf);
	exercise("bounced", XN_BLK_PERSISTENT_ALWAYS, buf);
	CHECK(xn_gnttab_used(&bare_guest.gnttab) == refs,
	      "no grant reference was left behind");
	bare_print("# tell disk\n");
}
