// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Interrupts with a vector on one CPU, for kernels that do not export
 * __irq_domain_alloc_irqs() (5.10): they are made by way of a mapping, in a domain
 * of our own below that of the kernel's vectors. A mapping's number is that of the
 * CPU. For os/linux/core/upcall.c; empty for newer kernels.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "compat.h"

#if !XNL_HAVE_EXPORT_IRQ_DOMAIN_ALLOC_IRQS

static struct fwnode_handle *vectors_node;
static struct irq_domain *vectors_domain;

/* All that is done, is done by the chip of the parent, the local APIC. */
static struct irq_chip vectors_chip = {
	.name			= "xenion-vector",
	.irq_ack		= irq_chip_ack_parent,
	.irq_retrigger		= irq_chip_retrigger_hierarchy,
	.irq_set_affinity	= irq_chip_set_affinity_parent,
	.flags			= IRQCHIP_SKIP_SET_WAKE,
};

static int vectors_translate(struct irq_domain *domain,
			     struct irq_fwspec *fwspec, unsigned long *hwirq,
			     unsigned int *type)
{
	*hwirq = fwspec->param[0];
	*type = IRQ_TYPE_NONE;
	return 0;
}

static int vectors_domain_alloc(struct irq_domain *domain, unsigned int irq,
				unsigned int nr_irqs, void *arg)
{
	const struct irq_fwspec *fwspec = arg;
	const struct cpumask *cpu = cpumask_of(fwspec->param[0]);
	struct irq_alloc_info info = { .mask = cpu };
	int err;

	err = irq_domain_alloc_irqs_parent(domain, irq, nr_irqs, &info);
	if (err)
		return err;
	/*
	 * The vector is on that CPU now. request_irq() moves it if the affinity says
	 * so, which is that of any interrupt: /proc/irq/default_smp_affinity.
	 */
	xnl_irq_affinity_taken(irq_get_irq_data(irq), cpu);
	return irq_domain_set_hwirq_and_chip(domain, irq, fwspec->param[0],
					     &vectors_chip, NULL);
}

static const struct irq_domain_ops vectors_ops = {
	.translate	= vectors_translate,
	.alloc		= vectors_domain_alloc,
	.free		= irq_domain_free_irqs_common,
};

int xnl_vectors_alloc(const struct irq_affinity_desc *aff)
{
	struct irq_fwspec fwspec = {
		.fwnode = vectors_node,
		.param_count = 1,
		.param = { cpumask_first(&aff->mask) },
	};

	/* 0: for one of many reasons. */
	return irq_create_fwspec_mapping(&fwspec) ?: -ENOSPC;
}

int xnl_vectors_init(void)
{
	vectors_node = irq_domain_alloc_named_fwnode("xenion-vectors");
	if (!vectors_node)
		return -ENOMEM;
	vectors_domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0,
						     vectors_node, &vectors_ops,
						     NULL);
	if (vectors_domain)
		return 0;
	irq_domain_free_fwnode(vectors_node);
	return -ENOMEM;
}

void xnl_vectors_fini(void)
{
	irq_domain_remove(vectors_domain);
	irq_domain_free_fwnode(vectors_node);
}

#endif
