/* SPDX-License-Identifier: MIT */
/*
 * Where the bzImage is: an ELF note that tools/xenion-wrap finds by its name
 * and type in the shim's PT_NOTE segment, and fills in. It is all zero in the
 * shim as it was built.
 */
#ifndef XENION_SHIM_PAYLOAD_H
#define XENION_SHIM_PAYLOAD_H

#define XN_PAYLOAD_NOTE_NAME	"Xenion"
#define XN_PAYLOAD_NOTE_TYPE	1

#ifndef __ASSEMBLY__
#include <xenion/os.h>

struct xn_payload {
	uint32_t start;		/* guest-physical, above the shim itself */
	uint32_t size;		/* bytes */
};
#endif

#endif /* XENION_SHIM_PAYLOAD_H */
