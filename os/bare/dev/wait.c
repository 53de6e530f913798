// SPDX-License-Identifier: MIT
/* Waits for a frontend to be connected, unless that can no longer happen. */
#include "devices.h"

#define CONNECT_NS	(30 * XN_NSEC_PER_SEC)
#define LOOK_NS		XN_NSEC_PER_SEC

int bare_device_wait(struct xn_device *dev, struct xn_waitq *wq,
		     const bool *up)
{
	uint64_t until = bare_deadline(CONNECT_NS);

	while (!xn_wait(wq, XN_READ_ONCE(*up) || dev->failed, LOOK_NS)) {
		/* No event reports that the toolstack has removed a device. */
		if (!xn_device_exists(dev))
			return -ENODEV;
		if (xn_os_now() >= until)
			return -ETIMEDOUT;
	}
	return XN_READ_ONCE(*up) ? 0 : -EIO;
}
