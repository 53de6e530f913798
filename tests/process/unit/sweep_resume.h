/* SPDX-License-Identifier: MIT */
/*
 * Every fault while a guest with a device is saved and restored, or its suspend
 * is cancelled, with traffic under way. An OS layer repeats what failed, or does
 * not suspend. For those that include sweep_device.h.
 */
#ifndef XENION_SWEEP_RESUME_H
#define XENION_SWEEP_RESUME_H

#include "sweep_device.h"
#include "restore.h"

/* The fault comes once: what failed succeeds when it is done again. */
#define SWEEP_REPEAT(call) do {						\
	unsigned int tries_ = 0;					\
									\
	while (call)							\
		assert_in_range(++tries_, 1, 2);			\
} while (0)

static inline void sweep_stay(void)
{
	xn_xs_resume(&t.x.guest.xs);
	assert_int_equal(xn_frontend_resume(device.fe), 0);
}

/* Returns: false if the guest is not suspended, and goes on. */
static inline bool sweep_suspend(void)
{
	xn_frontend_suspend(device.fe);
	if (!xn_xs_suspend(&t.x.guest.xs) && !host_xenion_suspend(&t.x))
		return true;
	sweep_stay();
	return false;
}

static inline void sweep_move(void)
{
	be_bus_lose(&t.b.bus);
	host_guest_restore(t.x.host);
	host_xs_restore(t.h);
	t_plug();
	SWEEP_REPEAT(host_xenion_resume(&t.x));
	xn_frontend_lost(device.fe);
	assert_false(device.waits());
	device.check(false);
	SWEEP_REPEAT(guest_reconnect(&t.x));
	SWEEP_REPEAT(xn_frontend_resume(device.fe));
}

/* Leave traffic that the backend has not looked at. */
static inline void sweep_leave(const void *config)
{
	device.begin(config);
	sweep_connect(config);
	t.b.bus.asleep = true;
	device.traffic();
	host_pump();
	t.b.bus.asleep = false;
}

static inline void sweep_finish(const void *config)
{
	sweep_settle();
	device.traffic();
	sweep_settle();
	sweep_disarm();
	device.detach();
	host_pump();
	device.check(!sweep.hit);
	assert_int_equal(front_state(), XenbusStateClosed);
	sweep_retry(config);
	sweep_device_end();
}

/* ---- scenarios ---- */

static inline void sweep_restore(const void *config)
{
	sweep_leave(config);
	sweep_arm();
	if (sweep_suspend())
		sweep_move();
	else
		device.wake();
	sweep_finish(config);
}

/* Saved again before the new backend has answered. */
static inline void sweep_restore_twice(const void *config)
{
	sweep_leave(config);
	t.b.bus.sticky = true;
	sweep_arm();
	if (sweep_suspend()) {
		sweep_move();
		host_pump();
	}
	if (sweep_suspend())
		sweep_move();
	t.b.bus.sticky = false;
	be_watch(&t.b.bus);
	device.wake();
	sweep_finish(config);
}

/* A Xen that denies the marker says that the domain is a new one. */
static inline bool sweep_would_lie(void)
{
	return sweep.test->kind->what == HOST_FAULT_HYPERCALL &&
	       sweep.test->kind->err == -EINVAL;
}

static inline void sweep_cancel(const void *config)
{
	if (sweep_would_lie())
		return;
	sweep_leave(config);
	sweep_arm();
	if (sweep_suspend()) {
		SWEEP_REPEAT(host_xenion_resume(&t.x));
		sweep_stay();
	}
	device.wake();
	sweep_finish(config);
}

#endif /* XENION_SWEEP_RESUME_H */
