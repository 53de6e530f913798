/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Callbacks of a bus: heads of functions that are given what Linux 7 gives. */
#ifndef XENION_COMPAT_DEVICE_H
#define XENION_COMPAT_DEVICE_H

#include_next <linux/device.h>

#include <xnl_have.h>

#if XNL_HAVE_BUS_MATCH_CONST
#define XNL_BUS_MATCH(_fn, _dev, _drv)					\
static int _fn(struct device *_dev, const struct device_driver *_drv)
#else
#define XNL_BUS_MATCH(_fn, _dev, _drv)					\
static int _fn##_const(struct device *_dev,				\
		       const struct device_driver *_drv);		\
static int _fn(struct device *_dev, struct device_driver *_drv)	\
{									\
	return _fn##_const(_dev, _drv);					\
}									\
static int _fn##_const(struct device *_dev,				\
		       const struct device_driver *_drv)
#endif

#if XNL_HAVE_BUS_UEVENT_CONST
#define XNL_BUS_UEVENT(_fn, _dev, _env)					\
static int _fn(const struct device *_dev, struct kobj_uevent_env *_env)
#else
#define XNL_BUS_UEVENT(_fn, _dev, _env)					\
static int _fn##_const(const struct device *_dev,			\
		       struct kobj_uevent_env *_env);			\
static int _fn(struct device *_dev, struct kobj_uevent_env *_env)	\
{									\
	return _fn##_const(_dev, _env);					\
}									\
static int _fn##_const(const struct device *_dev,			\
		       struct kobj_uevent_env *_env)
#endif

#if XNL_HAVE_BUS_REMOVE_VOID
#define XNL_BUS_REMOVE(_fn, _dev)					\
static void _fn(struct device *_dev)
#else
#define XNL_BUS_REMOVE(_fn, _dev)					\
static void _fn##_void(struct device *_dev);				\
static int _fn(struct device *_dev)					\
{									\
	_fn##_void(_dev);						\
	return 0;							\
}									\
static void _fn##_void(struct device *_dev)
#endif

#if XNL_HAVE_BUS_SHOW_CONST
#define XNL_BUS_SHOW(_fn, _buf)						\
static ssize_t _fn(const struct bus_type *bus, char *_buf)
#else
#define XNL_BUS_SHOW(_fn, _buf)						\
static ssize_t _fn(struct bus_type *bus, char *_buf)
#endif

#endif /* XENION_COMPAT_DEVICE_H */
