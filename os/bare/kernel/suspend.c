// SPDX-License-Identifier: MIT
/*
 * The reference kernel is saved, restored, moved, or goes on after a checkpoint:
 * SCHEDOP_shutdown with SHUTDOWN_suspend (xen-public/sched.h). docs/porting.md explains
 * the order; what is of this kernel is the other CPUs, which wait in a function, and
 * the ports of its timer, its CPUs and its console (struct bare_resume). Called by
 * programs.
 */
#include <xenion/frontend.h>
#include <xenion/store.h>
#include "bare.h"

static struct bare_resume *resumes;

void bare_resume_register(struct bare_resume *r)
{
	r->next = resumes;
	resumes = r;
}

void bare_resume_unregister(struct bare_resume *r)
{
	struct bare_resume **p = &resumes;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
}

static int suspend_rooms(void)
{
	int err = xn_xs_suspend(&bare_guest.xs);

	if (err)
		return err;
	err = xn_evtchn_suspend(&bare_guest.evtchn);
	if (err)
		xn_xs_resume(&bare_guest.xs);
	else
		xn_gnttab_suspend(&bare_guest.gnttab);
	return err;
}

/* Upcalls are disabled, so no thread and no work runs but this. */
static int suspend_rooms_anew(void)
{
	int err = xn_clock_resume(&bare_clock, 0);

	if (!err)
		err = xn_evtchn_resume(&bare_guest.evtchn);
	return err ? err : bare_arch_upcalls(0);
}

/* Returns: is the domain a new one? */
static bool suspend_sleep(void)
{
	unsigned long flags = bare_upcalls_disable();
	int same, err = 0;

	/* Whether it fails or not, the next line knows what became of us. */
	bare_arch_suspend();
	same = xn_evtchn_survived(&bare_guest.evtchn);
	if (same >= 0)
		err = bare_arch_resume(!same);
	if (!same && !err)
		err = suspend_rooms_anew();
	if (same >= 0 && !err)
		err = xn_gnttab_resume(&bare_guest.gnttab, !same);
	if (same < 0 || err)
		bare_panic("bare: the guest cannot go on after its suspend (error %d)",
			   same < 0 ? same : err);
	bare_upcalls_restore(flags);
	return !same;
}

/* All let their ports go before the first gets one of the same number. */
static int suspend_wake_anew(struct xn_frontend *const *fe, unsigned int nr)
{
	struct xn_boot_channel store, console;
	struct bare_resume *r;
	unsigned int i;

	for (i = 0; i < nr; i++)
		xn_frontend_lost(fe[i]);
	for (r = resumes; r; r = r->next)
		r->lost(r);
	xn_evtchn_unbind(&bare_guest.evtchn, bare_timer);
	bare_cpus_lost();
	bare_timer_init(&bare_guest.evtchn);
	bare_cpus_go(true);
	bare_arch_channels(&store, &console);
	for (r = resumes; r; r = r->next)
		r->resume(r, &console);
	return xn_store_resume(&bare_guest, &store, NULL);
}

int bare_suspend(struct xn_frontend *const *fe, unsigned int nr, bool *anew)
{
	struct bare_resume *r;
	unsigned int i;
	int err;

	if (!bare_has_store)
		return -ENODEV;
	for (r = resumes; r; r = r->next)
		r->suspend(r);
	err = bare_cpus_park();
	if (err)
		return err;
	for (i = 0; i < nr; i++)
		xn_frontend_suspend(fe[i]);
	*anew = false;
	err = suspend_rooms();
	if (!err)
		*anew = suspend_sleep();
	if (*anew) {
		err = suspend_wake_anew(fe, nr);
	} else {
		bare_cpus_go(false);
		if (!err)
			xn_xs_resume(&bare_guest.xs);
	}
	for (i = 0; i < nr; i++)
		if (xn_frontend_resume(fe[i]))
			xn_os_log(XN_WARN, "bare: %s is not in the new domain",
				  fe[i]->dev->node);
	return err;
}
