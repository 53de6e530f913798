// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the toolstack asks of the guest: xl shutdown, xl reboot. It writes a
 * word to control/shutdown; the guest removes the word to say that it has
 * heard (docs/misc/xenstore-paths.pandoc, ~/control/shutdown).
 */
#include <linux/ctype.h>
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

/* The longest word that is told whole. */
#define WORD_MAX	32

static bool features_told;
static char last_unknown[WORD_MAX];

/* xl does not ask for what it does not find here. */
static void tell_features(void)
{
	unsigned int i;
	int err;

	features_told = true;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		err = xn_xs_write(&xnl_guest.xs, XN_XS_NOTXN, "control",
				  commands[i].feature, "1");
		/* A toolstack that does not let us looks for none. */
		if (err && err != -EACCES && err != -ESHUTDOWN)
			features_told = false;
	}
}

/* Once per word, as far as it can be printed. */
static void complain(char *word)
{
	char *c;

	for (c = word; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = '?';
	if (!strcmp(word, last_unknown))
		return;
	strscpy(last_unknown, word, sizeof(last_unknown));
	pr_warn("xenion: the host asks for \"%s\", which this guest does not do\n",
		word);
}

static void obey(char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].word))
			continue;
		pr_info("xenion: the host asks for %s\n", word);
		xn_xs_write(&xnl_guest.xs, XN_XS_NOTXN, "control", "shutdown",
			    "");
		commands[i].fn();
		return;
	}
	complain(word);
}

static void control_changed(struct xn_xs_watch *w)
{
	char word[WORD_MAX];
	int len;

	if (!features_told)
		tell_features();
	len = xn_xs_read(&xnl_guest.xs, XN_XS_NOTXN, "control", "shutdown",
			 word, sizeof(word));
	if (len == -EMSGSIZE)
		strscpy(word, "a word that is too long", sizeof(word));
	if (len > 0 || len == -EMSGSIZE)
		obey(word);
	/* No answer: the toolstack says it once only. */
	else if (len && len != -ENOENT && len != -ESHUTDOWN)
		xn_xs_watch_again(&xnl_guest.xs, w);
	if (!features_told)
		xn_xs_watch_again(&xnl_guest.xs, w);
}

int xnl_control_init(void)
{
	tell_features();
	strscpy(control_watch.path, "control/shutdown",
		sizeof(control_watch.path));
	control_watch.fn = control_changed;
	return xn_xs_watch(&xnl_guest.xs, &control_watch);
}

void xnl_control_fini(void)
{
	xn_xs_unwatch(&xnl_guest.xs, &control_watch);
}
