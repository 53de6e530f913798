// SPDX-License-Identifier: MIT
/*
 * The PV start info: the places of what a domain builder loads, channels,
 * modules, holes in memory, room for page tables, and invalid values.
 */
#include "unit.h"
#include "boot/x86/start_info_pv.c"

/* The guest has 64 MiB; from 2 MiB on, what the host has put there, in the
 * order of the ABI.
 */
#define NR_PAGES	0x4000u
#define BASE		0x200000u
#define MFN(pfn)	(0x80000u + (pfn))

static struct {
	char module[8192];
	xen_pfn_t p2m[NR_PAGES];
	struct start_info si __attribute__((aligned(4096)));
	char store[4096] __attribute__((aligned(4096)));
	char console[4096];
	uint64_t tables[5][512];
	char stack[4096];
} mem __attribute__((aligned(4096)));

#define ADDR(field) (BASE + __builtin_offsetof(__typeof__(mem), field))

static const struct xn_window win = { &mem, BASE, sizeof(mem) };
static struct xn_boot_info info;
static struct xn_boot_pv pv;
static struct xn_boot_channel console;
static unsigned int consoles;

static void found_console(const struct xn_boot_channel *c)
{
	consoles++;
	console = *c;
}

static int setup(void **state)
{
	unsigned int i;

	memset(&mem, 0, sizeof(mem));
	consoles = 0;
	for (i = 0; i < NR_PAGES; i++)
		mem.p2m[i] = MFN(i);
	strcpy(mem.si.magic, "xen-3.0-x86_64p");
	mem.si.nr_pages = NR_PAGES;
	mem.si.shared_info = 0x123000;
	mem.si.mod_start = BASE;
	mem.si.mod_len = 5000;
	mem.si.mfn_list = ADDR(p2m);
	mem.si.store_mfn = MFN(ADDR(store) >> 12);
	mem.si.store_evtchn = 1;
	mem.si.console.domU.mfn = MFN(ADDR(console) >> 12);
	mem.si.console.domU.evtchn = 2;
	mem.si.pt_base = ADDR(tables);
	mem.si.nr_pt_frames = 5;
	strcpy((char *)mem.si.cmd_line, "a b");
	return 0;
}

static int parse(void)
{
	host_log_reset();
	return xn_boot_pv(&win, ADDR(si), found_console, &info, &pv);
}

/* Refused, with one message. */
static void refused(int err)
{
	assert_int_equal(parse(), err);
	assert_int_equal(host_log_count(XN_ERR), 1);
}

static bool is_ram(uint64_t start, uint64_t size)
{
	return xn_memmap_covers(&info.map, start, size, 1u << XN_MEM_RAM);
}

static bool is_reserved(uint64_t start, uint64_t size)
{
	return xn_memmap_covers(&info.map, start, size,
				1u << XN_MEM_RESERVED);
}

static void test_domu(void **state)
{
	assert_int_equal(parse(), 0);
	assert_int_equal(host_log_count(XN_WARN), 0);
	assert_int_equal(info.kind, XN_PV);
	assert_int_equal(info.cmdline, ADDR(si.cmd_line));
	assert_int_equal(info.nr_modules, 1);
	assert_int_equal(info.module[0].start, BASE);
	assert_int_equal(info.module[0].size, 5000);
	assert_int_equal(info.store.gpa, ADDR(store));
	assert_int_equal(info.store.port, 1);
	assert_int_equal(info.console.gpa, ADDR(console));
	assert_int_equal(info.console.port, 2);
	assert_int_equal(consoles, 1);
	assert_int_equal(console.gpa, ADDR(console));
	assert_int_equal(info.pv->nr_pages, NR_PAGES);
	assert_int_equal(info.pv->p2m, ADDR(p2m));
	assert_int_equal(info.pv->page_root, ADDR(tables));
	assert_int_equal(info.pv->shared_info, 0x123000);
}

/* What the host has used is reserved; the rest, except page 0, is RAM. */
static void test_map(void **state)
{
	uint64_t end;

	assert_int_equal(parse(), 0);
	assert_true(is_reserved(BASE, 5000));
	assert_true(is_reserved(ADDR(p2m), ADDR(stack) - ADDR(p2m)));
	assert_true(is_ram(0x1000, BASE - 0x1000));
	assert_false(xn_memmap_covers(&info.map, 0, 0x1000, ~0u));
	/* 64 MiB need 32 tables, of which the builder has made two. */
	assert_int_equal(info.pv->nr_tables, 30);
	assert_true(info.pv->tables >= ADDR(stack));
	end = info.pv->tables + (30 << 12);
	assert_true(is_reserved(info.pv->tables, 30 << 12));
	assert_true(end < ADDR(stack) + 4096 + (512 << 10));
	assert_true(is_ram(end, (NR_PAGES << 12) - end));
	assert_int_equal(info.map.range[info.map.nr - 1].end, NR_PAGES << 12);
}

/* As dom0: no channels, no matter what the union holds. */
static void test_dom0(void **state)
{
	mem.si.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	mem.si.store_mfn = 0;
	mem.si.store_evtchn = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.store.gpa, 0);
	assert_int_equal(info.console.gpa, 0);
	assert_int_equal(consoles, 1);
	assert_int_equal(console.gpa, 0);
	assert_int_equal(host_log_count(XN_WARN), 0);
}

static void test_magic(void **state)
{
	mem.si.magic[0] = 'X';
	refused(-EINVAL);
	strcpy(mem.si.magic, "xen-3.0-x86_32p");
	refused(-EINVAL);
	assert_int_equal(consoles, 0);
	assert_int_equal(xn_boot_pv(&win, 0, found_console, &info, &pv), -EINVAL);
	assert_int_equal(xn_boot_pv(&win, BASE + sizeof(mem) - 8,
				    found_console, &info, &pv), -EINVAL);
}

static void test_pages(void **state)
{
	mem.si.nr_pages = 0;
	refused(-EINVAL);
	mem.si.nr_pages = ~0ul;
	refused(-EINVAL);
	mem.si.nr_pages = MAX_PAGES;
	refused(-EINVAL);
	mem.si.nr_pages = NR_PAGES * 4;
	refused(-EINVAL);
	mem.si.nr_pages = mem.si.pt_base >> 12;
	refused(-EINVAL);
	mem.si.nr_pages = NR_PAGES;
	mem.si.mfn_list += 1 << 20;
	refused(-EINVAL);
	mem.si.mfn_list = ~0ul - 100;
	refused(-EINVAL);
	mem.si.mfn_list = 0;
	refused(-EINVAL);
	mem.si.mfn_list = ADDR(p2m) + 4;
	refused(-EINVAL);
	/* Below the page tables, but not in the window. */
	mem.si.mfn_list = 0x1000;
	refused(-EINVAL);
}

static void test_tables(void **state)
{
	mem.si.pt_base += 8;
	refused(-EINVAL);
	mem.si.pt_base = ~0xffful;
	refused(-EINVAL);
	/* In the wrong order. */
	mem.si.pt_base = BASE;
	refused(-EINVAL);
	mem.si.pt_base = ADDR(tables);
	mem.si.nr_pt_frames = 0;
	refused(-EINVAL);
	mem.si.nr_pt_frames = ~0ul;
	refused(-EINVAL);
}

static void test_cmdline(void **state)
{
	memset(mem.si.cmd_line, 'x', sizeof(mem.si.cmd_line));
	refused(-EINVAL);
	assert_int_equal(consoles, 1);
	mem.si.cmd_line[MAX_GUEST_CMDLINE - 1] = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.cmdline, ADDR(si.cmd_line));
	mem.si.cmd_line[0] = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.cmdline, 0);
}

static void test_module(void **state)
{
	mem.si.mod_len = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.nr_modules, 0);
	mem.si.mod_len = ~0ul;
	refused(-EINVAL);
	mem.si.mod_len = 1;
	mem.si.mod_start = ADDR(stack);
	refused(-EINVAL);

	/* mod_start is the number of a page that is not mapped. */
	mem.si.flags = SIF_MOD_START_PFN;
	mem.si.mod_start = NR_PAGES - 2;
	mem.si.mod_len = 0x1001;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.nr_modules, 1);
	assert_int_equal(info.module[0].start, (NR_PAGES - 2) << 12);
	assert_true(is_reserved((NR_PAGES - 2) << 12, 0x2000));
	mem.si.mod_len = 0x2001;
	refused(-EINVAL);
	mem.si.mod_len = ~0ul;
	refused(-EINVAL);
	mem.si.mod_start = NR_PAGES;
	mem.si.mod_len = 1;
	refused(-EINVAL);
}

/* A channel's page is not the guest's: it continues without the channel. */
static void test_channels(void **state)
{
	mem.si.store_mfn = MFN(NR_PAGES);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.store.gpa, 0);
	assert_int_equal(info.console.gpa, ADDR(console));
	assert_int_equal(host_log_count(XN_WARN), 1);
	mem.si.console.domU.mfn = ~0ul - 1;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.console.gpa, 0);
	assert_int_equal(console.gpa, 0);
	assert_int_equal(host_log_count(XN_WARN), 2);
	mem.si.store_mfn = MFN(ADDR(store) >> 12);
	mem.si.store_evtchn = 0;
	assert_int_equal(parse(), 0);
	assert_int_equal(info.store.gpa, 0);
}

/* Where the list has holes, there is no RAM. */
static void test_holes(void **state)
{
	unsigned int i;

	mem.p2m[1] = no_page;
	mem.p2m[NR_PAGES - 1] = no_page;
	for (i = 0x1000; i < 0x1010; i++)
		mem.p2m[i] = no_page;
	assert_int_equal(parse(), 0);
	assert_true(is_ram(0x2000, BASE - 0x2000));
	assert_true(is_ram(0x1010000, (NR_PAGES << 12) - 0x1011000));
	for (i = 0x1000; i < 0x1010; i++)
		assert_false(xn_memmap_covers(&info.map, i << 12, 1, ~0u));
	/* Too many holes. */
	for (i = 0x1000; i < NR_PAGES; i += 2)
		mem.p2m[i] = no_page;
	refused(-E2BIG);
}

static void test_no_room(void **state)
{
	unsigned int i;

	for (i = ADDR(stack) >> 12; i < 0x800; i += 20)
		mem.p2m[i] = no_page;
	for (i = 0x800; i < NR_PAGES; i++)
		mem.p2m[i] = no_page;
	refused(-ENOSPC);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(domu), T(map), T(dom0), T(magic), T(pages), T(tables),
		T(cmdline), T(module), T(channels), T(holes), T(no_room),
	};

	return cmocka_run_group_tests_name("boot PV", tests, NULL, NULL);
}
