/* SPDX-License-Identifier: MIT */
/* What tests/xen/bare/tamper's kinds of domain have in common. */
#ifndef TAMPER_H
#define TAMPER_H

#include <stdint.h>

/* In the middle of RAM, said to be none. */
#define HOLE_START	0x1000000ull
#define HOLE_SIZE	0x200000ull

/* What the words say is to be changed, or NULL: nothing. */
const char *tamper_how(const char *words);

/* The linker's names for the function that stands between, and for the one that
 * is called in its place (--wrap=xn_start_pvh, --wrap=xn_start_pv).
 */
void __wrap_xn_start_pvh(uint32_t start_info);
void __real_xn_start_pvh(uint32_t start_info);
void __wrap_xn_start_pv(uint64_t start_info, uint64_t entry_cycles);
void __real_xn_start_pv(uint64_t start_info, uint64_t entry_cycles);

#endif /* TAMPER_H */
