/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Linux's <linux/irqdomain.h>, with a point before a mapping is disposed of
 * (um_point(), kernel.h).
 */
#include_next <linux/irqdomain.h>

#ifndef XENION_TESTS_LINUX_IRQDOMAIN_H
#define XENION_TESTS_LINUX_IRQDOMAIN_H

void um_point(const char *what, const char *file);

#define irq_dispose_mapping(irq) do {			\
	um_point("irq_dispose_mapping", __FILE__);	\
	irq_dispose_mapping(irq);			\
} while (0)

#endif /* XENION_TESTS_LINUX_IRQDOMAIN_H */
