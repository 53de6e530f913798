/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Interrupts that can be moved at any time; no flag says so any more. */
#ifndef XENION_COMPAT_IRQ_H
#define XENION_COMPAT_IRQ_H

#include_next <linux/irq.h>

#include <xnl_have.h>

#if !XNL_HAVE_IRQ_MOVE_PCNTXT
#define IRQ_MOVE_PCNTXT 0
#endif

#endif /* XENION_COMPAT_IRQ_H */
