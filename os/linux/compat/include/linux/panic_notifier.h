/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Notifiers of a panic: what is declared there was in <linux/kernel.h> before. */
#ifndef XENION_COMPAT_PANIC_NOTIFIER_H
#define XENION_COMPAT_PANIC_NOTIFIER_H

#include <xnl_have.h>

#if XNL_HAVE_PANIC_NOTIFIER_HEADER
#include_next <linux/panic_notifier.h>
#else
#include <linux/kernel.h>
#endif

#endif /* XENION_COMPAT_PANIC_NOTIFIER_H */
