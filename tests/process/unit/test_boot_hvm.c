// SPDX-License-Identifier: MIT
/*
 * All that a PVH or HVM guest gets at its start: xenstore and console, the
 * number of vCPUs, the command line in its two places, and the memory in use,
 * seen through a window as in a kernel in the upper half.
 */
#include "unit.h"
#include "internal.h"

/* A process has neither the hypercall instruction nor Xen's CPUID leaves. */
static bool on_xen;
static unsigned int chosen;

#define XENION_X86_HYPERCALL_H
static void xn_hypercall_choose(void)
{
	chosen++;
}

#include <xen-public/arch-x86/hvm/start_info.h>
#include "boot/x86/boot_hvm.c"
#include "boot/x86/claim.c"
#include "boot/x86/start_info.c"

int xn_hv_probe(struct xn_hv_info *info)
{
	return on_xen ? 0 : -ENODEV;
}

#define BASE		0x200000u	/* of the window */
#define IMAGE		0x100000u	/* the kernel, not in the window */
#define IMAGE_END	0x140000u
#define ALL		(2u << 30)	/* of RAM */
#define RAM		(1u << XN_MEM_RAM)
#define RESERVED	(1u << XN_MEM_RESERVED)

/* What the domain builder puts after the kernel. */
static struct {
	struct hvm_start_info si;
	struct hvm_modlist_entry module[2];
	struct hvm_memmap_table_entry map[1];
	char text[64];
	char data[32];
	char tail[104];		/* the window ends here */
} mem;

#define ADDR(field) (BASE + __builtin_offsetof(__typeof__(mem), field))

static const struct xn_window win = { &mem, BASE, sizeof(mem) };
static struct host_guest *guest;
static struct xn_boot_info info;

static int setup(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 3 };

	guest = host_guest_create(&cfg);
	on_xen = true;
	chosen = 0;
	memset(&mem, 0, sizeof(mem));
	memset(&info, 0xff, sizeof(info));
	mem.si.magic = XEN_HVM_START_MAGIC_VALUE;
	mem.si.version = 1;
	mem.si.nr_modules = 1;
	mem.si.modlist_paddr = ADDR(module);
	mem.si.cmdline_paddr = ADDR(text);
	mem.si.memmap_paddr = ADDR(map);
	mem.si.memmap_entries = 1;
	mem.module[0].paddr = ADDR(data);
	mem.module[0].size = sizeof(mem.data);
	mem.map[0].size = ALL;
	mem.map[0].type = XEN_HVM_MEMMAP_TYPE_RAM;
	strcpy(mem.text, "root=xvda");
	strcpy(mem.data, "words");
	return 0;
}

static int teardown(void **state)
{
	host_guest_destroy(guest);
	host_reset();
	return 0;
}

static int boot(enum xn_kind kind)
{
	return xn_boot_hvm(kind, &win, BASE, IMAGE, IMAGE_END, &info);
}

static bool reserved(uint64_t start, uint64_t size)
{
	return xn_memmap_covers(&info.map, start, size, RESERVED);
}

static void test_everything(void **state)
{
	uint64_t port;

	assert_int_equal(boot(XN_PVH), 0);
	assert_int_equal(chosen, 1);
	assert_int_equal(info.kind, XN_PVH);
	assert_true(info.entry_cycles <= xn_cycles());
	assert_int_equal(info.nr_vcpus, 3);
	assert_int_equal(info.store.gpa, (uint64_t)HOST_SPECIAL_GFN << 12);
	xn_hvm_param_get(HVM_PARAM_STORE_EVTCHN, &port);
	assert_int_equal(info.store.port, port);
	assert_int_equal(info.console.gpa,
			 (uint64_t)(HOST_SPECIAL_GFN + 1) << 12);
	xn_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port);
	assert_int_equal(info.console.port, port);
	assert_int_equal(info.cmdline, ADDR(text));
	assert_int_equal(info.nr_modules, 1);
}

static void test_reserves(void **state)
{
	assert_int_equal(boot(XN_PVH), 0);
	assert_true(reserved(0, XN_PAGE_SIZE));
	assert_true(reserved(0xa0000, 0x60000));
	assert_true(reserved(IMAGE, IMAGE_END - IMAGE));
	assert_true(reserved(ADDR(text), strlen(mem.text) + 1));
	assert_true(reserved(ADDR(data), sizeof(mem.data)));
	assert_true(reserved(info.store.gpa, XN_PAGE_SIZE));
	assert_true(reserved(info.console.gpa, XN_PAGE_SIZE));
	/* Nothing else is reserved. */
	assert_true(xn_memmap_covers(&info.map, XN_PAGE_SIZE,
				     0xa0000 - XN_PAGE_SIZE, RAM));
	assert_true(xn_memmap_covers(&info.map, IMAGE_END, BASE - IMAGE_END,
				     RAM));
	assert_true(xn_memmap_covers(&info.map, BASE + sizeof(mem),
				     ALL - BASE - sizeof(mem), RAM));
}

static void test_no_toolstack(void **state)
{
	guest->param[HVM_PARAM_STORE_PFN] = 0;
	guest->param[HVM_PARAM_CONSOLE_EVTCHN] = 0;
	mem.si.cmdline_paddr = 0;
	assert_int_equal(boot(XN_PVH), 0);
	assert_int_equal(info.store.gpa, 0);
	assert_int_equal(info.console.gpa, 0);
	assert_int_equal(info.cmdline, 0);
	assert_int_equal(info.nr_modules, 1);
}

static void test_nonsense_channel(void **state)
{
	guest->param[HVM_PARAM_STORE_PFN] = 1ull << 40;
	guest->param[HVM_PARAM_CONSOLE_EVTCHN] = 1ull << 32;
	assert_int_equal(boot(XN_PVH), 0);
	assert_int_equal(info.store.gpa, 0);
	assert_int_equal(info.console.gpa, 0);
	guest->param[HVM_PARAM_STORE_PFN] = (1ull << 40) - 1;
	assert_int_equal(boot(XN_PVH), 0);
	assert_int_equal(info.store.gpa, ((1ull << 40) - 1) << 12);
}

/* Firmware puts the command line at the beginning of a module. */
static void test_hvm(void **state)
{
	mem.si.cmdline_paddr = 0;
	assert_int_equal(boot(XN_HVM), 0);
	assert_int_equal(info.kind, XN_HVM);
	assert_int_equal(info.cmdline, ADDR(data));
	assert_int_equal(info.nr_modules, 1);
	assert_int_equal(info.module[0].start, ADDR(data) + 6);
	assert_int_equal(info.module[0].size, sizeof(mem.data) - 6);
	assert_true(reserved(ADDR(data), sizeof(mem.data)));

	mem.module[0].size = 6;		/* only a command line */
	assert_int_equal(boot(XN_HVM), 0);
	assert_int_equal(info.nr_modules, 0);
	assert_true(reserved(ADDR(data), 6));

	memset(mem.data, 'x', sizeof(mem.data));	/* only data */
	assert_int_equal(boot(XN_HVM), 0);
	assert_int_equal(info.cmdline, 0);
	assert_int_equal(info.module[0].size, 6);

	mem.si.cmdline_paddr = ADDR(text);	/* a command line */
	mem.data[0] = '\0';
	assert_int_equal(boot(XN_HVM), 0);
	assert_int_equal(info.cmdline, ADDR(text));
	assert_int_equal(info.module[0].start, ADDR(data));
}

static void test_cmdline_lies(void **state)
{
	mem.si.cmdline_paddr = BASE - 1;
	assert_int_equal(boot(XN_PVH), -EINVAL);
	mem.si.cmdline_paddr = BASE + sizeof(mem);
	assert_int_equal(boot(XN_PVH), -EINVAL);
	mem.si.cmdline_paddr = UINT64_MAX;
	assert_int_equal(boot(XN_PVH), -EINVAL);
	/* It may end at the window's end, but not after it. */
	memset(mem.tail, 'x', sizeof(mem.tail));
	mem.si.cmdline_paddr = ADDR(tail);
	assert_int_equal(boot(XN_PVH), -EINVAL);
	mem.tail[sizeof(mem.tail) - 1] = '\0';
	assert_int_equal(boot(XN_PVH), 0);
	assert_true(reserved(ADDR(tail), sizeof(mem.tail)));
}

static void test_cmdline_long(void **state)
{
	static char big[XN_CMDLINE_MAX + sizeof(mem)];
	const struct xn_window wide = { big, BASE, sizeof(big) };

	mem.si.cmdline_paddr = BASE + sizeof(mem);
	memset(big, 'x', sizeof(big));
	memcpy(big, &mem, sizeof(mem));
	assert_int_equal(xn_boot_hvm(XN_PVH, &wide, BASE, IMAGE, IMAGE_END,
				     &info), -EINVAL);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(xn_boot_hvm(XN_PVH, &wide, BASE, IMAGE, IMAGE_END,
				     &info), 0);
}

static void test_elsewhere(void **state)
{
	on_xen = false;
	assert_int_equal(boot(XN_PVH), -ENODEV);
	assert_int_equal(chosen, 0);
}

static void test_start_info_refused(void **state)
{
	mem.si.magic ^= 1;
	assert_int_equal(boot(XN_PVH), -EINVAL);
}

/* With a full map, memory in use cannot be reserved: do not start. */
static void test_no_room(void **state)
{
	struct xn_memmap *map = &info.map;
	unsigned int i;

	memset(map, 0, sizeof(*map));
	for (i = 0; i < XN_MEMMAP_MAX; i++)
		assert_int_equal(xn_memmap_add(map, i * 0x2000ull, 0x1000,
					       XN_MEM_RAM), 0);
	info.nr_modules = 0;
	assert_int_equal(xn_boot_claim(&info, IMAGE << 8, IMAGE_END << 8),
			 -E2BIG);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(everything), T(reserves), T(no_toolstack),
		T(nonsense_channel), T(hvm), T(cmdline_lies), T(cmdline_long),
		T(elsewhere), T(start_info_refused), T(no_room),
	};

	return cmocka_run_group_tests_name("boot of PVH and HVM", tests, NULL,
					   NULL);
}
