// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Does the kernel's own Xen support run? A file of its own, because Linux's
 * <xen/...> and the public headers share their include guards.
 */
#include <linux/types.h>
#include <xen/xen.h>

bool xnl_kernel_is_xen_guest(void);

bool xnl_kernel_is_xen_guest(void)
{
	return xen_domain();
}
