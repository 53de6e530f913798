/* SPDX-License-Identifier: MIT */
/*
 * boot/: what the host hands over to this guest at its start, in one form for
 * all kinds of entry. <xenion/x86/boot.h> has what only x86 needs.
 */
#ifndef XENION_BOOT_H
#define XENION_BOOT_H

#include <xenion/decls.h>
#include <xenion/os.h>

XN_DECLS_BEGIN

/*
 * Memory types, numbered as in ACPI. If two claims on an address differ, the
 * larger number holds, so that nothing is taken for RAM that may not be RAM.
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
 * xn_memmap_add - record what lies at some addresses
 * @map: the map
 * @start: the first address
 * @size: bytes; 0 adds nothing
 * @type: XN_MEM_*; another number counts as XN_MEM_RESERVED
 *
 * Entries may come in any order and may overlap.
 *
 * Context: any.
 * Return: 0, -EINVAL if the end is beyond 64 bits, -E2BIG if the map is full
 * (it then lacks a part of the range).
 */
int xn_memmap_add(struct xn_memmap *map, uint64_t start, uint64_t size,
		  unsigned int type);

/**
 * xn_memmap_covers - are all of these addresses in the map?
 * @map: the map
 * @start: the first address
 * @size: bytes, at least 1
 * @types: bit mask of the types that count, 1u << XN_MEM_*
 *
 * Context: any.
 * Return: true if each address is in a range of one of @types.
 */
bool xn_memmap_covers(const struct xn_memmap *map, uint64_t start,
		      uint64_t size, unsigned int types);

/**
 * xn_memmap_find - find the lowest room in RAM
 * @map: the map
 * @from: the room begins here or higher
 * @limit: the room ends here or lower
 * @size: bytes, at least 1
 * @align: a power of two
 * @addr: where it is, on success
 *
 * Context: any.
 * Return: 0 or -ENOSPC.
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
 * Context: any.
 * Return: a pointer, not aligned unless @addr is, or NULL when any of the bytes
 * is outside or @addr is 0, which stands for "none".
 */
void *xn_window_ptr(const struct xn_window *win, uint64_t addr, uint64_t size);

#define XN_BOOT_MAX_MODULES	8

struct xn_boot_module {
	uint64_t start;		/* guest-physical */
	uint64_t size;		/* bytes */
};

/* The kinds of domain; only x86 has more than the first. */
enum xn_kind {
	XN_PVH,			/* hardware-assisted, no emulated PC */
	XN_HVM,			/* hardware-assisted, an emulated PC */
	XN_PV,			/* the hypervisor's page tables, ring 3 */
};

/* A page that the toolstack shares with its daemon, and the event channel. */
struct xn_boot_channel {
	uint64_t gpa;		/* guest-physical address, 0: there is none */
	uint32_t port;
};

/* Xen's HVM_MAX_VCPUS. A PV guest may have more, which are not used. */
#define XN_MAX_VCPUS	128

struct xn_boot_pv;

/* A command line has fewer characters before its NUL. */
#define XN_CMDLINE_MAX	65536u

/* The result of every kind of entry, whatever the host's format was. */
struct xn_boot_info {
	enum xn_kind kind;
	uint64_t entry_cycles;	/* xn_cycles() at the first instruction */
	unsigned int nr_vcpus;	/* 1 ... XN_MAX_VCPUS; only the first is up */
	struct xn_boot_channel store, console;
	uint64_t cmdline;	/* guest-physical, 0: none; see XN_CMDLINE_MAX */
	uint64_t rsdp;		/* guest-physical, 0: none */
	unsigned int nr_modules;
	struct xn_boot_module module[XN_BOOT_MAX_MODULES];
	struct xn_memmap map;	/* what boot uses is XN_MEM_RESERVED in it */
	const struct xn_boot_pv *pv; /* of kind XN_PV: <xenion/x86/boot.h> */
};

/* ---- entry points ---- */

/* Bytes of the stack on which xn_start() runs. */
#define XN_BOOT_STACK	16384u

/**
 * xn_start - the program that was booted; it provides this
 * @info: what the host handed over; stays
 *
 * Called by every entry point, on vCPU 0, in 64-bit mode, upcalls disabled, the
 * hypercall instruction chosen. Memory is at its guest-physical addresses: in
 * PVH and HVM guests the first 4 GiB, in PV guests what the host has used and
 * 512 KiB behind that, until xn_pv_map() adds the rest. The stack has
 * XN_BOOT_STACK bytes and is aligned to its size; its lowest word is 0. Only
 * general registers may be used, because no others are set up. When it returns,
 * the domain powers off.
 *
 * Context: upcalls disabled, no other vCPU runs.
 */
void xn_start(const struct xn_boot_info *info);

/**
 * xn_hvm_store - where a PVH or HVM guest's xenstore is
 * @c: filled in; gpa 0: the domain has none, as dom0
 *
 * HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN. For an OS layer without boot
 * info, which has the same.
 *
 * Context: any, after the hypercall instruction was chosen.
 */
void xn_hvm_store(struct xn_boot_channel *c);

/**
 * xn_hvm_console - where a PVH or HVM guest's console is
 * @c: filled in; gpa 0: the domain has none
 *
 * HVM_PARAM_CONSOLE_PFN, HVM_PARAM_CONSOLE_EVTCHN.
 *
 * Context: any, after the hypercall instruction was chosen.
 */
void xn_hvm_console(struct xn_boot_channel *c);

/**
 * xn_vcpu_count - how many vCPUs this domain has
 *
 * Context: any, after the hypercall instruction was chosen.
 * Return: 1 ... XN_MAX_VCPUS.
 */
unsigned int xn_vcpu_count(void);

/**
 * xn_early_write - write text to Xen's console or log
 * @s: text
 * @len: bytes
 *
 * Slow.
 *
 * Context: any, after the hypercall instruction was chosen.
 */
void xn_early_write(const char *s, unsigned int len);

/**
 * xn_early_console - hand the PV console's ring to its driver, or take it back
 * @write: gets the early text that went into that ring until now, because
 *         frontends/console/ring.c has the ring; called in any context. NULL:
 *         early text goes into the ring again
 *
 * Only in PV guests does early text go into the ring.
 *
 * Context: any.
 */
void xn_early_console(void (*write)(const char *s, unsigned int len));

/**
 * xn_early_stop - stop this domain
 * @reason: SHUTDOWN_* (xen-public/sched.h)
 *
 * Does not return.
 *
 * Context: any.
 */
void xn_early_stop(unsigned int reason) __attribute__((noreturn));

XN_DECLS_END

#endif /* XENION_BOOT_H */
