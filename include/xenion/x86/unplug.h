/* SPDX-License-Identifier: MIT */
/*
 * boot/x86/unplug.c: the disks and network interfaces that an HVM guest has twice,
 * once emulated by its device model and once as devices of xenbus. Both are the
 * same disk, the same address on the network: a guest that uses the latter has
 * the emulated ones unplugged, before its drivers find them.
 */
#ifndef XENION_X86_UNPLUG_H
#define XENION_X86_UNPLUG_H

#include <xenion/decls.h>
#include <xenion/os.h>

XN_DECLS_BEGIN

/* What to unplug: a mask of these. */
#define XN_UNPLUG_DISKS		0x1	/* IDE and SCSI disks, not CD drives */
#define XN_UNPLUG_NICS		0x2	/* network interfaces */
#define XN_UNPLUG_AUX_IDE	0x4	/* IDE disks but the first one */
#define XN_UNPLUG_NVME		0x8	/* NVMe disks */

/*
 * Who asks, by which a host can refuse a system whose drivers it knows to be
 * broken. Numbers are registered in xen-public/hvm/pvdrivers.h; this one is for
 * who has none.
 */
#define XN_UNPLUG_EXPERIMENTAL	0xffff

/**
 * xn_unplug - have emulated devices unplugged
 * @product: the number of who asks: XN_UNPLUG_EXPERIMENTAL
 * @build: which version of it
 * @mask: XN_UNPLUG_*
 *
 * The protocol of ports 0x10 to 0x13, which the device model's platform device
 * answers (docs/misc/hvm-emulated-unplug.pandoc of Xen). The devices of @mask are
 * gone when this returns: PCI functions of interfaces and NVMe disks vanish from
 * their bus, disks from a controller that stays, and which may have lost its PCI
 * configuration. That none of them is in use is the caller's to know. They stay away
 * until the domain has a new device model: ask again after a restore or a migration.
 *
 * A device model ignores bits that it does not know, and does not report that.
 *
 * Context: any, once in each domain. Waits for the device model, which may take
 * milliseconds.
 * Return: 0; -ENODEV if nobody answers, as in a PVH guest or without a platform
 * device; -EOPNOTSUPP for a version of the protocol that is not known; -EACCES if
 * the host refuses drivers of this @product and @build. In these cases nothing
 * was unplugged.
 */
int xn_unplug(uint16_t product, uint32_t build, uint16_t mask);

XN_DECLS_END

#endif /* XENION_X86_UNPLUG_H */
