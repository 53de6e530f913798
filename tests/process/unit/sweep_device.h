/* SPDX-License-Identifier: MIT */
/*
 * Every fault in the life of a device: attach, traffic, detach; the backend goes
 * with traffic under way and comes back; the device is pulled out, in good order
 * or without a word, and put in again. Whatever fails, the device is Connected
 * and works, or is Closed; what was begun ends once; nothing is lost; and the
 * next time all is well. For test_sweep_blk.c, test_sweep_net.c and
 * test_sweep_9p.c, which include their *_backend.h first. See sweep.h.
 */
#ifndef XENION_SWEEP_DEVICE_H
#define XENION_SWEEP_DEVICE_H

#include "sweep.h"

/* What is a frontend's own. @config is the argument of a scenario. */
struct sweep_device {
	/* A guest and the device's backend, with what traffic needs. */
	void (*begin)(const void *config);
	/* When all has come back, before the guest goes; NULL: nothing to do. */
	void (*end)(void);
	/* Returns: what xn_device_init() or the frontend's init does. */
	int (*attach)(const void *config);
	void (*detach)(void);
	/* Begins what can be begun, and waits for none of it. */
	void (*traffic)(void);
	/* Is there some that has not ended? */
	bool (*waits)(void);
	/* All has ended; if all is well, nothing was refused or failed. */
	void (*check)(bool all_well);
	/* Does the OS layer have the device? */
	bool (*is_up)(void);
	/* The backend looks at its rings; NULL: it drops what it slept over. */
	void (*wake)(void);
	/* It says again what a final answer has hidden; NULL: only its state. */
	void (*repeat)(void);
};

static const struct sweep_device device;

static inline long long front_state(void)
{
	return be_number(&t.b.bus, t.b.bus.front, "state");
}

/* A device that has begun is in one of two states in the end, and idle. */
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

/* Where there is no fault. */
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

/* The backend closes with traffic under way, and is there again. */
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
	if (device.wake)
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

/* Nobody makes anew what the toolstack has removed. */
static inline void sweep_check_unplugged(void)
{
	assert_null(host_xs_read(t.h, FRONT "/state"));
	assert_int_equal(host_gnttab_active(t.x.host), 0);
}

/* Pulled out and put in, as "xl block-detach" and "xl block-attach" do. */
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

/* Pulled out without a word. */
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
