// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * /sys/devices/system/xen_memory/xen_memory0: how much memory the guest has and is to
 * have, by the names that Linux's own driver gives (Linux's
 * Documentation/ABI/stable/sysfs-devices-system-xen_memory), which tools read. Here
 * the toolstack alone sets the target.
 */
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "balloon.h"

static struct bus_type balloon_subsys = {
	.name = "xen_memory",
	.dev_name = "xen_memory",
};

static struct device *balloon_device;

static unsigned long balloon_kib(unsigned long away)
{
	unsigned long all = READ_ONCE(balloon_target.all);

	return all > away ? (all - away) << (PAGE_SHIFT - 10) : 0;
}

static ssize_t target_kb_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%lu\n",
			  balloon_kib(READ_ONCE(balloon_target.goal)));
}
static DEVICE_ATTR_RO(target_kb);

static ssize_t target_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  (u64)balloon_kib(READ_ONCE(balloon_target.goal)) << 10);
}
static DEVICE_ATTR_RO(target);

static ssize_t current_kb_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n",
			  balloon_kib(READ_ONCE(balloon_target.balloon.count)));
}
static DEVICE_ATTR_RO(current_kb);

static ssize_t low_kb_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%lu\n", READ_ONCE(balloon_target.balloon.count)
			  << (PAGE_SHIFT - 10));
}
static DEVICE_ATTR_RO(low_kb);

/* There is no high memory on 64-bit. */
static ssize_t high_kb_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "0\n");
}
static DEVICE_ATTR_RO(high_kb);

static struct attribute *balloon_attrs[] = {
	&dev_attr_target_kb.attr,
	&dev_attr_target.attr,
	NULL,
};

static const struct attribute_group balloon_group = {
	.attrs = balloon_attrs,
};

static struct attribute *balloon_info_attrs[] = {
	&dev_attr_current_kb.attr,
	&dev_attr_low_kb.attr,
	&dev_attr_high_kb.attr,
	NULL,
};

static const struct attribute_group balloon_info_group = {
	.name = "info",
	.attrs = balloon_info_attrs,
};

static const struct attribute_group *balloon_groups[] = {
	&balloon_group,
	&balloon_info_group,
	NULL,
};

static void balloon_release(struct device *dev)
{
	kfree(dev);
}

int balloon_sysfs_init(void)
{
	int err = -ENOMEM;

	balloon_device = kzalloc(sizeof(*balloon_device), GFP_KERNEL);
	if (!balloon_device)
		return err;
	err = subsys_system_register(&balloon_subsys, NULL);
	if (err) {
		kfree(balloon_device);
		return err;
	}
	balloon_device->bus = &balloon_subsys;
	balloon_device->groups = balloon_groups;
	balloon_device->release = balloon_release;
	err = device_register(balloon_device);
	if (err) {
		put_device(balloon_device);
		bus_unregister(&balloon_subsys);
	}
	return err;
}

void balloon_sysfs_fini(void)
{
	device_unregister(balloon_device);
	bus_unregister(&balloon_subsys);
}
