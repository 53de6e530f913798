// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The boot console of a kernel that has this driver built in and starts as a PVH
 * guest: the same ring, written to by the same code, until hvc0 takes over. There
 * are no page tables to be had yet, so the page gets the place of an early
 * UART's, which this guest has none of, and keeps it.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <asm/fixmap.h>

#include <xenion/boot.h>
#include "console.h"
#include "xnl.h"

static struct console boot_console = {
	.name	= "xenion",
	.write	= xnl_console_print,
	.flags	= CON_PRINTBUFFER | CON_BOOT | CON_ANYTIME,
	.index	= -1,
};

void __init xnl_console_early(void)
{
	struct xn_boot_channel where;

	xn_hvm_console(&where);
	if (!where.gpa)
		return;
	set_fixmap(FIX_EARLYCON_MEM_BASE, where.gpa);
	xnl_console_use((void *)fix_to_virt(FIX_EARLYCON_MEM_BASE), where.port);
	register_console(&boot_console);
}
