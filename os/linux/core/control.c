// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What this kernel does when the toolstack asks (xenion/control.h): xl shutdown,
 * xl reboot, xl save and xl migrate, and xl sysrq as far as kernel.sysrq allows it (Linux's
 * Documentation/admin-guide/sysrq.rst).
 */
#include <linux/reboot.h>
#include <linux/sysrq.h>

#include <xenion/control.h>

#include "core.h"

static void control_poweroff(struct xn_control *c)
{
	orderly_poweroff(false);
}

static void control_reboot(struct xn_control *c)
{
	orderly_reboot();
}

#ifdef CONFIG_SUSPEND
static void control_suspend(struct xn_control *c)
{
	xnl_suspend();
}
#endif

static const struct xn_control_command control_commands[] = {
	{ "poweroff", "feature-poweroff", control_poweroff },
	{ "halt", "feature-halt", control_poweroff },
	{ "reboot", "feature-reboot", control_reboot },
#ifdef CONFIG_SUSPEND
	{ "suspend", "feature-suspend", control_suspend },
#endif
};

static void control_sysrq(struct xn_control *c, char key)
{
	handle_sysrq(key);
}

static struct xn_control control;

int xnl_control_init(void)
{
	control = (struct xn_control){
		.commands = control_commands,
		.nr_commands = ARRAY_SIZE(control_commands),
		.sysrq = IS_ENABLED(CONFIG_MAGIC_SYSRQ) ? control_sysrq : NULL,
	};
	return xn_control_init(&control, &xnl_guest);
}

void xnl_control_resume(void)
{
	xn_control_resume(&control);
}

void xnl_control_fini(void)
{
	xn_control_fini(&control);
	xnl_suspend_fini();
}
