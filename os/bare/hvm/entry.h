/* SPDX-License-Identifier: MIT */
/* What os/bare/hvm/entry.S and arch.c use of each other. */
#ifndef BARE_HVM_ENTRY_H
#define BARE_HVM_ENTRY_H

#include <stdint.h>

/* entry.S: code that the CPU enters */
extern char bare_stubs[], bare_upcall_entry[], bare_spurious_entry[];
extern char bare_cpu_entry[];

/* boot/x86/head_pvh.S: the first level of the page tables */
extern uint64_t xn_page_root[];

/* arch.c, called by entry.S */
void bare_hvm_upcall(void);
void bare_hvm_cpu_init(void);

#endif /* BARE_HVM_ENTRY_H */
