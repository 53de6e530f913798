/* SPDX-License-Identifier: MIT */
/* The linker's names for the function that stands between, and for the one that
 * is called in its place (--wrap=xn_start_pvh).
 */
#ifndef TAMPER_H
#define TAMPER_H

#include <stdint.h>

void __wrap_xn_start_pvh(uint32_t start_info);
void __real_xn_start_pvh(uint32_t start_info);

#endif /* TAMPER_H */
