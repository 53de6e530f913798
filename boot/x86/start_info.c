// SPDX-License-Identifier: MIT
/*
 * The start info that Xen's domain builders hand to a PVH entry
 * (xen-public/arch-x86/hvm/start_info.h, versions 0 and 1; later ones are
 * specified to be compatible), and the memory map by hypercall, which version 0
 * needs. Called once, by the PVH entry point's C code.
 */
#include <xenion/hypercall.h>
#include <xenion/x86/boot.h>
#include <xen-public/arch-x86/hvm/start_info.h>

/* At most this many entries are read, even if they would merge. */
#define MAX_ENTRIES	512

/* Version 0 ends before the memory map. */
#define SIZE_V0	__builtin_offsetof(struct hvm_start_info, memmap_paddr)

static int read_header(const struct xn_window *win, uint64_t addr,
		       struct hvm_start_info *si)
{
	const void *p = xn_window_ptr(win, addr, SIZE_V0);

	memset(si, 0, sizeof(*si));
	if (!p) {
		xn_os_log(XN_ERR, "start info at 0x%llx is out of reach",
			  (unsigned long long)addr);
		return -EINVAL;
	}
	memcpy(si, p, SIZE_V0);
	if (si->magic != XEN_HVM_START_MAGIC_VALUE) {
		xn_os_log(XN_ERR, "start info at 0x%llx has magic 0x%x, not 0x%x",
			  (unsigned long long)addr, si->magic,
			  XEN_HVM_START_MAGIC_VALUE);
		return -EINVAL;
	}
	if (si->version == 0)
		return 0;
	p = xn_window_ptr(win, addr, sizeof(*si));
	if (!p) {
		xn_os_log(XN_ERR, "start info at 0x%llx ends out of reach",
			  (unsigned long long)addr);
		return -EINVAL;
	}
	memcpy((char *)si + SIZE_V0, (const char *)p + SIZE_V0,
	       sizeof(*si) - SIZE_V0);
	return 0;
}

static int read_modules(const struct xn_window *win,
			const struct hvm_start_info *si,
			struct xn_boot_info *info)
{
	const char *p;
	unsigned int i;

	if (!si->nr_modules)
		return 0;
	if (si->nr_modules > XN_BOOT_MAX_MODULES) {
		xn_os_log(XN_ERR, "start info has %u modules, at most %u will do",
			  si->nr_modules, XN_BOOT_MAX_MODULES);
		return -E2BIG;
	}
	p = xn_window_ptr(win, si->modlist_paddr,
			  si->nr_modules * sizeof(struct hvm_modlist_entry));
	if (!p) {
		xn_os_log(XN_ERR, "module list at 0x%llx is out of reach",
			  (unsigned long long)si->modlist_paddr);
		return -EINVAL;
	}
	for (i = 0; i < si->nr_modules; i++) {
		struct hvm_modlist_entry m;

		memcpy(&m, p + i * sizeof(m), sizeof(m));
		if (m.paddr + m.size < m.paddr) {
			xn_os_log(XN_ERR, "invalid module %u: 0x%llx bytes at 0x%llx",
				  i, (unsigned long long)m.size,
				  (unsigned long long)m.paddr);
			return -EINVAL;
		}
		info->module[i].start = m.paddr;
		info->module[i].size = m.size;
	}
	info->nr_modules = si->nr_modules;
	return 0;
}

static int add_entry(struct xn_memmap *map, uint64_t addr, uint64_t size,
		     uint32_t type)
{
	int ret = xn_memmap_add(map, addr, size, type);

	if (ret == -E2BIG)
		xn_os_log(XN_ERR, "memory map has more than %u ranges",
			  XN_MEMMAP_MAX);
	else if (ret)
		xn_os_log(XN_ERR, "memory map: invalid range, 0x%llx bytes at 0x%llx",
			  (unsigned long long)size, (unsigned long long)addr);
	return ret;
}

static int read_memmap(const struct xn_window *win,
		       const struct hvm_start_info *si, struct xn_memmap *map)
{
	struct hvm_memmap_table_entry e;
	unsigned int i;
	const char *p;
	int ret;

	if (si->memmap_entries > MAX_ENTRIES) {
		xn_os_log(XN_ERR, "memory map has %u entries, at most %u will do",
			  si->memmap_entries, MAX_ENTRIES);
		return -E2BIG;
	}
	p = xn_window_ptr(win, si->memmap_paddr, si->memmap_entries * sizeof(e));
	if (!p) {
		xn_os_log(XN_ERR, "memory map at 0x%llx is out of reach",
			  (unsigned long long)si->memmap_paddr);
		return -EINVAL;
	}
	for (i = 0; i < si->memmap_entries; i++) {
		memcpy(&e, p + i * sizeof(e), sizeof(e));
		ret = add_entry(map, e.addr, e.size, e.type);
		if (ret)
			return ret;
	}
	return 0;
}

/* As a PC's BIOS reports it: INT 0x15, EAX = 0xe820. */
struct e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

int xn_memmap_query(struct xn_memmap *map)
{
	struct e820_entry e[XN_MEMMAP_MAX] = { 0 };
	struct xen_memory_map op = { .nr_entries = XN_ARRAY_SIZE(e) };
	unsigned int i;
	int ret;

	set_xen_guest_handle(op.buffer, e);
	ret = xn_hc_memory(XENMEM_memory_map, &op);
	if (ret) {
		xn_os_log(XN_ERR, "XENMEM_memory_map failed: error %d", -ret);
		return ret;
	}
	if (op.nr_entries > XN_ARRAY_SIZE(e))
		return -E2BIG;
	for (i = 0; i < op.nr_entries; i++) {
		ret = add_entry(map, e[i].addr, e[i].size, e[i].type);
		if (ret)
			return ret;
	}
	return 0;
}

int xn_boot_pvh(const struct xn_window *win, uint64_t start_info,
		int (*memmap_query)(struct xn_memmap *map),
		struct xn_boot_info *info)
{
	struct hvm_start_info si;
	int ret;

	memset(info, 0, sizeof(*info));
	ret = read_header(win, start_info, &si);
	if (ret)
		return ret;
	info->cmdline = si.cmdline_paddr;
	info->rsdp = si.rsdp_paddr;
	ret = read_modules(win, &si, info);
	if (ret)
		return ret;
	if (si.memmap_entries)
		return read_memmap(win, &si, &info->map);
	return memmap_query(&info->map);
}
