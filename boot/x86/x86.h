/* SPDX-License-Identifier: MIT */
/* boot/x86, inside: entry points, and symbols of linker and assembler. */
#ifndef XENION_BOOT_X86_H
#define XENION_BOOT_X86_H

#include <xenion/boot.h>

/* Of the image; GNU ld's names. */
extern char __executable_start[], _end[];

/* head_pvh.S */
extern uint64_t xn_page_root[];

/* note_pvh.S, if it is linked in */
extern const char xn_note_pvh __attribute__((weak));

/* Called by head_pvh.S; does not return. */
void xn_start_pvh(uint32_t start_info);

#endif /* XENION_BOOT_X86_H */
