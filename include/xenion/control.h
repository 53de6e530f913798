/* SPDX-License-Identifier: MIT */
/*
 * xenbus/control.c: what the toolstack asks of a guest as a whole: to power off,
 * to reboot, a magic SysRq key (docs/misc/xenstore-paths.pandoc of Xen,
 * ~/control/shutdown and ~/control/sysrq). The OS layer lists what it obeys.
 */
#ifndef XENION_CONTROL_H
#define XENION_CONTROL_H

#include <xenion/decls.h>
#include <xenion/guest.h>

XN_DECLS_BEGIN

/* The longest word that is reported whole, with its NUL. */
#define XN_CONTROL_WORD_MAX	32

struct xn_control;

/* A word of control/shutdown that a guest obeys. */
struct xn_control_command {
	const char *word;	/* "poweroff", "halt", "reboot", "suspend", ... */
	/* The node below control/ that announces it, or NULL */
	const char *feature;
	/*
	 * Does it. May sleep, and need not return. A suspend waits for watch
	 * functions, of which this is one (xn_xs_suspend()): for "suspend" have
	 * another thread do it.
	 */
	void (*fn)(struct xn_control *c);
};

/* The toolstack's requests to one guest. */
struct xn_control {
	/* The owner's; the table lives until xn_control_fini(). */
	const struct xn_control_command *commands;
	unsigned int nr_commands;
	/* A key of xl sysrq, a letter or a digit; may sleep. NULL: none */
	void (*sysrq)(struct xn_control *c, char key);

	/* control.c's: */
	struct xn_xs *xs;
	struct xn_xs_watch shutdown_watch, sysrq_watch;
	bool announced, sysrq_warned;
	char unknown[XN_CONTROL_WORD_MAX];	/* the last one that was reported */
};

/**
 * xn_control_init - announce what the guest obeys, and begin to listen
 * @c: public part set, the rest zero; owned by the caller until
 *     xn_control_fini()
 * @guest: the guest; its xenstore connection is up
 *
 * A request is removed from xenstore before it is obeyed, which shows the
 * toolstack that the guest has read it. If the toolstack forbids that, the
 * guest still obeys. A word that is not in the table stays in xenstore, and is
 * reported once. The functions are called from a watch, one after the other.
 * Context: may sleep.
 * Return: 0, or as xn_xs_watch(), and then nothing is left.
 */
int xn_control_init(struct xn_control *c, struct xn_guest *guest);

/**
 * xn_control_resume - announce again in a new domain what the guest obeys
 * @c: initialised; xenstore is connected again (xn_store_resume())
 *
 * The watches have been made again with all others. What xenstore does not take
 * now is announced a second later. Nothing to be done in the same domain.
 * Context: may sleep.
 */
void xn_control_resume(struct xn_control *c);

/**
 * xn_control_fini - stop listening
 * @c: initialised; not called from one of its own functions
 *
 * What was announced stays: the next user of the connection announces again.
 * Context: may sleep.
 */
void xn_control_fini(struct xn_control *c);

XN_DECLS_END

#endif /* XENION_CONTROL_H */
