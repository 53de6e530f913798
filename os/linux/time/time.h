/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion-time.ko need of each other.
 */
#ifndef XENION_LINUX_TIME_H
#define XENION_LINUX_TIME_H

#include <linux/time64.h>
#include <xenion/time.h>
#include "xnl.h"

/* driver.c: system time, in nanoseconds, and the time of day; any context */
u64 xtime_read(void);
int xtime_wallclock(struct timespec64 *now);

/* rtc.c */
#ifdef CONFIG_RTC_CLASS
int xtime_rtc_init(void);
void xtime_rtc_fini(void);
#else
static inline int xtime_rtc_init(void) { return 0; }
static inline void xtime_rtc_fini(void) { }
#endif

#endif /* XENION_LINUX_TIME_H */
