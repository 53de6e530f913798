// SPDX-License-Identifier: MIT
/*
 * Where an HVM or PVH guest keeps pages that are not its RAM: below the
 * toolstack's special pages, which end at X86_HVM_END_SPECIAL_REGION (0xff000;
 * see tools/include/xenctrl.h and xen-public/hvm/params.h). Neither the
 * toolstack nor hvmloader puts RAM, a device or the local APIC's addresses
 * there. Read by mmu/physmap.c.
 */
#include <xenion/mmu.h>

const xen_pfn_t xn_kept_gfn = 0xfeff0;
