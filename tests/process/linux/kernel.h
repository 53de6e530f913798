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

/* The host's half runs with interrupts off. */
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
 * This kernel has one CPU and no preemption. What another CPU may do in between
 * is done at points, which include/linux/ and the hypercall put before or after
 * calls of os/linux, where it could be preempted. um_point_arm() arms one:
 * @what is the call, @file the end of the caller's file name. A thread that
 * reaches it stops until um_point_go(), or for ten seconds.
 */
void um_point(const char *what, const char *file);
void um_point_arm(const char *what, const char *file);
int um_device_add(struct device *dev);
/* Did a thread reach the point within @ms? In any case, disarms it. */
bool um_point_reached(unsigned int ms);
/*
 * Did a thread pass the point that could not stop, with a lock held or
 * interrupts off? Then it could not be preempted there on other machines
 * either.
 */
bool um_point_passed(void);
void um_point_go(void);

/* Load xenion.ko, with its data cleared as for a module. */
int um_load(void);

/* For .init and .exit of a suite: a guest with xenion.ko loaded. */
int um_init(struct kunit *test);
void um_exit(struct kunit *test);

/* Wait until @cond holds, or fail the test after @ms. Returns: does it hold? */
#define um_until(test, cond, ms) ({					\
	unsigned long __end = jiffies + msecs_to_jiffies(ms);		\
									\
	while (!(cond) && time_before(jiffies, __end))			\
		msleep(20);						\
	KUNIT_EXPECT_TRUE_MSG(test, cond, "not within " #ms " ms");	\
	(cond);								\
})

/* A test whose point is not reached tests nothing, and fails. */
#define um_point_expect(test, ms)					\
	KUNIT_EXPECT_TRUE_MSG(test, um_point_reached(ms),		\
			      "nobody came to the point: this tests nothing")

#endif /* XENION_TESTS_LINUX_KERNEL_H */
