/* SPDX-License-Identifier: MIT */
/*
 * For the fuzz targets that need a whole guest with its xenstore: each input
 * makes a guest, which is small so that this costs little, and nothing of it
 * may be left at the end. And what domain 0 can do in any target: write any
 * value to a node of xenstore, and let time pass.
 */
#ifndef XENION_FUZZ_GUEST_H
#define XENION_FUZZ_GUEST_H

#include "fuzz.h"
#include "store_guest.h"

/* @frames: of the grant table; the fewer, the cheaper the guest */
static inline struct host_xs *fuzz_guest_start(struct host_xenion *x,
					       unsigned int frames,
					       unsigned int gnttab_version)
{
	const struct host_config cfg = {
		.ram_pages = 2048,
		.max_grant_frames = frames,
		.gnttab_wanted = gnttab_version,
		.max_maps = 1,
		.no_fifo = true,
	};
	struct host_xs *h = guest_start_with(x, &cfg);

	fuzz_watch_rounds(x->host);
	return h;
}

/* Lets time pass, until nothing moves. */
static inline void fuzz_settle(uint64_t ns)
{
	fuzz_bound();
	host_run(ns);
}

/* Writes any value that xenstore may hold and that fits a reply. */
static inline void fuzz_write_node(struct host_xs *h, const char *path)
{
	static const char *const words[] = {
		"", "0", "1", "-1", "00", " 1", "1 ", "0x10", "4294967295",
		"4294967296", "18446744073709551615", "18446744073709551616",
		"99999999999999999999999999", "a", "1\n", "/", "%s%n",
	};
	static char huge[XENSTORE_PAYLOAD_MAX];
	const uint8_t *data;
	unsigned int kind = fuzz_u8();
	size_t len;

	if (kind < XN_ARRAY_SIZE(words)) {
		host_xs_write(h, path, words[kind]);
	} else if (kind < 0x80) {
		host_xs_printf(h, path, "%u", fuzz_number());
	} else if (kind < 0xc0) {
		data = fuzz_bytes(kind & 31, &len);
		host_xs_write_raw(h, path, data, len);
	} else if (kind < 0xd0) {
		memset(huge, fuzz_u8(), sizeof(huge));
		host_xs_write_raw(h, path, huge, sizeof(huge) -
				  (fuzz_u8() & 1 ? 0 : fuzz_u16() % 4096));
	} else {
		host_xs_rm(h, path);
	}
}

/* From a microsecond to two minutes. */
static inline void fuzz_time(void)
{
	fuzz_settle(1000ull << fuzz_below(28));
}

#endif /* XENION_FUZZ_GUEST_H */
