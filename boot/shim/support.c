// SPDX-License-Identifier: MIT
/*
 * The shim's error numbers are Xen's own (its <xn_os_layer.h>), so those of a
 * hypercall need no translation.
 */
#include <xenion/hypercall.h>

long xn_errno(long ret)
{
	return ret;
}
