// SPDX-License-Identifier: MIT
/*
 * The arguments of a PV entry: struct start_info and the list of pages
 * (xen-public/xen.h, "Start-of-day memory layout"). The domain builder writes
 * all of it; nothing in it may cause an access outside of the window, or
 * declare as RAM what is not.
 *
 * Input: changes to a valid start info.
 */
#include "fuzz.h"
#include "boot/x86/start_info_pv.c"

#define NR_PAGES	0x1000u
#define BASE		0x200000u
#define MFN(pfn)	(0x80000u + (pfn))

/* In the order of the ABI. */
struct memory {
	char module[8192];
	xen_pfn_t p2m[NR_PAGES];
	struct start_info si __attribute__((aligned(4096)));
	char store[4096] __attribute__((aligned(4096)));
	char console[4096];
	uint64_t tables[5][512];
	char stack[4096];
} __attribute__((aligned(4096)));

#define ADDR(field) (BASE + __builtin_offsetof(struct memory, field))

static struct memory *mem;
static struct xn_boot_info info;
static struct xn_boot_pv pv;
static struct xn_boot_channel console;
static unsigned int consoles;

static void found_console(const struct xn_boot_channel *c)
{
	consoles++;
	console = *c;
}

static void build(void)
{
	static xen_pfn_t p2m[NR_PAGES];
	unsigned int i;

	if (!p2m[0])
		for (i = 0; i < NR_PAGES; i++)
			p2m[i] = MFN(i);
	memset(&mem->si, 0, sizeof(mem->si));
	memcpy(mem->p2m, p2m, sizeof(p2m));
	strcpy(mem->si.magic, "xen-3.0-x86_64p");
	mem->si.nr_pages = NR_PAGES;
	mem->si.mod_start = BASE;
	mem->si.mod_len = 5000;
	mem->si.mfn_list = ADDR(p2m);
	mem->si.store_mfn = MFN(ADDR(store) >> 12);
	mem->si.store_evtchn = 1;
	mem->si.console.domU.mfn = MFN(ADDR(console) >> 12);
	mem->si.console.domU.evtchn = 2;
	mem->si.pt_base = ADDR(tables);
	mem->si.nr_pt_frames = 5;
	strcpy((char *)mem->si.cmd_line, "a b");
}

/* Any number, or one near @old or in the window. */
static uint64_t value(uint64_t old)
{
	switch (fuzz_below(5)) {
	case 0:
		return fuzz_number();
	case 1:
		return old + fuzz_number() * 4096ull;
	case 2:
		return old - fuzz_number();
	case 3:
		return BASE + fuzz_u32() % sizeof(*mem);
	default:
		return fuzz_u64();
	}
}

static void change_field(void)
{
	struct start_info *si = &mem->si;
	unsigned long *const fields[] = {
		&si->nr_pages, &si->shared_info, &si->store_mfn,
		&si->console.domU.mfn, &si->pt_base, &si->nr_pt_frames,
		&si->mfn_list, &si->mod_start, &si->mod_len,
	};
	unsigned long *f = fields[fuzz_below(XN_ARRAY_SIZE(fields))];

	*f = value(*f);
}

static void change(void)
{
	unsigned int first, n;

	switch (fuzz_below(6)) {
	case 0:
		change_field();
		break;
	case 1:
		mem->si.flags = fuzz_number();
		break;
	case 2:
		mem->si.store_evtchn = fuzz_number();
		mem->si.console.domU.evtchn = fuzz_number();
		break;
	case 3:
		/* Holes, or frames of other pages. */
		first = fuzz_u16() % NR_PAGES;
		for (n = fuzz_u8(); n && first < NR_PAGES; n--)
			mem->p2m[first++] = n & 1 ? no_page : fuzz_number();
		break;
	case 4:
		first = fuzz_u16() % sizeof(mem->si);
		((uint8_t *)&mem->si)[first] = fuzz_u8();
		break;
	default:
		memset(mem->si.cmd_line, fuzz_u8(), sizeof(mem->si.cmd_line));
		break;
	}
}

static bool is(uint64_t start, uint64_t size, enum xn_mem_type type)
{
	return xn_memmap_covers(&info.map, start, size, 1u << type);
}

/* Is no byte of it free RAM? */
static bool taken(uint64_t start, uint64_t size)
{
	uint64_t addr;

	return xn_memmap_find(&info.map, start, start + size, 1, 1, &addr);
}

static void check_ram(const struct start_info *si, const xen_pfn_t *p2m)
{
	uint64_t pfn;
	unsigned int i;

	for (i = 0; i < info.map.nr; i++) {
		const struct xn_mem_range *r = &info.map.range[i];

		assert_true(r->start < r->end);
		if (r->type != XN_MEM_RAM)
			continue;
		for (pfn = r->start >> 12; pfn < r->end >> 12; pfn++) {
			assert_true(pfn && pfn < si->nr_pages);
			assert_true(p2m[pfn] != no_page);
		}
	}
}

static void check(const struct start_info *si, const struct xn_window *win,
		  uint64_t start)
{
	const xen_pfn_t *p2m = xn_window_ptr(win, si->mfn_list,
					     si->nr_pages * sizeof(*p2m));
	const char *line;

	assert_non_null(p2m);
	check_ram(si, p2m);
	assert_true(taken(start, sizeof(*si)));
	assert_true(taken(si->mfn_list, si->nr_pages * sizeof(*p2m)));
	assert_true(taken(si->pt_base, (uint64_t)si->nr_pt_frames << 12));
	assert_true(!info.console.gpa || taken(info.console.gpa, 4096));
	assert_true(!info.store.gpa || taken(info.store.gpa, 4096));
	if (info.nr_modules)
		assert_true(taken(info.module[0].start, info.module[0].size));
	if (info.pv->nr_tables)
		assert_true(is(info.pv->tables, info.pv->nr_tables << 12,
			       XN_MEM_RESERVED));
	if (info.cmdline) {
		line = xn_window_ptr(win, info.cmdline, 1);
		assert_non_null(line);
		assert_non_null(xn_window_ptr(win, info.cmdline,
					      strlen(line) + 1));
	}
	assert_memory_equal(&console, &info.console, sizeof(console));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xn_window win = { .start = BASE, .size = sizeof(*mem) };
	uint64_t start = ADDR(si);
	struct start_info si;
	unsigned int n;
	int err;

	fuzz_begin(data, size);
	if (!mem)
		mem = aligned_alloc(4096, sizeof(*mem));
	win.base = mem;
	build();
	for (n = fuzz_below(16); n; n--)
		change();
	if (fuzz_below(8) == 7)
		start = BASE + fuzz_u32() % sizeof(*mem) / 8 * 8;
	memcpy(&si, (char *)mem + (start - BASE),
	       start - BASE + sizeof(si) <= sizeof(*mem) ? sizeof(si) : 0);

	consoles = 0;
	err = xn_boot_pv(&win, start, found_console, &info, &pv);
	assert_in_range(consoles, !err, 1);
	assert_int_equal(host_log_count(XN_ERR), !!err);
	assert_in_range(host_log_count(XN_WARN), 0, 2);
	if (!err)
		check(&si, &win, start);
	return 0;
}
