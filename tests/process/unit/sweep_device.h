/* SPDX-License-Identifier: MIT */
/*
 * Every fault in the life of a device: attach, traffic, detach; the backend
 * goes with traffic under way and comes back; the device is unplugged, in good
 * order or without notice, and plugged again. Whatever fails, the device is
 * Connected and works, or is Closed; each request ends once; nothing is lost;
 * and all works the next time. For test_sweep_blk.c, test_sweep_net.c and
 * test_sweep_9p.c, which include their *_backend.h first. See sweep.h.
 */
#ifndef XENION_SWEEP_DEVICE_H
#define XENION_SWEEP_DEVICE_H

#include "sweep.h"

/* What is particular to a frontend. @config is the argument of a scenario. */
struct sweep_device {
	/* Makes a guest and the device's backend, with what traffic needs. */
	void (*begin)(const void *config);
	/* Called after all has ended, before the guest goes; may be NULL. */
	void (*end)(void);
	/* Returns: as xn_device_init() or the frontend's init. */
	int (*attach)(const void *config);
	void (*detach)(void);
	/* Begins as much traffic as possible, without waiting for its end. */
	void (*traffic)(void);
	/* Is there traffic that has not ended? */
	bool (*waits)(void);
	/* Asserts that all has ended; with @all_well, that nothing failed. */
	void (*check)(bool all_well);
	/* Does the OS layer have the device? */
	bool (*is_up)(void);
	struct xn_frontend *fe;
	/* The backend reads its rings, unless it drops that when it closes. */
	void (*wake)(void);
	bool drops;
	/* It writes again what a final answer hid; NULL: only its state. */
	void (*repeat)(void);
};

static const struct sweep_device device;

static inline long long front_state(void)
{
	return be_number(&t.b.bus, t.b.bus.front, "state");
}

/* In the end, the device is Connected or Closed, and idle. */
static inline void sweep_settle(void)
{
	struct be_bus *bus = &t.b.bus;
	long long state;

	host_run(300 * XN_NSEC_PER_SEC);
	if (front_state() != XenbusStateClosed && sweep_is_final_answer()) {
		be_state(bus, be_number(bus, bus->path, "state"));
		host_run(300 * XN_NSEC_PER_SEC);
	}
	if (device.repeat && sweep_is_final_answer())
		device.repeat();
	state = front_state();
	if (state == XenbusStateConnected)
		assert_true(bus->connected);
	else
		assert_int_equal(state, XenbusStateClosed);
	assert_int_equal(device.is_up(), state == XenbusStateConnected);
	assert_false(device.waits());
}

/* Attach without a fault. */
static inline void sweep_connect(const void *config)
{
	unsigned int before = t.connected;

	assert_int_equal(device.attach(config), 0);
	assert_int_equal(t.connected, before + 1);
	assert_int_equal(front_state(), XenbusStateConnected);
	assert_true(device.is_up());
}

/* Returns: as attach. */
static inline int sweep_use(const void *config)
{
	int err = device.attach(config);

	if (err)
		return err;
	device.traffic();
	sweep_settle();
	device.detach();
	return 0;
}

/* The fault is over: a device that failed works when it is attached again. */
static inline void sweep_retry(const void *config)
{
	sweep_connect(config);
	device.traffic();
	host_run(XN_NSEC_PER_SEC);
	device.check(true);
	device.detach();
	host_pump();
	assert_false(device.is_up());
	assert_int_equal(front_state(), XenbusStateClosed);
}

static inline void sweep_device_end(void)
{
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	if (device.end)
		device.end();
	sweep_guest_stop(&t.x, t.h);
}

/* ---- scenarios ---- */

static inline void sweep_life(const void *config)
{
	int err;

	device.begin(config);
	sweep_arm();
	err = sweep_use(config);
	sweep_disarm();
	host_pump();
	device.check(!sweep.hit);
	assert_false(device.is_up());
	if (!err)
		assert_int_equal(front_state(), XenbusStateClosed);
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	sweep_retry(config);
	sweep_device_end();
}

/* The backend closes with traffic under way, and comes back. */
static inline void sweep_return(const void *config)
{
	device.begin(config);
	sweep_connect(config);
	t.b.bus.asleep = true;
	device.traffic();
	host_pump();
	t.b.bus.asleep = false;
	sweep_arm();
	be_state(&t.b.bus, XenbusStateClosing);
	if (!device.drops)
		device.wake();
	sweep_settle();
	if (front_state() == XenbusStateClosed) {
		device.check(false);
		be_state(&t.b.bus, XenbusStateInitWait);
		sweep_settle();
	}
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

/* The guest must not create again what the toolstack has removed. */
static inline void sweep_check_unplugged(void)
{
	assert_null(host_xs_read(t.h, FRONT "/state"));
	assert_int_equal(host_gnttab_active(t.x.host), 0);
}

/* Unplug and plug, as "xl block-detach" and "xl block-attach" do. */
static inline void sweep_plug(const void *config)
{
	device.begin(config);
	sweep_connect(config);
	sweep_arm();
	be_state(&t.b.bus, XenbusStateClosing);
	sweep_settle();
	assert_int_equal(front_state(), XenbusStateClosed);
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	device.detach();
	sweep_check_unplugged();
	t_plug();
	(void)sweep_use(config);
	sweep_disarm();
	host_pump();
	device.check(!sweep.hit);
	sweep_retry(config);
	sweep_device_end();
}

/* Unplug without notice. */
static inline void sweep_pull(const void *config)
{
	device.begin(config);
	sweep_connect(config);
	t.b.bus.asleep = true;
	device.traffic();
	sweep_arm();
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	assert_false(device.waits());
	assert_false(device.is_up());
	device.detach();
	sweep_disarm();
	device.check(false);
	sweep_check_unplugged();
	t.b.bus.asleep = false;
	t_plug();
	sweep_retry(config);
	sweep_device_end();
}

#endif /* XENION_SWEEP_DEVICE_H */
