/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Registering a clock, a macro in all kernels, has another name in 5.10. */
#ifndef XENION_COMPAT_RTC_H
#define XENION_COMPAT_RTC_H

#include_next <linux/rtc.h>

#ifndef devm_rtc_register_device
#define devm_rtc_register_device(_rtc) rtc_register_device(_rtc)
#endif

#endif /* XENION_COMPAT_RTC_H */
