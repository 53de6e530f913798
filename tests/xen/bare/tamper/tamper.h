/* SPDX-License-Identifier: MIT */
/* What pvh.c, pv.c and tamper.c share. */
#ifndef TAMPER_H
#define TAMPER_H

#include <stdint.h>

/* A range in the middle of RAM that the map excludes. */
#define HOLE_START	0x1000000ull
#define HOLE_SIZE	0x200000ull

/* Returns: the value of tamper= in @words, or NULL. */
const char *tamper_how(const char *words);

/* The linker's names for the wrapper and for the function that it wraps
 * (--wrap=xn_start_pvh, --wrap=xn_start_pv).
 */
void __wrap_xn_start_pvh(uint32_t start_info);
void __real_xn_start_pvh(uint32_t start_info);
void __wrap_xn_start_pv(uint64_t start_info, uint64_t entry_cycles);
void __real_xn_start_pv(uint64_t start_info, uint64_t entry_cycles);

#endif /* TAMPER_H */
