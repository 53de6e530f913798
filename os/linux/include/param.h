/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Module parameters that are numbers within bounds, for the frontend modules. A
 * number out of bounds is refused, and the log says which are not.
 */
#ifndef XENION_LINUX_PARAM_H
#define XENION_LINUX_PARAM_H

#include <linux/moduleparam.h>
#include <linux/printk.h>

static inline int xnl_param_set(const char *val, const struct kernel_param *kp,
				unsigned int min, unsigned int max)
{
	int err = param_set_uint_minmax(val, kp, min, max);

	if (err)
		pr_err("%s=%s: give a number from %u to %u\n", kp->name, val,
		       min, max);
	return err;
}

#define XNL_PARAM(_name, _default, _min, _max, _desc)			\
static unsigned int _name = _default;					\
static int set_##_name(const char *val, const struct kernel_param *kp)	\
{									\
	return xnl_param_set(val, kp, _min, _max);			\
}									\
static const struct kernel_param_ops ops_##_name = {			\
	.set = set_##_name,						\
	.get = param_get_uint,						\
};									\
module_param_cb(_name, &ops_##_name, &_name, 0444);			\
MODULE_PARM_DESC(_name, _desc)

#endif /* XENION_LINUX_PARAM_H */
