/* SPDX-License-Identifier: MIT */
/* boot/x86, inside: entry points, and symbols of linker and assembler. */
#ifndef XENION_BOOT_X86_H
#define XENION_BOOT_X86_H

#include <xenion/x86/boot.h>

/* Of the image; GNU ld's names. */
extern char __executable_start[], _end[];

/* head_pvh.S */
extern uint64_t xn_page_root[];

/* head_pvh.S: where the note of note_pvh.S is, 0 if that is not linked in. */
extern const uint64_t xn_note_address;

/* head_pvh.S: the counter at the very first instruction. */
extern uint64_t xn_entry_cycles;

/* Called by head_pvh.S and head_pv.S; they do not return. */
void xn_start_pvh(uint32_t start_info);
void xn_start_pv(uint64_t start_info, uint64_t entry_cycles);

/*
 * claim.c: reserve in the map what every kind of guest has in RAM: the image,
 * the modules, and address 0.
 */
int xn_boot_claim(struct xn_boot_info *info);

/* early.c: how words get out where Xen's console is refused. */
extern void (*xn_early_other)(const char *s, unsigned int len);

/* early.c: who has the console's ring, NULL: nobody but us. */
extern void (*xn_early_owner)(const char *s, unsigned int len);

/* early_pv.c: by this console's ring, or not at all. */
void xn_early_ring(const struct xn_boot_channel *console);

#endif /* XENION_BOOT_X86_H */
