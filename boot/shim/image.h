/* SPDX-License-Identifier: MIT */
/*
 * The image that Xen loads: the shim, as shim.lds lays it out, and
 * the bzImage behind it.
 *
 * An ELF note says where the bzImage is. tools/xenion-wrap finds the note by
 * its name and type in the shim's PT_NOTE segment and fills it in. The build
 * leaves it all zero.
 */
#ifndef XENION_SHIM_IMAGE_H
#define XENION_SHIM_IMAGE_H

#define XN_PAYLOAD_NOTE_NAME	"Xenion"
#define XN_PAYLOAD_NOTE_TYPE	1

/* The kernel is built without CONFIG_X86_X2APIC. */
#define XN_PAYLOAD_NO_X2APIC	1

#ifndef __ASSEMBLY__
#include <xenion/os.h>

struct xn_payload {
	uint32_t start;		/* guest-physical, above the shim itself */
	uint32_t size;		/* bytes */
	uint32_t flags;		/* XN_PAYLOAD_* */
};

extern const struct xn_payload shim_payload;

/* The shim itself, with its stack and tables. */
extern char shim_start[], shim_end[];

/* boot/x86/head_pvh.S calls it once, in 64-bit mode. */
void xn_start_pvh(uint32_t start_info);

/**
 * shim_jump - start the kernel
 * @entry: address of its 64-bit entry point
 * @params: boot_params
 */
_Noreturn void shim_jump(uint64_t entry, const void *params);
#endif

#endif /* XENION_SHIM_IMAGE_H */
