/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion-balloon.ko need of each other.
 */
#ifndef XENION_LINUX_BALLOON_H
#define XENION_LINUX_BALLOON_H

#include <xenion/target.h>

/* driver.c */
extern struct xn_target balloon_target;

/* sysfs.c */
int balloon_sysfs_init(void);
void balloon_sysfs_fini(void);

#endif /* XENION_LINUX_BALLOON_H */
