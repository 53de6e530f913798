/* SPDX-License-Identifier: MIT */
/* boot/x86, internal: entry points, and symbols of linker and assembler. */
#ifndef XENION_BOOT_X86_H
#define XENION_BOOT_X86_H

#include <xenion/x86/boot.h>

/* First and last address of the image, by GNU ld. */
extern char __executable_start[], _end[];

/* head_pvh.S */
extern uint64_t xn_page_root[];

/* head_pvh.S: address of note_pvh.S's note, 0 if that is not linked in. */
extern const uint64_t xn_note_address;

/* head_pvh.S: the counter at the very first instruction. */
extern uint64_t xn_entry_cycles;

/* Called by head_pvh.S and head_pv.S; they do not return. */
void xn_start_pvh(uint32_t start_info);
void xn_start_pv(uint64_t start_info, uint64_t entry_cycles);

/* claim.c: mark @size bytes as in use. Logs an error. */
int xn_boot_reserve(struct xn_memmap *map, uint64_t start, uint64_t size);

/*
 * claim.c: mark as in use what every kind of guest has in RAM: the image, the
 * modules, and address 0.
 */
int xn_boot_claim(struct xn_boot_info *info, uint64_t image_start,
		  uint64_t image_end);

/* early.c: where output goes if Xen refuses its console. */
extern void (*xn_early_other)(const char *s, unsigned int len);

/* early.c: writes to the console's ring; NULL: early_pv.c owns the ring. */
extern void (*xn_early_owner)(const char *s, unsigned int len);

#endif /* XENION_BOOT_X86_H */
