// SPDX-License-Identifier: MIT
/*
 * Translates Xen's error numbers (xen-public/errno.h) to those of this system,
 * for xn_hypercall() only, and the status codes of grant operations (GNTST_*),
 * which Xen numbers separately.
 */
#include <xenion/hypercall.h>

struct errno_pair {
	uint8_t xen;
	uint8_t os;
};

/* Generated from the public list; an alias only repeats a pair. */
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

int xn_gntst_errno(int status)
{
	/* Indexed by the negated status: GNTST_okay is 0, the others follow. */
	static const uint8_t errnos[] = {
		[-GNTST_general_error] = EACCES,
		[-GNTST_bad_domain] = ESRCH,
		[-GNTST_bad_gntref] = ENOENT,
		[-GNTST_bad_handle] = EBADF,
		[-GNTST_bad_virt_addr] = EFAULT,
		[-GNTST_bad_dev_addr] = EFAULT,
		[-GNTST_no_device_space] = ENOSPC,
		[-GNTST_permission_denied] = EPERM,
		[-GNTST_bad_page] = EINVAL,
		[-GNTST_bad_copy_arg] = EINVAL,
		[-GNTST_address_too_big] = E2BIG,
		[-GNTST_eagain] = EAGAIN,
		[-GNTST_no_space] = ENOSPC,
	};

	if (status > 0 || status <= -(int)XN_ARRAY_SIZE(errnos))
		return -EIO;
	return -errnos[-status];
}
