/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* An interrupt's affinity, which 5.10 lets only users set. */
#ifndef XENION_COMPAT_INTERRUPT_H
#define XENION_COMPAT_INTERRUPT_H

#include_next <linux/interrupt.h>

#include <xnl_have.h>

#if !XNL_HAVE_EXPORT_IRQ_SET_AFFINITY
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/rcupdate.h>

/* As /proc/irq/N/smp_affinity does. The interrupt may go meanwhile. */
static inline int xnl_irq_set_affinity(unsigned int irq,
				       const struct cpumask *mask)
{
	int err = -EINVAL;
	struct irq_desc *desc;
	struct irq_data *d;
	unsigned long flags;

	rcu_read_lock();
	d = irq_get_irq_data(irq);
	if (d) {
		desc = irq_data_to_desc(d);
		raw_spin_lock_irqsave(&desc->lock, flags);
		if (d->chip && d->chip->irq_set_affinity)
			err = d->chip->irq_set_affinity(d, mask, false);
		if (err == IRQ_SET_MASK_OK)
			xnl_irq_affinity_taken(d, mask);
		raw_spin_unlock_irqrestore(&desc->lock, flags);
	}
	rcu_read_unlock();
	return err < 0 ? err : 0;
}

#define irq_set_affinity(_irq, _mask) xnl_irq_set_affinity(_irq, _mask)
#endif

#endif /* XENION_COMPAT_INTERRUPT_H */
