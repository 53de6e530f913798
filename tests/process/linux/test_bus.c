// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * os/linux/core/bus.c with the kernel's real driver core: which device a driver
 * gets first, and which of its functions are called when the system ends.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/kthread.h>

#include "core.h"
#include "kernel.h"

#define BUS_DEVICES	4u

static unsigned int bus_order[BUS_DEVICES], bus_probed;
static struct completion bus_registered;

/* The first probe is slow, so that all others could overtake it. */
static int bus_test_probe(struct xnl_device *xdev)
{
	if (!xdev->id)
		msleep(200);
	if (bus_probed < BUS_DEVICES)
		bus_order[bus_probed] = xdev->id;
	bus_probed++;
	xnl_device_settled(xdev);
	return 0;
}

static void bus_test_remove(struct xnl_device *xdev)
{
}

static struct xnl_driver bus_test_driver = {
	.driver.name = "test",
	.type = "test",
	.probe = bus_test_probe,
	.remove = bus_test_remove,
};

static int bus_register_thread(void *data)
{
	xnl_driver_register(&bus_test_driver, NULL, "test");
	complete(&bus_registered);
	return 0;
}

/* A driver registers just after the first device was added. */
static void bus_probes_in_order(struct kunit *test)
{
	unsigned int i;

	bus_probed = 0;
	init_completion(&bus_registered);
	um_point_arm("device_add", "");
	for (i = 0; i < BUS_DEVICES; i++)
		UM_VOID(um_plug("test", i));
	um_point_expect(test, 5000);
	kthread_run(bus_register_thread, NULL, "register");
	msleep(50);
	um_point_go();
	wait_for_completion(&bus_registered);
	um_until(test, bus_probed == BUS_DEVICES, 5000);

	for (i = 0; i < BUS_DEVICES; i++)
		KUNIT_EXPECT_EQ(test, bus_order[i], i);
	xnl_driver_unregister(&bus_test_driver);
}

/* ---- the system's end ---- */

static struct xnl_device *bus_end_device;
static unsigned int bus_removals, bus_shutdowns;
static bool bus_removing;

static int bus_end_probe(struct xnl_device *xdev)
{
	bus_end_device = xdev;
	xnl_device_settled(xdev);
	return 0;
}

/* A removal with a slow backend. */
static void bus_end_remove(struct xnl_device *xdev)
{
	bus_removing = true;
	msleep(300);
	bus_removals++;
}

static void bus_end_shutdown(struct xnl_device *xdev)
{
	bus_shutdowns++;
}

static struct xnl_driver bus_end_driver = {
	.driver.name = "test",
	.type = "test",
	.probe = bus_end_probe,
	.remove = bus_end_remove,
	.shutdown = bus_end_shutdown,
};

static void bus_end_begin(struct kunit *test)
{
	bus_end_device = NULL;
	bus_removals = 0;
	bus_shutdowns = 0;
	bus_removing = false;
	KUNIT_ASSERT_EQ(test, xnl_driver_register(&bus_end_driver, NULL,
						  "test"), 0);
	UM_VOID(um_plug("test", 0));
	um_until(test, bus_end_device, 5000);
}

/* "unbind" is written to after .shutdown was called. */
static void bus_end_is_no_removal(struct kunit *test)
{
	bus_end_begin(test);
	xnl_bus_shutdown();
	device_release_driver(&bus_end_device->dev);
	KUNIT_EXPECT_EQ(test, bus_shutdowns, 1u);
	KUNIT_EXPECT_EQ(test, bus_removals, 0u);
	xnl_driver_unregister(&bus_end_driver);
}

/* A removal needs the rooms, which end next. */
static void bus_end_waits_for_removals(struct kunit *test)
{
	bus_end_begin(test);
	UM_VOID(um_unplug("test", 0));
	um_until(test, bus_removing, 5000);
	xnl_bus_shutdown();
	KUNIT_EXPECT_EQ(test, bus_shutdowns, 0u);
	KUNIT_EXPECT_EQ(test, bus_removals, 1u);
	xnl_driver_unregister(&bus_end_driver);
}

static struct kunit_case bus_cases[] = {
	KUNIT_CASE(bus_probes_in_order),
	KUNIT_CASE(bus_end_is_no_removal),
	KUNIT_CASE(bus_end_waits_for_removals),
	{}
};

static struct kunit_suite bus_suite = {
	.name = "bus",
	.init = um_init,
	.exit = um_exit,
	.test_cases = bus_cases,
};
kunit_test_suite(bus_suite);
