/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Statistics of a device as files in sysfs, for the frontend modules. The device's
 * driver data is a @_type, as long as the files are there.
 */
#ifndef XENION_LINUX_STATS_H
#define XENION_LINUX_STATS_H

#include <linux/device.h>
#include <linux/sysfs.h>

/* A file: the sum of a field over the array @_queues of the driver data. */
#define XNL_STAT(_type, _queues, _name, _field)				\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	const _type *data = dev_get_drvdata(dev);			\
	u64 sum = 0;							\
	unsigned int i;							\
									\
	for (i = 0; i < ARRAY_SIZE(data->_queues); i++)			\
		sum += READ_ONCE(data->_queues[i]._field);		\
	return sysfs_emit(buf, "%llu\n", sum);				\
}									\
static DEVICE_ATTR_RO(_name)

/*
 * What every device with queues has, and the beginning of its list of files.
 * "refused" counts invalid values that the backend wrote.
 */
#define XNL_STATS(_type, _queues, _fe)					\
static ssize_t refused_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	const _type *data = dev_get_drvdata(dev);			\
									\
	return sysfs_emit(buf, "%llu\n", READ_ONCE(data->_fe.refused));	\
}									\
static DEVICE_ATTR_RO(refused);						\
XNL_STAT(_type, _queues, requests, stats.requests);			\
XNL_STAT(_type, _queues, notifications, stats.notifications);		\
XNL_STAT(_type, _queues, interrupts, stats.interrupts);			\
XNL_STAT(_type, _queues, busy, stats.busy);				\
XNL_STAT(_type, _queues, stalled, stall.stalled);			\
XNL_STAT(_type, _queues, spurious, channel.backoff.spurious)

#define XNL_STATS_ATTRS							\
	&dev_attr_requests.attr, &dev_attr_notifications.attr,		\
	&dev_attr_interrupts.attr, &dev_attr_busy.attr,			\
	&dev_attr_stalled.attr, &dev_attr_spurious.attr,		\
	&dev_attr_refused.attr

#endif /* XENION_LINUX_STATS_H */
