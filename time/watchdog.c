// SPDX-License-Identifier: MIT
/*
 * A watchdog: Xen ends the domain (SHUTDOWN_watchdog) unless the guest asks for more
 * time before its time is over: SCHEDOP_watchdog (xen-public/sched.h). Called by the
 * OS layer.
 */
#include <xenion/hypercall.h>
#include <xenion/time.h>

static long watchdog_op(uint32_t id, uint32_t seconds)
{
	struct sched_watchdog x = { .id = id, .timeout = seconds };

	return xn_hc_sched(SCHEDOP_watchdog, &x);
}

static int watchdog_begin(struct xn_watchdog *w, uint32_t seconds)
{
	long id = watchdog_op(0, seconds);

	if (id < 0)
		return id;
	if (!id || id > 0xffffffff) {
		xn_stat_inc(XN_STAT_REFUSED);
		return -EIO;
	}
	w->id = id;
	return 0;
}

/* A new domain has none: older Xens say -EEXIST. */
static bool watchdog_is_gone(long err)
{
	return err == -EINVAL || err == -EEXIST;
}

int xn_watchdog_set(struct xn_watchdog *w, uint32_t seconds)
{
	long ret;

	if (!seconds)
		return -EINVAL;
	if (!w->id)
		return watchdog_begin(w, seconds);
	ret = watchdog_op(w->id, seconds);
	if (!watchdog_is_gone(ret))
		return ret < 0 ? ret : 0;
	w->id = 0;
	return watchdog_begin(w, seconds);
}

int xn_watchdog_stop(struct xn_watchdog *w)
{
	long ret = w->id ? watchdog_op(w->id, 0) : 0;

	if (ret < 0 && !watchdog_is_gone(ret))
		return ret;
	w->id = 0;
	return 0;
}
