// SPDX-License-Identifier: MIT
/*
 * The start info of a PV guest (struct start_info and "Start-of-day memory
 * layout" in xen-public/xen.h): what the domain builder has put where, and
 * which pages exist. Called once, by the PV entry point's C code.
 */
#include <xenion/x86/boot.h>

#define MAGIC	"xen-3.0-x86_64"

/* Pages that one page table of the lowest level maps. */
#define PER_TABLE	512u
/* 2^35 pages: what a kernel can address below Xen's own addresses. */
#define MAX_PAGES	(1ull << 35)
/* The builder maps this much after the last item, up to the next 4 MiB. */
#define PADDING		(512u << 10)
#define REGION_ALIGN	(4u << 20)

static const xen_pfn_t no_page = ~(xen_pfn_t)0;

static uint64_t page_down(uint64_t addr)
{
	return addr & ~(uint64_t)(XN_PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t addr)
{
	return page_down(addr + XN_PAGE_SIZE - 1);
}

static int start_info_reserve(struct xn_boot_info *info, uint64_t start,
			      uint64_t size)
{
	uint64_t end = page_up(start + size);
	int err = xn_memmap_add(&info->map, page_down(start),
				end - page_down(start), XN_MEM_RESERVED);

	if (err)
		xn_os_log(XN_ERR, "boot: no place in the memory map (error %d)",
			  err);
	return err;
}

/*
 * Everything that is mapped at the start lies below the page tables, in the
 * order that the ABI specifies. Addresses elsewhere must not be read.
 */
static int check_mapped(const struct start_info *si, const char *what,
			uint64_t start, uint64_t size)
{
	if (start && start < si->pt_base && size <= si->pt_base - start)
		return 0;
	xn_os_log(XN_ERR, "boot: %s: invalid range, 0x%llx bytes at 0x%llx", what,
		  (unsigned long long)size, (unsigned long long)start);
	return -EINVAL;
}

static int check_header(const struct start_info *si, uint64_t addr)
{
	int err;

	if (memcmp(si->magic, MAGIC, sizeof(MAGIC) - 1)) {
		xn_os_log(XN_ERR, "boot: start info at 0x%llx is not of %s",
			  (unsigned long long)addr, MAGIC);
		return -EINVAL;
	}
	if (!si->nr_pages || si->nr_pages > MAX_PAGES) {
		xn_os_log(XN_ERR, "boot: start info has %lu pages",
			  si->nr_pages);
		return -EINVAL;
	}
	if (si->pt_base % XN_PAGE_SIZE || !si->nr_pt_frames ||
	    si->pt_base >> XN_PAGE_SHIFT >= si->nr_pages ||
	    si->nr_pt_frames > si->nr_pages - (si->pt_base >> XN_PAGE_SHIFT)) {
		xn_os_log(XN_ERR, "boot: invalid page tables: %lu at 0x%lx",
			  si->nr_pt_frames, si->pt_base);
		return -EINVAL;
	}
	err = check_mapped(si, "start info", addr, sizeof(*si));
	if (!err)
		err = check_mapped(si, "list of pages", si->mfn_list,
				   si->nr_pages * sizeof(xen_pfn_t));
	if (!err && si->mfn_list % sizeof(xen_pfn_t))
		err = check_mapped(si, "list of pages", 0, 0);
	return err;
}

/* Find our page with machine frame @mfn. It is one of the first pages. */
static void find_channel(struct xn_boot_channel *c, const char *what,
			 const xen_pfn_t *p2m, uint64_t nr_pages, xen_pfn_t mfn,
			 uint32_t port)
{
	uint64_t pfn;

	if (!mfn || !port)
		return;
	for (pfn = 1; pfn < nr_pages; pfn++)
		if (p2m[pfn] == mfn) {
			c->gpa = pfn << XN_PAGE_SHIFT;
			c->port = port;
			return;
		}
	xn_os_log(XN_WARN, "boot: the %s's page does not belong to this guest: not used",
		  what);
}

/* Reserve the memory that the host has filled. */
static int reserve_all(const struct start_info *si, uint64_t addr,
		       struct xn_boot_info *info)
{
	int err = start_info_reserve(info, addr, sizeof(*si));

	if (!err)
		err = start_info_reserve(info, si->mfn_list,
					 si->nr_pages * sizeof(xen_pfn_t));
	if (!err)
		err = start_info_reserve(info, si->pt_base,
					 si->nr_pt_frames << XN_PAGE_SHIFT);
	if (!err && info->console.gpa)
		err = start_info_reserve(info, info->console.gpa, XN_PAGE_SIZE);
	if (!err && info->store.gpa)
		err = start_info_reserve(info, info->store.gpa, XN_PAGE_SIZE);
	return err;
}

static int read_cmdline(const struct start_info *si, uint64_t addr,
			struct xn_boot_info *info)
{
	unsigned int i;

	for (i = 0; i < MAX_GUEST_CMDLINE; i++)
		if (!si->cmd_line[i])
			break;
	if (i == MAX_GUEST_CMDLINE) {
		xn_os_log(XN_ERR, "boot: the command line does not end");
		return -EINVAL;
	}
	if (i)
		info->cmdline = addr +
			__builtin_offsetof(struct start_info, cmd_line);
	return 0;
}

static int read_module(const struct start_info *si, struct xn_boot_info *info)
{
	uint64_t start = si->mod_start, pages = page_up(si->mod_len) >>
						XN_PAGE_SHIFT;

	if (!start || !si->mod_len)
		return 0;
	if (si->flags & SIF_MOD_START_PFN) {
		/* The module is not mapped and may lie anywhere. */
		if (si->mod_len > si->nr_pages << XN_PAGE_SHIFT ||
		    start >= si->nr_pages || pages > si->nr_pages - start) {
			xn_os_log(XN_ERR, "boot: invalid module: 0x%lx bytes at page 0x%lx",
				  si->mod_len, si->mod_start);
			return -EINVAL;
		}
		start <<= XN_PAGE_SHIFT;
	} else if (check_mapped(si, "module", start, si->mod_len)) {
		return -EINVAL;
	}
	info->module[0].start = start;
	info->module[0].size = si->mod_len;
	info->nr_modules = 1;
	return start_info_reserve(info, start, si->mod_len);
}

/*
 * The list may have holes. Page 0 is left out so that nothing is ever allocated
 * at address 0.
 */
static int read_pages(const xen_pfn_t *p2m, uint64_t nr_pages,
		      struct xn_memmap *map)
{
	uint64_t start = 1, end;
	int err = 0;

	while (!err && start < nr_pages) {
		for (end = start; end < nr_pages && p2m[end] != no_page; end++)
			;
		err = xn_memmap_add(map, start << XN_PAGE_SHIFT,
				    (end - start) << XN_PAGE_SHIFT, XN_MEM_RAM);
		start = end + 1;
	}
	if (err)
		xn_os_log(XN_ERR, "boot: memory has more than %u parts",
			  XN_MEMMAP_MAX);
	return err;
}

/*
 * Reserve pages for page tables: one for each 2 MiB that is not mapped yet, and
 * those of the higher levels. The pages must be mapped already, and the first
 * ones after everything in use are.
 */
static int set_tables_aside(const struct start_info *si,
			    struct xn_boot_info *info, struct xn_boot_pv *pv)
{
	uint64_t end = si->pt_base +
		       ((si->nr_pt_frames + 1) << XN_PAGE_SHIFT);
	uint64_t mapped = (end + PADDING + REGION_ALIGN - 1) &
			  ~(uint64_t)(REGION_ALIGN - 1);
	uint64_t tables = (si->nr_pages + PER_TABLE - 1) / PER_TABLE;
	uint64_t all = tables;

	mapped = mapped / XN_PAGE_SIZE / PER_TABLE;
	all -= mapped < all ? mapped : all;
	/* The builder has made the first table of each level. */
	tables = (tables - 1) / PER_TABLE;
	all += tables + tables / PER_TABLE;
	pv->nr_tables = all;
	if (!all)
		return 0;
	if (xn_memmap_find(&info->map, end, UINT64_MAX, all << XN_PAGE_SHIFT,
			   XN_PAGE_SIZE, &pv->tables)) {
		xn_os_log(XN_ERR, "boot: too little memory: no place for %llu page tables",
			  (unsigned long long)all);
		return -ENOSPC;
	}
	return start_info_reserve(info, pv->tables, all << XN_PAGE_SHIFT);
}

int xn_boot_pv(const struct xn_window *win, uint64_t start_info,
	       void (*found_console)(const struct xn_boot_channel *console),
	       struct xn_boot_info *info, struct xn_boot_pv *pv)
{
	const void *p = xn_window_ptr(win, start_info, sizeof(struct start_info));
	struct start_info si;
	const xen_pfn_t *p2m;
	int err;

	memset(info, 0, sizeof(*info));
	info->kind = XN_PV;
	if (!p) {
		xn_os_log(XN_ERR, "boot: no start info at 0x%llx",
			  (unsigned long long)start_info);
		return -EINVAL;
	}
	memcpy(&si, p, sizeof(si));
	err = check_header(&si, start_info);
	if (err)
		return err;
	p2m = xn_window_ptr(win, si.mfn_list, si.nr_pages * sizeof(*p2m));
	if (!p2m) {
		xn_os_log(XN_ERR, "boot: the list of pages is out of reach");
		return -EINVAL;
	}
	*pv = (struct xn_boot_pv){
		.nr_pages = si.nr_pages, .p2m = si.mfn_list,
		.page_root = si.pt_base, .shared_info = si.shared_info,
		.start_info = start_info,
	};
	info->pv = pv;
	/* In dom0 this field describes the screen instead. */
	if (!(si.flags & SIF_INITDOMAIN))
		find_channel(&info->console, "console", p2m, si.nr_pages,
			     si.console.domU.mfn, si.console.domU.evtchn);
	found_console(&info->console);
	find_channel(&info->store, "xenstore", p2m, si.nr_pages, si.store_mfn,
		     si.store_evtchn);

	err = read_pages(p2m, si.nr_pages, &info->map);
	if (!err)
		err = reserve_all(&si, start_info, info);
	if (!err)
		err = read_cmdline(&si, start_info, info);
	if (!err)
		err = read_module(&si, info);
	if (!err)
		err = set_tables_aside(&si, info, pv);
	return err;
}
