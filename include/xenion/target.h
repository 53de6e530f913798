/* SPDX-License-Identifier: MIT */
/*
 * xenbus/target.c: how much memory the toolstack wants a guest to have (xl mem-set,
 * docs/misc/xenstore-paths.pandoc of Xen, ~/memory/target). What is too much is given
 * to Xen (ballooning, mmu.h), page by page; the OS layer says which.
 */
#ifndef XENION_TARGET_H
#define XENION_TARGET_H

#include <xenion/decls.h>
#include <xenion/guest.h>
#include <xenion/mmu.h>

XN_DECLS_BEGIN

/* The most pages that one call of get or put is about. */
#define XN_TARGET_BATCH	64u

/* How much memory the toolstack wants one guest to have. */
struct xn_target {
	/* The owner's: */
	/*
	 * There is something to do: have a thread call xn_target_apply(), soon.
	 * Called from a watch and from xn_target_apply(): does not wait for that.
	 */
	void (*changed)(struct xn_target *t);
	/*
	 * Take up to @n pages away from the system, as for xn_balloon_give(). May
	 * sleep. Return: how many; fewer if the system needs the rest now.
	 */
	unsigned int (*get)(struct xn_target *t, void **pages, unsigned int n);
	/* @n of these are the system's again; their content is undefined. May sleep. */
	void (*put)(struct xn_target *t, void **pages, unsigned int n);
	/* Pages that may be away at most: with fewer the system does not live. */
	unsigned long most;

	/* target.c's; the owner may read them: */
	struct xn_balloon balloon;
	unsigned long goal;	/* pages that are to be away */
	unsigned long all;	/* pages of this domain when none is away, or 0 */

	/* target.c's: */
	struct xn_xs *xs;
	struct xn_xs_watch watch;
	struct xn_xs_watch feature;	/* on control/feature-balloon */
	unsigned int pause;	/* seconds between two trials */
	unsigned int left;	/* of these, until the next one */
	bool announced;		/* control/feature-balloon is written */
	bool warned_target, warned_max, warned_most, warned_short;
};

/**
 * xn_target_init - begin to listen how much memory the toolstack wants the guest to have
 * @t: changed, get, put and most are set, the rest zero; owned by the caller until
 *     xn_target_fini()
 * @guest: the guest; its xenstore connection is up
 *
 * Goes on in a new domain, where the toolstack's wish is looked at again. Where the
 * toolstack allows it, control/feature-balloon is 1 until xn_target_fini().
 *
 * Context: may sleep.
 * Return: 0, or as xn_xs_watch(), and then nothing is left.
 */
int xn_target_init(struct xn_target *t, struct xn_guest *guest);

/**
 * xn_target_apply - come nearer to what the toolstack wants
 * @t: initialised
 *
 * Reads the nodes memory/target, static-max and videoram, in KiB. As many pages are
 * to be away as the target is below the maximum. A target that is no number is
 * ignored; one that is too high or too low is the highest or lowest that can be; each
 * is reported once. Gives or takes some MiB, then calls t->changed if there is more
 * to do. If the system or Xen has no memory, this waits: a second, and twice as long
 * each time, up to half a minute or until the target changes.
 *
 * XENMEM_decrease_reservation, XENMEM_populate_physmap.
 *
 * Context: may sleep; the caller serialises calls.
 */
void xn_target_apply(struct xn_target *t);

/**
 * xn_target_fini - stop listening
 * @t: initialised; not called from one of its own functions
 *
 * When it returns, the watch calls t->changed no more; the caller then waits for its
 * thread. Pages that are away stay away: see xn_target_end().
 *
 * Context: may sleep.
 */
void xn_target_fini(struct xn_target *t);

/**
 * xn_target_end - take all pages back
 * @t: after xn_target_fini(); no other call is under way
 *
 * Xen refuses if the toolstack has lowered what the domain may have, as xl mem-set
 * does. Those pages are lost: nobody may access them any more.
 *
 * Context: may sleep.
 * Return: how many are lost.
 */
unsigned long xn_target_end(struct xn_target *t);

XN_DECLS_END

#endif /* XENION_TARGET_H */
