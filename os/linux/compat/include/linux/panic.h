/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Panics: what is declared there was in <linux/kernel.h> before. */
#ifndef XENION_COMPAT_PANIC_H
#define XENION_COMPAT_PANIC_H

#include <xnl_have.h>

#if XNL_HAVE_PANIC_HEADER
#include_next <linux/panic.h>
#else
#include <linux/kernel.h>
#endif

#endif /* XENION_COMPAT_PANIC_H */
