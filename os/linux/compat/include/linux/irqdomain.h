/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Interrupts of the domain of vectors, for one CPU each. */
#ifndef XENION_COMPAT_IRQDOMAIN_H
#define XENION_COMPAT_IRQDOMAIN_H

#include_next <linux/irqdomain.h>

#include <xnl_have.h>

/*
 * Not exported by 5.10. There, vectors.c makes the interrupt in a domain of its
 * own below that of vectors; only @_aff counts.
 */
#if !XNL_HAVE_EXPORT_IRQ_DOMAIN_ALLOC_IRQS
struct irq_affinity_desc;
int xnl_vectors_alloc(const struct irq_affinity_desc *aff);

#define __irq_domain_alloc_irqs(_domain, _base, _nr, _node, _info, _realloc, \
				_aff)					\
	((void)(_info), xnl_vectors_alloc(_aff))
#endif

#endif /* XENION_COMPAT_IRQDOMAIN_H */
