// SPDX-License-Identifier: MIT
/*
 * A frontend of a guest that is saved, restored or moved. In a new domain its
 * backend is another one, which begins at the state Initialising
 * (xen-public/io/xenbus.h); nobody uses the old rings. Called by the OS layer.
 */
#include "frontend.h"

static void frontend_sleep(struct xn_frontend *fe, bool asleep)
{
	unsigned long flags = xn_lock(&fe->lock);

	XN_WRITE_ONCE(fe->asleep, asleep);
	xn_unlock(&fe->lock, flags);
}

void xn_frontend_suspend(struct xn_frontend *fe)
{
	frontend_sleep(fe, true);
	xn_work_cancel(&fe->work);
}

/* As frontend_stop(), but the OS layer may keep the device. */
static void frontend_stop_lost(struct xn_frontend *fe)
{
	if (fe->ops->stop)
		fe->ops->stop(fe);
	if (fe->shown && fe->ops->keep && fe->ops->keep(fe)) {
		fe->shown = false;
		fe->kept = true;
	}
	if (fe->shown)
		xn_frontend_hide(fe);
}

void xn_frontend_lost(struct xn_frontend *fe)
{
	struct xn_device *dev = fe->dev;
	unsigned long flags;

	if (fe->phase != XN_FRONTEND_IDLE && fe->phase != XN_FRONTEND_CLOSING) {
		frontend_stop_lost(fe);
		xn_frontend_cut(fe);
	}
	xn_frontend_enter_idle(fe);
	if (fe->watching)
		xn_xs_watch_lost(&dev->guest->xs, &fe->watch);
	fe->watching = false;
	xn_device_lost(dev);
	/* Of what the old backend did nothing counts any more. */
	flags = xn_lock(&fe->lock);
	fe->state_news = false;
	fe->node_news = false;
	XN_WRITE_ONCE(fe->fault, NULL);
	xn_unlock(&fe->lock, flags);
	fe->put_off = false;
	fe->lost = true;
}

int xn_frontend_resume(struct xn_frontend *fe)
{
	int err;

	frontend_sleep(fe, false);
	if (fe->lost) {
		err = xn_device_resume(fe->dev);
		if (err)
			frontend_sleep(fe, true);
		fe->lost = err;
		return err;
	}
	xn_frontend_wake(fe);
	return 0;
}
