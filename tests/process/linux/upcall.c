// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Upcalls in User-Mode Linux, in place of os/linux/core/upcall.c, which is for
 * vectors of a local APIC: here, the thread of Xen and dom0 calls um_upcall().
 */
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irqdesc.h>

#include "core.h"
#include "kernel.h"

static bool upcalls_on;

unsigned int xnl_vcpu(unsigned int cpu)
{
	return cpu;
}

void um_upcall(void)
{
	unsigned long flags;

	if (!upcalls_on)
		return;
	local_irq_save(flags);
	irq_enter();
	xn_evtchn_upcall(&xnl_guest.evtchn, 0);
	irq_exit();
	local_irq_restore(flags);
}

int xnl_upcall_init(void)
{
	upcalls_on = true;
	xnl_irq_enter_cpu(0);
	return 0;
}

void xnl_upcall_fini(void)
{
	xnl_irq_leave_cpu(0);
	upcalls_on = false;
}
