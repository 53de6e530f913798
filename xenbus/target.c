// SPDX-License-Identifier: MIT
/*
 * How much memory the toolstack wants a guest to have: it writes memory/target, in KiB
 * (docs/misc/xenstore-paths.pandoc of Xen). The guest gives pages to Xen until it has
 * no more, or takes them back (mmu/balloon.c). Called by an OS layer when its
 * xenstore connection is up.
 *
 * The toolstack counts what the guest does not know as RAM, too. So not the guest's
 * own count of pages is compared with the target, but the domain's maximum: as many
 * pages are away as the target is lower.
 */
#include "xs.h"
#include <xenion/target.h>

#define KIB_PER_PAGE	(XN_PAGE_SIZE / 1024)

/* The node below control/ by which the toolstack knows that the guest listens. */
#define FEATURE		"feature-balloon"

/* Batches before another look at the target. */
#define BATCHES		64u

/* The longest pause, in seconds. */
#define PAUSE_MAX	32u

/* Returns: true the first time: then it is reported. */
static bool target_refused(bool *warned)
{
	bool first = !*warned;

	*warned = true;
	if (first)
		xn_stat_inc(XN_STAT_REFUSED);
	return first;
}

static int memory_read(struct xn_target *t, const char *node, uint64_t *kib)
{
	return xn_xs_read_uint(t->xs, XN_XS_NOTXN, "memory", node, ~0ull, kib);
}

/* The domain's pages when none is away. */
static int all_read(struct xn_target *t)
{
	uint64_t max, video = 0;
	int err = memory_read(t, "static-max", &max);

	if (err)
		return err;
	/* A part that no target contains: of a display of HVM guests. */
	err = memory_read(t, "videoram", &video);
	if (xn_xs_passes(err))
		return err;
	t->all = max > video ? (max - video) / KIB_PER_PAGE : 0;
	return 0;
}

/* Returns: 0, or an error: then the goal is as before. */
static int goal_read(struct xn_target *t)
{
	unsigned long goal = 0;
	uint64_t kib;
	int err = all_read(t);

	if (!err)
		err = memory_read(t, "target", &kib);
	if ((err == -EINVAL || err == -ERANGE) &&
	    target_refused(&t->warned_target))
		xn_os_log(XN_WARN, "memory/target or memory/static-max in xenstore is no number of KiB: ignored");
	if (err)
		return err;
	if (kib / KIB_PER_PAGE < t->all)
		goal = t->all - kib / KIB_PER_PAGE;
	else if (kib / KIB_PER_PAGE > t->all && target_refused(&t->warned_max))
		xn_os_log(XN_WARN, "memory/target in xenstore is above memory/static-max: taken for that");
	if (goal > t->most) {
		if (target_refused(&t->warned_most))
			xn_os_log(XN_WARN, "memory/target in xenstore is too low for this guest: it keeps more");
		goal = t->most;
	}
	if (goal != t->goal)
		t->pause = t->left = 0;
	t->goal = goal;
	return 0;
}

/* Returns: 0, or an error if there is less than was wanted. */
static int target_give(struct xn_target *t, unsigned int n)
{
	void *page[XN_TARGET_BATCH];
	unsigned int got = t->get(t, page, n);
	int given = got ? xn_balloon_give(&t->balloon, page, got) : 0;
	unsigned int gone = given > 0 ? given : 0;

	if (gone < got)
		t->put(t, page + gone, got - gone);
	return gone < n ? -EAGAIN : 0;
}

static int target_take(struct xn_target *t, unsigned int n)
{
	void *page[XN_TARGET_BATCH];
	int got = xn_balloon_take(&t->balloon, page, n);

	if (got > 0)
		t->put(t, page, got);
	return got < (int)n ? -EAGAIN : 0;
}

/* Some pages, in the direction that is wanted. */
static int target_step(struct xn_target *t)
{
	unsigned long away = t->balloon.count;
	unsigned long n = away < t->goal ? t->goal - away : away - t->goal;

	if (n > XN_TARGET_BATCH)
		n = XN_TARGET_BATCH;
	return away < t->goal ? target_give(t, n) : target_take(t, n);
}

/* There is no memory, here or with Xen: later. */
static void target_pause(struct xn_target *t)
{
	if (t->pause && !t->warned_short) {
		t->warned_short = true;
		xn_os_log(XN_INFO,
			  "%s has no memory now: %lu pages are away instead of %lu",
			  t->balloon.count < t->goal ? "this guest" : "Xen",
			  t->balloon.count, t->goal);
	}
	t->pause = t->pause ? 2 * t->pause : 1;
	if (t->pause > PAUSE_MAX)
		t->pause = PAUSE_MAX;
	t->left = t->pause;
}

void xn_target_apply(struct xn_target *t)
{
	unsigned int batches = BATCHES;
	int err = goal_read(t);

	if (xn_xs_passes(err)) {
		xn_xs_watch_again(t->xs, &t->watch);
		return;
	}
	if (t->left && --t->left) {
		xn_xs_watch_again(t->xs, &t->watch);
		return;
	}
	for (err = 0; !err && batches && t->balloon.count != t->goal; batches--)
		err = target_step(t);
	if (err) {
		target_pause(t);
		xn_xs_watch_again(t->xs, &t->watch);
		return;
	}
	t->pause = 0;
	if (t->balloon.count != t->goal)
		t->changed(t);
	else
		t->warned_short = false;
}

static void target_changed(struct xn_xs_watch *w)
{
	struct xn_target *t = xn_container_of(w, struct xn_target, watch);

	t->changed(t);
}

/*
 * XAPI's memory daemon leaves guests alone that do not say so. The node's own watch
 * is told of each new domain, which does not have it. A toolstack that forbids the
 * node does not read it.
 */
static void target_announce(struct xn_xs_watch *w)
{
	struct xn_target *t = xn_container_of(w, struct xn_target, feature);
	uint64_t there = 0;
	int err = xn_xs_read_uint(t->xs, XN_XS_NOTXN, "control", FEATURE, 1,
				  &there);

	if (err || !there)
		err = xn_xs_write(t->xs, XN_XS_NOTXN, "control", FEATURE, "1");
	t->announced = !err;
	if (xn_xs_passes(err))
		xn_xs_watch_again(t->xs, w);
}

int xn_target_init(struct xn_target *t, struct xn_guest *guest)
{
	int err = xn_path_join(t->watch.path, "memory", "target");

	t->xs = &guest->xs;
	t->watch.fn = target_changed;
	t->feature.fn = target_announce;
	if (!err)
		err = xn_path_join(t->feature.path, "control", FEATURE);
	if (!err)
		err = xn_xs_watch(t->xs, &t->watch);
	if (!err)
		err = xn_xs_watch(t->xs, &t->feature);
	if (err)
		xn_target_fini(t);
	return err;
}

void xn_target_fini(struct xn_target *t)
{
	xn_xs_unwatch(t->xs, &t->watch);
	xn_xs_unwatch(t->xs, &t->feature);
	if (t->announced)
		(void)xn_xs_rm(t->xs, XN_XS_NOTXN, "control", FEATURE);
	t->announced = false;
}

unsigned long xn_target_end(struct xn_target *t)
{
	unsigned long lost;

	t->goal = 0;
	while (t->balloon.count && !target_take(t, XN_TARGET_BATCH))
		;
	lost = t->balloon.count;
	xn_balloon_fini(&t->balloon);
	return lost;
}
