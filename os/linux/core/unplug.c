// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The emulated disks and interfaces of an HVM guest, which are the same as those
 * of the bus: they are unplugged (xenion/x86/unplug.h) when this module loads,
 * unless a driver has them. Then the frontends leave theirs alone: a disk that is
 * written to in two ways is soon no file system any more.
 *
 * A PVH guest has no emulated devices, hence none on PCI.
 */
#include <linux/async.h>
#include <linux/blkdev.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>

#include <xenion/version.h>
#include <xenion/x86/unplug.h>
#include "core.h"

#define DISKS	(XN_UNPLUG_DISKS | XN_UNPLUG_NVME)
#define NICS	XN_UNPLUG_NICS

static const struct unplug_word {
	const char *word;
	u16 mask;
	bool alone;		/* of no list */
} unplug_words[] = {
	{ "all", DISKS | NICS, true },
	{ "disks", DISKS },
	{ "nics", NICS },
	{ "never", 0, true },
	{ "unnecessary", 0, true },
};

static u16 unplug_wanted = DISKS | NICS;	/* XN_UNPLUG_* */
static u16 unplug_left;		/* there are such devices, and they stay */
static u16 unplug_done;		/* these were unplugged */
static bool unplug_both;	/* use both all the same */
static char unplug_value[32] = "all";

static const struct unplug_word *unplug_word(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unplug_words); i++)
		if (!strcmp(unplug_words[i].word, word))
			return &unplug_words[i];
	return NULL;
}

static int unplug_set(const char *val, const struct kernel_param *kp)
{
	char list[sizeof(unplug_value)];
	const struct unplug_word *w;
	char *rest = list, *word;
	u16 mask = 0;

	if (strscpy(list, val, sizeof(list)) < 0)
		goto refuse;
	while ((word = strsep(&rest, ","))) {
		w = unplug_word(word);
		if (!w || (w->alone && strcmp(val, word)))
			goto refuse;
		mask |= w->mask;
	}
	strscpy(unplug_value, val, sizeof(unplug_value));
	unplug_wanted = mask;
	unplug_both = !strcmp(val, "unnecessary");
	return 0;

refuse:
	pr_err("xenion: unplug=%s: give all, never, unnecessary, or a list of disks and nics\n",
	       val);
	return -EINVAL;
}

static int unplug_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%s\n", unplug_value);
}

static const struct kernel_param_ops unplug_ops = {
	.set = unplug_set,
	.get = unplug_get,
};
module_param_cb(unplug, &unplug_ops, NULL, 0444);
MODULE_PARM_DESC(unplug,
		 "HVM guests: which emulated devices to unplug: all (default), disks, nics, never; or unnecessary: leave them, and use ours too");

bool xnl_unplug_left(const char *type)
{
	u16 of_type = !strcmp(type, "vbd") ? DISKS :
		      !strcmp(type, "vif") ? NICS : 0;

	return !unplug_both && (unplug_left & of_type);
}

/* QEMU's devices: what is passed through has the numbers of its maker. */
static bool unplug_is_emulated(struct pci_dev *pdev)
{
	switch (pdev->subsystem_vendor) {
	case PCI_VENDOR_ID_REDHAT_QUMRANET:
	case PCI_VENDOR_ID_XEN:
	case PCI_VENDOR_ID_VMWARE:
	case 0:
		return true;
	default:
		return false;
	}
}

/* Which bit of XN_UNPLUG_* unplugs the device, or what is connected to it. */
static u16 unplug_bit(struct pci_dev *pdev)
{
	if (!unplug_is_emulated(pdev))
		return 0;
	switch (pdev->class >> 8) {
	case PCI_CLASS_STORAGE_IDE:
	case PCI_CLASS_STORAGE_SATA:
	case PCI_CLASS_STORAGE_SCSI:
		return XN_UNPLUG_DISKS;
	case PCI_CLASS_STORAGE_EXPRESS:
		return XN_UNPLUG_NVME;
	case PCI_CLASS_NETWORK_ETHERNET:
		return XN_UNPLUG_NICS;
	default:
		return 0;
	}
}

/* Is it, or has it, a disk? CD drives are not unplugged. */
static int unplug_has_disk(struct device *dev, void *unused)
{
	if (dev->class && !strcmp(dev->class->name, "block"))
		return !(dev_to_disk(dev)->flags & GENHD_FL_REMOVABLE);
	return device_for_each_child(dev, NULL, unplug_has_disk);
}

struct unplug_state {
	u16 present;
	u16 bound;		/* some have a driver */
	u16 used;		/* that does something with them */
};

/* Keeps drivers away from all of them until unplug_release(). */
static void unplug_hold(struct unplug_state *s)
{
	struct pci_dev *pdev = NULL;
	u16 bit;

	for_each_pci_dev(pdev) {
		bit = unplug_bit(pdev);
		if (!bit)
			continue;
		device_lock(&pdev->dev);
		s->present |= bit;
		if (!pdev->dev.driver)
			continue;
		s->bound |= bit;
		if (bit != NICS && !unplug_has_disk(&pdev->dev, NULL))
			continue;
		s->used |= bit;
		if (unplug_wanted & bit)
			pci_warn(pdev, "xenion: %s is in use by %s and stays, and its twin on the bus xenion is not used: load xenion.ko before that driver, from the initramfs\n",
				 bit == NICS ? "this emulated interface" :
				 "an emulated disk", pdev->dev.driver->name);
	}
}

static void unplug_release(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (unplug_bit(pdev))
			device_unlock(&pdev->dev);
}

/* QEMU resets a controller whose disks it unplugs, and its PCI registers. */
static void unplug_save(u16 mask)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (unplug_bit(pdev) & mask)
			pci_save_state(pdev);
}

static void unplug_restore(u16 mask)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if ((unplug_bit(pdev) & mask) && pci_device_is_present(pdev))
			pci_restore_state(pdev);
}

/* Linux has found them when it started. */
static void unplug_forget(u16 mask)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if ((unplug_bit(pdev) & mask) && !pci_device_is_present(pdev))
			pci_stop_and_remove_bus_device(pdev);
}

static const char *unplug_what(u16 mask)
{
	return !(mask & NICS) ? "disks" :
	       mask & DISKS ? "disks and interfaces" : "interfaces";
}

static int unplug_ask(u16 mask)
{
	unsigned int major = 0, minor = 0, patch = 0;

	if (sscanf(XN_VERSION, "%u.%u.%u", &major, &minor, &patch) != 3)
		return -EINVAL;
	return xn_unplug(XN_UNPLUG_EXPERIMENTAL,
			 major << 16 | minor << 8 | patch, mask);
}

static int unplug_do(u16 mask)
{
	int err;

	unplug_save(mask);
	err = unplug_ask(mask);
	unplug_restore(mask);
	if (!err)
		pr_info("xenion: emulated %s are unplugged\n",
			unplug_what(mask));
	else
		pr_warn("xenion: emulated %s stay, and ours are not used, for the host %s (error %d)\n",
			unplug_what(mask), err == -ENODEV ?
			"has no platform device: give the domain xen_platform_pci=1" :
			"does not unplug them for this driver", err);
	return err;
}

void xnl_unplug(void)
{
	struct unplug_state s = { 0 };
	u16 mask;

	/* A driver that has just been loaded may still look for its disks. */
	async_synchronize_full();
	pci_lock_rescan_remove();
	unplug_hold(&s);
	mask = unplug_wanted & s.present & ~s.bound;
	unplug_left = s.used | (s.present & ~unplug_wanted);
	if (mask && unplug_do(mask)) {
		unplug_left |= mask;
		mask = 0;
	}
	unplug_done = mask;
	unplug_release();
	unplug_forget(mask);
	pci_unlock_rescan_remove();
}

/*
 * The device model of a new domain has all devices again. Linux knows those that
 * stayed, a disk's controller, and restores their PCI registers later.
 */
void xnl_unplug_resume(void)
{
	int err = unplug_done ? unplug_ask(unplug_done) : 0;

	if (err)
		pr_warn("xenion: emulated %s are back, and the new host does not unplug them (error %d): do not use them\n",
			unplug_what(unplug_done), err);
}
