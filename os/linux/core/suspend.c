// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Save, restore, migration and checkpoint: the toolstack writes "suspend" to
 * control/shutdown, and the guest calls SCHEDOP_shutdown with SHUTDOWN_suspend
 * (xen-public/sched.h). The call returns in a new domain, to which memory and vCPUs
 * have been moved, or in the old one.
 *
 * Linux's own suspend does the most: it freezes programs, quiets devices, takes all
 * CPUs but one offline and turns interrupts off. We are its platform, for that one
 * time. Then the rooms are resumed from below, and the devices after them.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "core.h"

static LIST_HEAD(resumes);
static DEFINE_MUTEX(resumes_lock);
static bool prepared;		/* the rooms are asleep */
static bool anew;		/* the domain is a new one */

void xnl_resume_register(struct xnl_resume *r)
{
	mutex_lock(&resumes_lock);
	list_add_tail(&r->list, &resumes);
	mutex_unlock(&resumes_lock);
}
EXPORT_SYMBOL_GPL(xnl_resume_register);

void xnl_resume_unregister(struct xnl_resume *r)
{
	mutex_lock(&resumes_lock);
	list_del(&r->list);
	mutex_unlock(&resumes_lock);
}
EXPORT_SYMBOL_GPL(xnl_resume_unregister);

static int suspend_valid(suspend_state_t state)
{
	return state == PM_SUSPEND_STANDBY;
}

/* Devices have been quieted; interrupts come, and all CPUs run. */
static int suspend_prepare(void)
{
	int err;

	/* Until the end nobody comes or goes. */
	mutex_lock(&resumes_lock);
	prepared = true;
	anew = false;
	xnl_bus_suspend();
	err = xn_xs_suspend(&xnl_guest.xs);
	if (err)
		return err;
	xn_gnttab_suspend(&xnl_guest.gnttab);
	return xn_evtchn_suspend(&xnl_guest.evtchn);
}

/* The lowest rooms; without them there is no guest. Interrupts are off. */
static int suspend_resume_low(void)
{
	struct xnl_resume *r;
	int err = xn_vcpus_resume(&xnl_vcpus, true);

	if (!err)
		err = xn_evtchn_resume(&xnl_guest.evtchn);
	if (!err)
		err = xnl_upcall_resume();
	if (err)
		return err;
	xnl_unplug_resume();
	list_for_each_entry(r, &resumes, list)
		if (r->reborn)
			r->reborn();
	return 0;
}

/* On one CPU, with interrupts off. */
static int suspend_enter(suspend_state_t state)
{
	struct sched_shutdown x = { .reason = SHUTDOWN_suspend };
	int err = xn_hc_sched(SCHEDOP_shutdown, &x);

	/* 1 may be the answer in the old domain, and 0 is in both. */
	if (err < 0)
		return err;
	err = xn_evtchn_survived(&xnl_guest.evtchn);
	if (err > 0)
		return 0;
	if (!err) {
		anew = true;
		err = suspend_resume_low();
	}
	if (err)
		panic("xenion: the guest cannot go on in its new domain (error %d)\n",
		      err);
	return 0;
}

static void suspend_resume_anew(void)
{
	struct xnl_resume *r;
	int err;

	/* All give up their ports, before the first gets one of the same number. */
	xnl_bus_lost();
	list_for_each_entry(r, &resumes, list)
		if (r->lost)
			r->lost();
	err = xnl_store_resume();
	if (err)
		pr_err("xenion: no xenstore in the new domain (error %d): no device works any more\n",
		       err);
	xnl_control_resume();
}

/* CPUs and interrupts are back, devices not yet. Also if prepare failed. */
static void suspend_finish(void)
{
	struct xnl_resume *r;
	int err;

	if (!prepared)
		return;
	err = xn_gnttab_resume(&xnl_guest.gnttab, anew);
	if (err)
		panic("xenion: no grant table in the new domain (error %d)\n", err);
	if (anew)
		suspend_resume_anew();
	else
		xn_xs_resume(&xnl_guest.xs);
	list_for_each_entry(r, &resumes, list)
		if (r->resume)
			r->resume(anew);
	xnl_bus_resume();
}

/* Linux has added the time that was slept, which an RTC told it in seconds. */
static void suspend_end(void)
{
	struct xnl_resume *r;

	if (!prepared)
		return;
	list_for_each_entry(r, &resumes, list)
		if (r->end)
			r->end();
	prepared = false;
	mutex_unlock(&resumes_lock);
}

static const struct platform_suspend_ops suspend_ops = {
	.valid	= suspend_valid,
	.prepare = suspend_prepare,
	.enter	= suspend_enter,
	.finish	= suspend_finish,
	.end	= suspend_end,
};

static void suspend_now(struct work_struct *work)
{
	int err;

	xnl_cmos_leave();
	suspend_set_ops(&suspend_ops);
	err = pm_suspend(PM_SUSPEND_STANDBY);
	suspend_set_ops(NULL);
	xnl_cmos_return();
	if (err)
		pr_err("xenion: the guest cannot be suspended now (error %d): the toolstack's operation fails\n",
		       err);
	else
		pr_info("xenion: %s\n", anew ?
			"the guest goes on in a new domain" :
			"the suspend was cancelled: the guest goes on in its domain");
}

static DECLARE_WORK(suspend_work, suspend_now);

void xnl_suspend(void)
{
	schedule_work(&suspend_work);
}

void xnl_suspend_fini(void)
{
	cancel_work_sync(&suspend_work);
}
