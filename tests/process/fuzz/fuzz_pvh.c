// SPDX-License-Identifier: MIT
/*
 * The arguments of a PVH entry: start info, module list and memory map
 * (xen-public/arch-x86/hvm/start_info.h, XENMEM_memory_map). The hypervisor
 * and the domain builder write all of it.
 *
 * Input: the hypercall's result, the window's length and bytes, then the start
 * info's offset and the hypercall's entries.
 */
#include "fuzz.h"
#include "boot/x86/start_info.c"

#define START	0x10000u

static struct xn_boot_info info;
static unsigned int queries;
static long query_ret;

/* The reference: all ranges given; type_at() decides which one applies. */
struct claim {
	uint64_t start, size;
	unsigned int type;
};

static struct claim claims[MAX_ENTRIES];
static unsigned int nr_claims;

static unsigned int type_at(uint64_t addr)
{
	unsigned int i, type = 0;

	for (i = 0; i < nr_claims; i++) {
		const struct claim *c = &claims[i];
		unsigned int t = c->type;

		if (addr - c->start >= c->size)
			continue;
		if (t < XN_MEM_RAM || t > XN_MEM_UNUSABLE)
			t = XN_MEM_RESERVED;
		if (t > type)
			type = t;
	}
	return type;
}

static unsigned int map_at(const struct xn_memmap *map, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		if (addr >= map->range[i].start && addr < map->range[i].end)
			return map->range[i].type;
	return 0;
}

static void check_sorted(const struct xn_memmap *map)
{
	unsigned int i;

	assert_in_range(map->nr, 0, XN_MEMMAP_MAX);
	for (i = 0; i < map->nr; i++) {
		const struct xn_mem_range *r = &map->range[i];

		assert_true(r->start < r->end);
		assert_in_range(r->type, XN_MEM_RAM, XN_MEM_UNUSABLE);
		if (!i)
			continue;
		assert_true(r[-1].end <= r->start);
		assert_true(r[-1].end < r->start || r[-1].type != r->type);
	}
}

/* Compare the types at each border, and next to it. */
static void check_claims(const struct xn_memmap *map)
{
	unsigned int i, k;

	for (i = 0; i < nr_claims && i < 32; i++) {
		uint64_t at[] = {
			claims[i].start - 1, claims[i].start,
			claims[i].start + claims[i].size - 1,
			claims[i].start + claims[i].size,
		};

		for (k = 0; k < XN_ARRAY_SIZE(at); k++)
			assert_int_equal(map_at(map, at[k]), type_at(at[k]));
	}
}

static void check_find(const struct xn_memmap *map)
{
	uint64_t from = fuzz_number(), limit = fuzz_u64(), addr;
	uint64_t size = fuzz_number() + 1ull, align = 1ull << fuzz_below(40);

	if (xn_memmap_find(map, from, limit, size, align, &addr))
		return;
	assert_true(addr >= from && addr + size <= limit);
	assert_int_equal(addr % align, 0);
	assert_true(xn_memmap_covers(map, addr, size, 1u << XN_MEM_RAM));
	assert_int_equal(map_at(map, addr + size - 1), XN_MEM_RAM);
}

/* Xen's answer to XENMEM_memory_map, whose count of entries may be wrong. */
static void answer(unsigned int nr, unsigned int cmd, void *arg,
		   unsigned int count, long *ret)
{
	struct xen_memory_map *op = arg;
	struct e820_entry *e = op->buffer.p;
	unsigned int i;

	if (nr != __HYPERVISOR_memory_op || cmd != XENMEM_memory_map)
		return;
	queries++;
	*ret = query_ret;
	for (i = 0; i < op->nr_entries && fuzz_left(); i++) {
		e[i].addr = (uint64_t)fuzz_number() << fuzz_below(33);
		e[i].size = (uint64_t)fuzz_number() << fuzz_below(33);
		e[i].type = fuzz_number();
		if (i < MAX_ENTRIES)
			claims[i] = (struct claim){ e[i].addr, e[i].size,
						    e[i].type };
	}
	op->nr_entries = fuzz_left() ? fuzz_number() : i;
	nr_claims = op->nr_entries <= XN_MEMMAP_MAX ? op->nr_entries : 0;
	for (; i < nr_claims; i++)
		claims[i] = (struct claim){ 0 };
}

static void note_claims(const struct xn_window *win, uint64_t start)
{
	struct hvm_memmap_table_entry e;
	struct hvm_start_info si;
	const char *p;

	memcpy(&si, xn_window_ptr(win, start, sizeof(si)), sizeof(si));
	p = xn_window_ptr(win, si.memmap_paddr, si.memmap_entries * sizeof(e));
	for (nr_claims = 0; nr_claims < si.memmap_entries; nr_claims++) {
		memcpy(&e, p + nr_claims * sizeof(e), sizeof(e));
		claims[nr_claims] = (struct claim){ e.addr, e.size, e.type };
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct host_config cfg = {
		.ram_pages = 16, .max_grant_frames = 1,
	};
	static struct host_guest *g;
	struct xn_window win = { .start = START };
	uint64_t start = START;
	unsigned int i;
	size_t len;
	int err;

	if (!g)
		g = host_guest_create(&cfg);
	host_guest_enter(g, 0);
	host_log_reset();
	host_set_liar(answer);
	fuzz.at = data;
	fuzz.end = data + size;
	queries = 0;
	nr_claims = 0;
	query_ret = fuzz_below(4) ? 0 : -(long)fuzz_u8();
	data = fuzz_bytes(fuzz_u16() % 4096, &len);
	/* Exactly as long, so that ASan sees each access outside. */
	win.base = malloc(len);
	win.size = len;
	memcpy(win.base, data, len);

	if (fuzz_below(2))
		start += fuzz_number();
	err = xn_boot_pvh(&win, start, xn_memmap_query, &info);
	assert_in_range(info.nr_modules, 0, XN_BOOT_MAX_MODULES);
	for (i = 0; i < info.nr_modules; i++)
		assert_true(info.module[i].start + info.module[i].size >=
			    info.module[i].start);
	check_sorted(&info.map);
	/* Each failure is logged, except one of the hypercall itself. */
	assert_in_range(host_log_count(XN_ERR), err && !queries, err ? 1 : 0);
	if (!err) {
		if (!queries)
			note_claims(&win, start);
		check_claims(&info.map);
		check_find(&info.map);
	}
	free(win.base);
	return 0;
}
