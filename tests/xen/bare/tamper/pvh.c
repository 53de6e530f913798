// SPDX-License-Identifier: MIT
/*
 * A toolstack that passes invalid data to a PVH guest, in the start info
 * (xen-public/arch-x86/hvm/start_info.h). Linked with --wrap=xn_start_pvh.
 */
#include <xenion/x86/boot.h>
#include "bare.h"
#include <xen-public/arch-x86/hvm/start_info.h>
#include "tamper.h"

static struct hvm_memmap_table_entry map[XN_MEMMAP_MAX];	/* new */
static struct hvm_memmap_table_entry real_map[XN_MEMMAP_MAX];	/* old */
static struct hvm_modlist_entry module;
static char words[8192];

/* A copy, because a start info of version 0 ends before the map. */
static struct hvm_start_info info;

static void add(struct hvm_start_info *si, uint64_t addr, uint64_t size,
		uint32_t type)
{
	map[si->memmap_entries++] = (struct hvm_memmap_table_entry){
		.addr = addr, .size = size, .type = type,
	};
}

/* In reverse order, with a hole first and last, and with empty entries. */
static void confuse(struct hvm_start_info *si)
{
	const struct hvm_memmap_table_entry *old = real_map;
	uint32_t n = si->memmap_entries;

	memcpy(real_map, (void *)(uintptr_t)si->memmap_paddr,
	       n * sizeof(real_map[0]));
	si->memmap_entries = 0;
	si->memmap_paddr = (uintptr_t)map;
	add(si, HOLE_START, HOLE_SIZE, XEN_HVM_MEMMAP_TYPE_UNUSABLE);
	while (n--) {
		add(si, old[n].addr, old[n].size, old[n].type);
		add(si, old[n].addr, 0, XEN_HVM_MEMMAP_TYPE_RAM);
	}
	add(si, HOLE_START - 0x1000, HOLE_SIZE, XEN_HVM_MEMMAP_TYPE_RAM);
	/* Beyond any CPU's addresses. */
	add(si, 1ull << 52, 1ull << 30, XEN_HVM_MEMMAP_TYPE_RAM);
	add(si, HOLE_START, 0x1000, 77);
}

static void tamper(struct hvm_start_info *si, const char *how)
{
	if (!strcmp(how, "magic")) {
		si->magic ^= 1;
	} else if (!strcmp(how, "map-none")) {
		si->memmap_entries = 0;
	} else if (!strcmp(how, "map-confused")) {
		confuse(si);
	} else if (!strcmp(how, "map-long")) {
		si->memmap_entries = 100000;
	} else if (!strcmp(how, "map-away")) {
		si->memmap_paddr = 1ull << 40;
	} else if (!strcmp(how, "map-wraps")) {
		si->memmap_entries = 0;
		si->memmap_paddr = (uintptr_t)map;
		add(si, UINT64_MAX - 1, 4, XEN_HVM_MEMMAP_TYPE_RAM);
	} else if (!strcmp(how, "map-no-ram")) {
		si->memmap_entries = 0;
		si->memmap_paddr = (uintptr_t)map;
		add(si, 0, 0x10000, XEN_HVM_MEMMAP_TYPE_RAM);
	} else if (!strcmp(how, "modules-many")) {
		si->nr_modules = 1000;
	} else if (!strcmp(how, "modules-away")) {
		si->nr_modules = 1;
		si->modlist_paddr = 1ull << 45;
	} else if (!strcmp(how, "module-away")) {
		si->nr_modules = 1;
		si->modlist_paddr = (uintptr_t)&module;
		module.paddr = 1ull << 45;
		module.size = 4096;
	} else if (!strcmp(how, "module-wraps")) {
		si->nr_modules = 1;
		si->modlist_paddr = (uintptr_t)&module;
		module.paddr = 4096;
		module.size = UINT64_MAX - 1;
	} else if (!strcmp(how, "words-long")) {
		memset(words, 'x', sizeof(words) - 1);
		si->cmdline_paddr = (uintptr_t)words;
	} else if (!strcmp(how, "words-away")) {
		si->cmdline_paddr = 1ull << 40;
	} else if (!strcmp(how, "words-none")) {
		si->cmdline_paddr = 0;
	} else {
		bare_panic("what kind of nonsense is '%s'?", how);
	}
}

static void copy_info(uint32_t start_info)
{
	const struct hvm_start_info *si = (void *)(uintptr_t)start_info;
	unsigned int size = si->version ? sizeof(*si) :
		__builtin_offsetof(struct hvm_start_info, memmap_paddr);
	struct xn_memmap m = { 0 };
	unsigned int i;

	memcpy(&info, si, size);
	if (si->version)
		return;
	info.version = 1;
	info.memmap_paddr = (uintptr_t)map;
	if (xn_memmap_query(&m))
		bare_panic("no memory map");
	for (i = 0; i < m.nr; i++)
		add(&info, m.range[i].start, m.range[i].end - m.range[i].start,
		    m.range[i].type);
}

void __wrap_xn_start_pvh(uint32_t start_info)
{
	const char *how;

	xn_hypercall_choose();
	copy_info(start_info);
	how = tamper_how((const char *)(uintptr_t)info.cmdline_paddr);
	if (how)
		tamper(&info, how);
	__real_xn_start_pvh((uintptr_t)&info);
}
