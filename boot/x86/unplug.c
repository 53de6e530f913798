// SPDX-License-Identifier: MIT
/*
 * Unplugging the devices that an HVM guest's device model emulates: the protocol
 * of docs/misc/hvm-emulated-unplug.pandoc of Xen, spoken with the platform device
 * through I/O ports. Called by an OS layer before its drivers look for devices.
 */
#include <xenion/x86/port.h>
#include <xenion/x86/unplug.h>

#define PORT_MAGIC	0x10	/* reads; two bytes */
#define PORT_VERSION	0x12	/* reads; one byte */
#define PORT_PRODUCT	0x12	/* writes; two bytes */
#define PORT_BUILD	0x10	/* writes; four bytes */
#define PORT_MASK	0x10	/* writes; two bytes */

#define MAGIC		0x49d2
#define MAGIC_REFUSED	0xd249	/* the drivers that have said who they are */

static int platform_answer(void)
{
	switch (xn_inw(PORT_MAGIC)) {
	case MAGIC:
		return 0;
	case MAGIC_REFUSED:
		return -EACCES;
	default:
		return -ENODEV;
	}
}

int xn_unplug(uint16_t product, uint32_t build, uint16_t mask)
{
	int err = platform_answer();

	if (err)
		return err;
	switch (xn_inb(PORT_VERSION)) {
	case 0:
		/* Does not ask who we are. */
		break;
	case 1:
		xn_outw(product, PORT_PRODUCT);
		xn_outl(build, PORT_BUILD);
		err = platform_answer();
		if (err)
			return err;
		break;
	default:
		return -EOPNOTSUPP;
	}
	xn_outw(mask, PORT_MASK);
	return 0;
}
