// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.14: a header for those who are told of panics. */
#include <linux/panic_notifier.h>
