// SPDX-License-Identifier: MIT
/*
 * Xen's error numbers (xen-public/errno.h) as those of this system. Called by
 * xn_hypercall() for every hypercall that failed, and by nobody else.
 */
#include <xenion/hypercall.h>

struct errno_pair {
	uint8_t xen;
	uint8_t os;
};

/* The public list says it all; an alias just makes a pair twice. */
#define XEN_ERRNO(name, value) { value, name },
static const struct errno_pair errno_pairs[] = {
#include <xen-public/errno.h>
};

long xn_errno(long ret)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(errno_pairs); i++)
		if (ret == -(long)errno_pairs[i].xen)
			return -(long)errno_pairs[i].os;
	return -EIO;
}
