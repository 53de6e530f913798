// SPDX-License-Identifier: MIT
/*
 * Xen's error numbers (xen-public/errno.h) as those of this system, called by
 * xn_hypercall() for every hypercall that failed, and by nobody else; and the
 * statuses of grant operations, which are numbers of another list.
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

int xn_gntst_errno(int status)
{
	/* Negative numbers without gaps, of which 0 is the first. */
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
