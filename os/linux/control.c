// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the toolstack asks of the guest: xl shutdown, xl reboot. It writes a
 * word to control/shutdown; the guest removes the word to say that it has
 * heard (docs/misc/xenstore-paths.pandoc, ~/control/shutdown).
 */
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/string.h>

#include "internal.h"

static struct xn_xs_watch control_watch;

static void power_off(void)
{
	orderly_poweroff(false);
}

static const struct {
	const char *word;
	const char *feature;
	void (*fn)(void);
} commands[] = {
	{ "poweroff", "feature-poweroff", power_off },
	{ "halt", "feature-halt", power_off },
	{ "reboot", "feature-reboot", orderly_reboot },
};

static void control_changed(struct xn_xs_watch *w)
{
	char word[32];
	unsigned int i;
	int len;

	len = xn_xs_read(&xnl_guest.xs, XN_XS_NOTXN, "control", "shutdown",
			 word, sizeof(word));
	if (len <= 0)
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].word))
			continue;
		pr_info("xenion: the host asks for %s\n", word);
		xn_xs_write(&xnl_guest.xs, XN_XS_NOTXN, "control", "shutdown",
			    "");
		commands[i].fn();
		return;
	}
	pr_warn_once("xenion: the host asks for something that this guest does not do\n");
}

int xnl_control_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		xn_xs_write(&xnl_guest.xs, XN_XS_NOTXN, "control",
			    commands[i].feature, "1");
	strscpy(control_watch.path, "control/shutdown",
		sizeof(control_watch.path));
	control_watch.fn = control_changed;
	return xn_xs_watch(&xnl_guest.xs, &control_watch);
}

void xnl_control_fini(void)
{
	xn_xs_unwatch(&xnl_guest.xs, &control_watch);
}
