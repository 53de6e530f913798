/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the kernel's half of the tests shares: Xen and dom0 as a thread, and the
 * modules, loaded and unloaded by a call.
 */
#ifndef XENION_TESTS_LINUX_KERNEL_H
#define XENION_TESTS_LINUX_KERNEL_H

#include <kunit/test.h>
#include <linux/irqflags.h>
#include "um.h"

/* What the host's half does is done without interruption. */
#define UM(call) ({					\
	unsigned long __flags;				\
	typeof(call) __ret;				\
							\
	local_irq_save(__flags);			\
	__ret = (call);					\
	local_irq_restore(__flags);			\
	__ret;						\
})

#define UM_VOID(call)	((void)UM(((call), 0)))

/* upcall.c */
void um_upcall(void);

/* Each module's, see include/linux/module.h */
int kmod_xenion_load(void);
void kmod_xenion_unload(void);
int kmod_xenion_console_load(void);
void kmod_xenion_console_unload(void);
int kmod_xenion_blkfront_load(void);
void kmod_xenion_blkfront_unload(void);
int kmod_xenion_netfront_load(void);
void kmod_xenion_netfront_unload(void);

/*
 * A kernel without preemption and with one CPU: what another CPU may do in
 * between is done at points, which include/linux/ and the hypercall put before or
 * behind calls of os/linux, where it could be preempted anyway. One is armed:
 * @what is the call, @file the end of the caller's file name. Who comes there
 * stops until um_point_go(), or for ten seconds.
 */
void um_point(const char *what, const char *file);
void um_point_arm(const char *what, const char *file);
int um_device_add(struct device *dev);
/* Is somebody there, within @ms? No more: the point is not armed any longer. */
bool um_point_reached(unsigned int ms);
/*
 * Did somebody come by who could not stop there, with a lock held or interrupts
 * off? Then nobody can do anything in between, on other machines neither.
 */
bool um_point_passed(void);
void um_point_go(void);

/* xenion.ko, with its data as a module has it that is loaded: clear. */
int um_load(void);

/* For .init and .exit of a suite: a guest with xenion.ko loaded. */
int um_init(struct kunit *test);
void um_exit(struct kunit *test);

/* Wait until it is so, or fail the test after @ms. Returns: is it so? */
#define um_until(test, cond, ms) ({					\
	unsigned long __end = jiffies + msecs_to_jiffies(ms);		\
									\
	while (!(cond) && time_before(jiffies, __end))			\
		msleep(20);						\
	KUNIT_EXPECT_TRUE_MSG(test, cond, "not within " #ms " ms");	\
	(cond);								\
})

/* A test whose point nobody comes to tests nothing, and has failed. */
#define um_point_expect(test, ms)					\
	KUNIT_EXPECT_TRUE_MSG(test, um_point_reached(ms),		\
			      "nobody came to the point: this tests nothing")

#endif /* XENION_TESTS_LINUX_KERNEL_H */
