/* SPDX-License-Identifier: MIT */
/*
 * boot/: what the host says about itself and about this guest, at its start.
 */
#ifndef XENION_BOOT_H
#define XENION_BOOT_H

#include <xenion/os.h>

/* What Xen's CPUID leaves say (xen-public/arch-x86/cpuid.h). */
struct xn_hv_info {
	uint32_t cpuid_base;	/* first of Xen's leaves, 0: not on Xen */
	uint16_t major, minor;	/* Xen's version */
	uint32_t features;	/* XEN_HVM_CPUID_* of this vCPU */
	uint32_t tsc_khz;	/* guest TSC frequency, 0: not told */
	bool has_vcpu_id;	/* leaf base+4 gives each vCPU's number */
};

/**
 * xn_hv_probe - is this Xen, and what does it offer?
 * @info: filled in; all zero when this is no HVM or PVH guest on Xen
 *
 * Returns: 0, or -ENODEV when not on Xen. Makes no hypercall. Context: any.
 */
int xn_hv_probe(struct xn_hv_info *info);

/**
 * xn_hv_vcpu_id - the number that Xen has for the vCPU that runs this
 * @info: from xn_hv_probe()
 * @fallback: the answer when Xen does not tell
 *
 * Context: not preemptible.
 */
uint32_t xn_hv_vcpu_id(const struct xn_hv_info *info, uint32_t fallback);

/**
 * xn_domid - this domain's number
 * @domid: filled in
 *
 * For the few places where Xen does not take DOMID_SELF: who may access a page
 * (xn_gnttab_grant()) and whose page is mapped (xn_gntmap_map()). Of a port that
 * waits for the domain itself Xen tells the number: one is made for a moment.
 * Returns: 0 or a negative errno value. Context: any.
 */
int xn_domid(domid_t *domid);

/**
 * xn_hypercall_choose - select the hypercall instruction of this CPU
 *
 * Called once, before the first hypercall. Context: any.
 */
void xn_hypercall_choose(void);

/**
 * xn_hypercall_choose_pv - the same for a PV guest, which has one of its own
 *
 * Context: any.
 */
void xn_hypercall_choose_pv(void);

/*
 * Memory types, numbered as ACPI does. Where two claims on an address differ,
 * the larger number holds: nothing is taken for RAM that may not be.
 */
enum xn_mem_type {
	XN_MEM_RAM = 1,
	XN_MEM_RESERVED = 2,
	XN_MEM_ACPI = 3,
	XN_MEM_NVS = 4,
	XN_MEM_UNUSABLE = 5,
};

struct xn_mem_range {
	uint64_t start;		/* guest-physical */
	uint64_t end;		/* the first address after it, above start */
	enum xn_mem_type type;
};

#define XN_MEMMAP_MAX	128

/* All zero is an empty map. */
struct xn_memmap {
	unsigned int nr;
	/* Sorted, no overlap; neighbours of one type are one range. */
	struct xn_mem_range range[XN_MEMMAP_MAX];
};

/**
 * xn_memmap_add - say what lies at some addresses
 * @map: the map
 * @start: the first address
 * @size: bytes; 0 adds nothing
 * @type: XN_MEM_*; another number counts as XN_MEM_RESERVED
 *
 * Entries may come in any order and may overlap.
 * Returns: 0, -EINVAL if the end is beyond 64 bits, -E2BIG if the map is full
 * (it then lacks a part of the range). Context: any.
 */
int xn_memmap_add(struct xn_memmap *map, uint64_t start, uint64_t size,
		  unsigned int type);

/**
 * xn_memmap_covers - does the map say something of each of these addresses?
 * @map: the map
 * @start: the first address
 * @size: bytes, at least 1
 * @types: bit mask of the types that count, 1u << XN_MEM_*
 *
 * Context: any.
 */
bool xn_memmap_covers(const struct xn_memmap *map, uint64_t start,
		      uint64_t size, unsigned int types);

/**
 * xn_memmap_find - the lowest room in RAM
 * @map: the map
 * @from: the lowest address that will do
 * @limit: the room ends here or lower
 * @size: bytes, at least 1
 * @align: a power of two
 * @addr: where it is, on success
 *
 * Returns: 0 or -ENOSPC. Context: any.
 */
int xn_memmap_find(const struct xn_memmap *map, uint64_t from, uint64_t limit,
		   uint64_t size, uint64_t align, uint64_t *addr);

/* The part of guest-physical memory that can be accessed now. */
struct xn_window {
	void *base;		/* where its first byte is accessible */
	uint64_t start;		/* guest-physical address of that byte */
	uint64_t size;		/* bytes */
};

/**
 * xn_window_ptr - access to some bytes of guest-physical memory
 * @win: the window
 * @addr: guest-physical
 * @size: bytes
 *
 * Returns: a pointer, not aligned unless @addr is, or NULL when any of the
 * bytes is outside or @addr is 0, which stands for "none". Context: any.
 */
void *xn_window_ptr(const struct xn_window *win, uint64_t addr, uint64_t size);

#define XN_BOOT_MAX_MODULES	8

struct xn_boot_module {
	uint64_t start;		/* guest-physical */
	uint64_t size;		/* bytes */
};

/* The kinds of x86 domain. */
enum xn_kind {
	XN_PVH,			/* hardware-assisted, no emulated PC */
	XN_HVM,			/* with one */
	XN_PV,			/* the hypervisor's page tables, ring 3 */
};

/* A page that the toolstack shares with its daemon, and the event channel. */
struct xn_boot_channel {
	uint64_t gpa;		/* guest-physical address, 0: there is none */
	uint32_t port;
};

#define XN_MAX_VCPUS	XEN_LEGACY_MAX_VCPUS

/*
 * What a PV guest has of its own. "Guest-physical" is pseudo-physical there: an
 * index of the list by which it knows its machine frames.
 */
struct xn_boot_pv {
	uint64_t nr_pages;	/* of that list; the list is */
	uint64_t p2m;		/* here, guest-physical: xen_pfn_t each */
	uint64_t page_root;	/* guest-physical: the level 4 page table */
	uint64_t tables;	/* guest-physical, set aside: pages for the */
	uint64_t nr_tables;	/* page tables that all RAM will need */
	uint64_t shared_info;	/* a machine address */
};

/* What every kind of entry ends in, whatever the host's format was. */
struct xn_boot_info {
	enum xn_kind kind;
	uint64_t entry_cycles;	/* xn_cycles() at the first instruction */
	unsigned int nr_vcpus;	/* 1 ... XN_MAX_VCPUS; only the first is up */
	struct xn_boot_channel store, console;
	uint64_t cmdline;	/* guest-physical, 0: none; length unchecked */
	uint64_t rsdp;		/* guest-physical, 0: none */
	unsigned int nr_modules;
	struct xn_boot_module module[XN_BOOT_MAX_MODULES];
	struct xn_memmap map;	/* what boot uses is XN_MEM_RESERVED in it */
	struct xn_boot_pv pv;	/* only of kind XN_PV */
};

/*
 * Entry points in assembly, all on the current stack, aligned to 16 bytes. Xen
 * leaves there: rcx, r11, perhaps an error code, and what iretq expects; the
 * failsafe callback finds ds, es, fs and gs before that. They end in
 * HYPERVISOR_iret (xen-public/arch-x86/xen-x86_64.h).
 */
struct xn_pv_entries {
	const struct trap_info *traps;	/* up to one with address 0 */
	void (*event)(void);	/* upcalls disabled */
	void (*failsafe)(void);	/* a guest state that could not be restored */
};

/* ---- entry points: boot/x86/head_*.S ---- */

/* Bytes of the stack on which xn_start() runs. */
#define XN_BOOT_STACK	16384u

/**
 * xn_start - the program that was booted; it provides this
 * @info: what the host handed over; stays
 *
 * Called by every entry point, on vCPU 0, in 64-bit mode, upcalls disabled, the
 * hypercall instruction chosen. Addresses are guest-physical ones: in PVH and
 * HVM guests the first 4 GiB; in PV guests what the host has used and 512 KiB
 * behind that, until xn_pv_init() adds the rest. The stack is of
 * XN_BOOT_STACK bytes and aligned to as many; its lowest word is 0. Only general
 * registers may be used: nobody has set up others. When it returns, the domain
 * powers off.
 */
void xn_start(const struct xn_boot_info *info);

/**
 * xn_vcpu_count - how many vCPUs this domain has
 *
 * Returns: 1 ... XN_MAX_VCPUS. Context: any, after the hypercall instruction
 * was chosen.
 */
unsigned int xn_vcpu_count(void);

/**
 * xn_hvm_vcpu_start - start another vCPU of a PVH or HVM guest
 * @vcpu: its number
 * @entry: what it runs, in 64-bit mode, interrupts off, on the page tables of
 *         head_pvh.S; may not return. It has neither GDT nor IDT yet
 * @arg: its argument
 * @stack_top: the end of its stack, 16-byte aligned
 *
 * VCPUOP_initialise, VCPUOP_up. Returns: 0 or a negative errno value; -EEXIST
 * for one that was started before. Context: any.
 */
int xn_hvm_vcpu_start(unsigned int vcpu, void (*entry)(void *arg), void *arg,
		      void *stack_top);

/**
 * xn_pv_entries - where Xen enters this PV guest, on the vCPU that calls
 * @e: for exceptions and upcalls
 *
 * HYPERVISOR_set_trap_table, CALLBACKOP_register. Returns: 0 or a negative errno
 * value. Context: any.
 */
int xn_pv_entries(const struct xn_pv_entries *e);

/**
 * xn_pv_vcpu_start - start another vCPU of a PV guest
 * @vcpu: its number
 * @entry: what it runs, upcalls disabled; may not return
 * @arg: its argument
 * @stack_top: the end of its stack, 16-byte aligned
 * @root: machine frame of its level 4 page table, which is pinned
 * @e: where Xen enters it
 *
 * VCPUOP_initialise, VCPUOP_up. Returns: 0 or a negative errno value; -EEXIST
 * for one that was started before. The caller excludes a second caller.
 * Context: any.
 */
int xn_pv_vcpu_start(unsigned int vcpu, void (*entry)(void *arg), void *arg,
		     void *stack_top, xen_pfn_t root,
		     const struct xn_pv_entries *e);

/**
 * xn_early_write - text for Xen's console or log
 * @s: text
 * @len: bytes
 *
 * Slow. Context: any, after the hypercall instruction was chosen.
 */
void xn_early_write(const char *s, unsigned int len);

/**
 * xn_early_console - whose the PV console's ring is
 * @write: from now on early words go there if they went into that ring, because
 *         frontends/console/ring.c has it; called in any context. NULL: the ring is
 *         theirs again
 *
 * Only PV guests' early words do. Context: any.
 */
void xn_early_console(void (*write)(const char *s, unsigned int len));

/**
 * xn_early_stop - stop this domain
 * @reason: SHUTDOWN_* (xen-public/sched.h)
 *
 * Does not return. Context: any.
 */
void xn_early_stop(unsigned int reason) __attribute__((noreturn));

/**
 * xn_vformat - text with numbers in it, for a port's xn_os_log()
 * @buf: gets the text and a NUL
 * @size: bytes of @buf; what does not fit is cut off
 * @fmt: as xn_os_log() takes it; a width pads with spaces, or with zeros
 *       behind "0"
 * @ap: the arguments
 *
 * Returns: how many bytes, without the NUL. Context: any.
 */
unsigned int xn_vformat(char *buf, unsigned int size, const char *fmt,
			__builtin_va_list ap);

/* ---- what they are made of ---- */

/**
 * xn_boot_pvh - read what a PVH entry was handed
 * @win: memory that holds all of it
 * @start_info: guest-physical address of the struct hvm_start_info
 * @memmap_query: fills an empty map where the start info has none (version 0
 *                never has): xn_memmap_query(), or a test's own
 * @info: filled in
 *
 * Format: xen-public/arch-x86/hvm/start_info.h. What is wrong is logged.
 * Returns: 0, -EINVAL for what cannot be, -E2BIG for more modules or ranges
 * than there is place for, or what @memmap_query returned. Context: any.
 */
int xn_boot_pvh(const struct xn_window *win, uint64_t start_info,
		int (*memmap_query)(struct xn_memmap *map),
		struct xn_boot_info *info);

/**
 * xn_boot_pv - read what a PV entry was handed
 * @win: memory that holds all of it
 * @start_info: guest-physical address of the struct start_info
 * @found_console: called once, when the console's page is known (its address is
 *                 0 if there is none), before anything else is complained about
 * @info: filled in, but for nr_vcpus; what the host has put into memory is
 *        XN_MEM_RESERVED in its map
 *
 * Format: xen-public/xen.h. The map says which pages there are, not where the
 * machine has them. What is wrong is logged.
 * Returns: 0, -EINVAL for what cannot be, -ENOSPC for too little memory, -E2BIG
 * for more ranges than there is place for. Context: any.
 */
int xn_boot_pv(const struct xn_window *win, uint64_t start_info,
	       void (*found_console)(const struct xn_boot_channel *console),
	       struct xn_boot_info *info);

/**
 * xn_memmap_query - ask Xen for this guest's memory map
 * @map: an empty map, filled in
 *
 * XENMEM_memory_map (xen-public/memory.h), which gives entries as a PC's BIOS
 * does. Returns: 0 or a negative errno value. Context: any, needs 3 KiB of
 * stack.
 */
int xn_memmap_query(struct xn_memmap *map);

#endif /* XENION_BOOT_H */
