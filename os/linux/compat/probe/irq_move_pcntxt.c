// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Gone after 6.12: a flag for interrupts that can be moved at any time. */
#include <linux/irq.h>

int probe = IRQ_MOVE_PCNTXT;
