/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Interrupts that can be moved at any time, which no flag says any more; and what
 * Linux remembers of an affinity.
 */
#ifndef XENION_COMPAT_IRQ_H
#define XENION_COMPAT_IRQ_H

#include_next <linux/irq.h>

#include <xnl_have.h>

#if !XNL_HAVE_IRQ_MOVE_PCNTXT
#define IRQ_MOVE_PCNTXT 0
#endif

#if !XNL_HAVE_EXPORT_IRQ_SET_AFFINITY || !XNL_HAVE_EXPORT_IRQ_DOMAIN_ALLOC_IRQS
/* A kernel for one CPU (CONFIG_SMP=n) remembers none: the mask is a constant. */
static inline void xnl_irq_affinity_taken(struct irq_data *d,
					  const struct cpumask *mask)
{
#ifdef CONFIG_SMP
	cpumask_copy(irq_data_get_affinity_mask(d), mask);
#endif
}
#endif

#endif /* XENION_COMPAT_IRQ_H */
