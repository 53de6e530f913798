// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The bus "xenion": a device for each frontend directory that the toolstack
 * made in xenstore, TYPE-ID, for as long as it is there.
 *
 * What fails for a reason that passes (xenstore does not answer, no memory) is
 * tried again a second later: there may be no other event. Devices are removed
 * each by a work of its own: the backend of one may take its time.
 */
#include <linux/async.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "core.h"

static struct xn_xs_watch bus_watch;
static struct delayed_work bus_work;
static struct workqueue_struct *bus_wq;	/* removals, side by side */
/*
 * Devices are probed in the order of their numbers: a driver that registers in
 * the middle of a scan would probe the first while the scan probes the last.
 */
static DEFINE_MUTEX(bus_order);
static bool bus_down;			/* for good */
static bool bus_asleep;			/* until xnl_bus_resume() */
static bool bus_complained;		/* since it went well */

XNL_BUS_MATCH(bus_match, dev, drv)
{
	return !strcmp(to_xnl_device(dev)->type,
		       container_of(drv, struct xnl_driver, driver)->type);
}

XNL_BUS_UEVENT(bus_uevent, dev, env)
{
	return add_uevent_var(env, "MODALIAS=" XNL_ALIAS("%s"),
			      to_xnl_device(dev)->type);
}

static struct xnl_driver *bus_driver_of(struct device *dev)
{
	return container_of(dev->driver, struct xnl_driver, driver);
}

static void bus_try_again(void)
{
	xn_xs_watch_again(&xnl_guest.xs, &bus_watch);
}

/*
 * Is the error worth another try? Not if the device is gone, its nodes are invalid,
 * the driver does not support it, or xenstore has ended. Wider than xn_xs_passes():
 * memory and references may be short as well as xenstored.
 */
static bool bus_error_passes(int err)
{
	return err && err != -ENOENT && err != -EINVAL && err != -ERANGE &&
	       err != -EACCES && err != -ENODEV && err != -ENXIO &&
	       err != -ESHUTDOWN;
}

static int bus_probe(struct device *dev)
{
	struct xnl_device *xdev = to_xnl_device(dev);
	int err;

	if (READ_ONCE(bus_down))
		return -ESHUTDOWN;
	if (xnl_unplug_left(xdev->type)) {
		dev_info(dev, "left alone, for it is emulated too, and that stays\n");
		xnl_device_settled(xdev);
		return -ENODEV;
	}
	WRITE_ONCE(xdev->settled, false);
	err = bus_driver_of(dev)->probe(xdev);
	WRITE_ONCE(xdev->retry, bus_error_passes(err));
	if (!xdev->retry) {
		if (err)
			xnl_device_settled(xdev);
		return err;
	}
	if (!xdev->told)
		dev_warn(dev, "cannot be started now (error %d): trying again every second\n",
			 err);
	xdev->told = true;
	bus_try_again();
	/* The driver core does not log this one each time. */
	return -EPROBE_DEFER;
}

XNL_BUS_REMOVE(bus_remove, dev)
{
	/* After .shutdown the driver is asked for nothing. */
	if (!to_xnl_device(dev)->ended)
		bus_driver_of(dev)->remove(to_xnl_device(dev));
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", to_xnl_device(dev)->xb.state);
}
static DEVICE_ATTR_RO(state);

static ssize_t id_show(struct device *dev, struct device_attribute *attr,
		       char *buf)
{
	return sysfs_emit(buf, "%u\n", to_xnl_device(dev)->id);
}
static DEVICE_ATTR_RO(id);

static ssize_t otherend_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%s\n", to_xnl_device(dev)->xb.otherend);
}
static DEVICE_ATTR_RO(otherend);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, XNL_ALIAS("%s") "\n", to_xnl_device(dev)->type);
}
static DEVICE_ATTR_RO(modalias);

static struct attribute *device_attrs[] = {
	&dev_attr_id.attr,
	&dev_attr_state.attr,
	&dev_attr_otherend.attr,
	&dev_attr_modalias.attr,
	NULL
};
ATTRIBUTE_GROUPS(device);

struct bus_type xnl_bus = {
	.name		= "xenion",
	.match		= bus_match,
	.uevent		= bus_uevent,
	.probe		= bus_probe,
	.remove		= bus_remove,
	.dev_groups	= device_groups,
};

static void bus_device_release(struct device *dev)
{
	kfree(to_xnl_device(dev));
}

static void bus_remove_device(struct work_struct *work)
{
	struct xnl_device *xdev = container_of(work, struct xnl_device,
					       remove_work);

	device_unregister(&xdev->dev);
	put_device(&xdev->dev);
	/* Another one of that name may be waiting. */
	if (!READ_ONCE(bus_down))
		queue_delayed_work(bus_wq, &bus_work, 0);
}

static void bus_release_device(struct work_struct *work)
{
	struct xnl_device *xdev = container_of(work, struct xnl_device,
					       release_work);

	device_release_driver(&xdev->dev);
	put_device(&xdev->dev);
}

static int bus_add_device(const char *type, unsigned int id)
{
	struct xnl_device *xdev = kzalloc(sizeof(*xdev), GFP_KERNEL);
	int err;

	if (!xdev)
		return -ENOMEM;
	strscpy(xdev->type, type, sizeof(xdev->type));
	xdev->id = id;
	INIT_WORK(&xdev->remove_work, bus_remove_device);
	INIT_WORK(&xdev->release_work, bus_release_device);
	xdev->dev.bus = &xnl_bus;
	xdev->dev.release = bus_device_release;
	device_initialize(&xdev->dev);
	err = xn_device_init(&xdev->xb, &xnl_guest, type, id);
	if (!err)
		err = dev_set_name(&xdev->dev, "%s-%u", type, id);
	if (!err)
		err = device_add(&xdev->dev);
	if (err)
		put_device(&xdev->dev);
	return err;
}

struct device_id {
	const char *type;
	unsigned int id;
};

static int bus_is_device(struct device *dev, const void *data)
{
	const struct device_id *key = data;
	struct xnl_device *xdev = to_xnl_device(dev);

	return xdev->id == key->id && !strcmp(xdev->type, key->type);
}

static int bus_saw_device(void *data, const char *type, unsigned int id)
{
	struct device_id key = { type, id };
	bool *again = data;
	struct device *dev;
	int err;

	if (strlen(type) >= sizeof_field(struct xnl_device, type))
		return 0;
	dev = bus_find_device(&xnl_bus, NULL, &key, bus_is_device);
	if (dev) {
		put_device(dev);
		return 0;
	}
	/* The toolstack may not have finished: a later event follows. */
	err = bus_add_device(type, id);
	if (!bus_error_passes(err))
		return 0;
	if (!bus_complained)
		pr_warn("xenion: device %s/%u cannot be added now (error %d): trying again every second\n",
			type, id, err);
	bus_complained = true;
	*again = true;
	return 0;
}

/* Removed, or replaced by another one of the same name. */
static int bus_is_gone(struct device *dev, const void *data)
{
	struct xnl_device *xdev = to_xnl_device(dev);

	return !xdev->going && !xdev->lost && !xn_device_exists(&xdev->xb);
}

static int bus_is_here(struct device *dev, const void *data)
{
	return !to_xnl_device(dev)->going;
}

static void bus_drop_devices(int (*match)(struct device *dev, const void *data))
{
	struct device *dev;

	/* The reference is bus_remove_device()'s. */
	while ((dev = bus_find_device(&xnl_bus, NULL, NULL, match))) {
		to_xnl_device(dev)->going = true;
		queue_work(bus_wq, &to_xnl_device(dev)->remove_work);
	}
}

static int bus_probe_again(struct device *dev, void *data)
{
	/* bus_probe() keeps the result. */
	if (READ_ONCE(to_xnl_device(dev)->retry) && device_attach(dev) < 0)
		dev_dbg(dev, "still not started\n");
	return 0;
}

/* ---- a guest that is saved, restored or moved ---- */

typedef void (*bus_frontend_fn)(struct xnl_device *xdev, struct xn_frontend *fe);

/* Calls *@data, a bus_frontend_fn, if the device has a driver. */
static int bus_with_frontend(struct device *dev, void *data)
{
	struct xnl_device *xdev = to_xnl_device(dev);
	bus_frontend_fn *fn = data;

	device_lock(dev);
	if (dev->driver && !xdev->ended)
		(*fn)(xdev, bus_driver_of(dev)->frontend(xdev));
	device_unlock(dev);
	return 0;
}

static void bus_each_frontend(bus_frontend_fn fn)
{
	bus_for_each_dev(&xnl_bus, NULL, &fn, bus_with_frontend);
}

static void bus_fe_suspend(struct xnl_device *xdev, struct xn_frontend *fe)
{
	xn_frontend_suspend(fe);
}

void xnl_bus_suspend(void)
{
	WRITE_ONCE(bus_asleep, true);
	cancel_delayed_work_sync(&bus_work);
	/* Removals, which need xenstore. */
	flush_workqueue(bus_wq);
	bus_each_frontend(bus_fe_suspend);
}

static void bus_fe_lost(struct xnl_device *xdev, struct xn_frontend *fe)
{
	xn_frontend_lost(fe);
}

void xnl_bus_lost(void)
{
	bus_each_frontend(bus_fe_lost);
}

static void bus_fe_resume(struct xnl_device *xdev, struct xn_frontend *fe)
{
	int err = xn_frontend_resume(fe);

	/* One that the new domain does not have is removed by the next scan. */
	xdev->lost = bus_error_passes(err);
	if (xdev->lost)
		bus_try_again();
}

static int bus_resume_lost(struct device *dev, void *data)
{
	bus_frontend_fn fn = bus_fe_resume;

	return to_xnl_device(dev)->lost ? bus_with_frontend(dev, &fn) : 0;
}

void xnl_bus_resume(void)
{
	bus_each_frontend(bus_fe_resume);
	WRITE_ONCE(bus_asleep, false);
	queue_delayed_work(bus_wq, &bus_work, 0);
}

/* ---- devices come and go ---- */

static void bus_scan(struct work_struct *work)
{
	bool again = false;
	int err;

	if (READ_ONCE(bus_down) || READ_ONCE(bus_asleep))
		return;
	bus_for_each_dev(&xnl_bus, NULL, NULL, bus_resume_lost);
	bus_drop_devices(bus_is_gone);
	bus_for_each_dev(&xnl_bus, NULL, NULL, bus_probe_again);
	mutex_lock(&bus_order);
	err = xn_device_scan(&xnl_guest, NULL, bus_saw_device, &again);
	mutex_unlock(&bus_order);
	if (err && !bus_complained)
		pr_err("xenion: devices cannot be listed (error %d): trying again every second\n",
		       err);
	bus_complained = err || again;
	if (bus_complained)
		bus_try_again();
	else
		xnl_settle_scanned();
}

static void bus_changed(struct xn_xs_watch *w)
{
	/* Removing a device unregisters its watch: not from a watch function. */
	queue_delayed_work(bus_wq, &bus_work, 0);
}

int xnl_driver_register(struct xnl_driver *drv, struct module *owner,
			const char *mod_name)
{
	int err;

	drv->driver.bus = &xnl_bus;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	mutex_lock(&bus_order);
	err = driver_register(&drv->driver);
	mutex_unlock(&bus_order);
	if (!err)
		xnl_settle(drv->type);
	return err;
}
EXPORT_SYMBOL_GPL(xnl_driver_register);

static int bus_release_begin(struct device *dev, void *drv)
{
	if (READ_ONCE(dev->driver) == drv) {
		get_device(dev);
		if (!queue_work(bus_wq, &to_xnl_device(dev)->release_work))
			put_device(dev);
	}
	return 0;
}

static int bus_release_end(struct device *dev, void *drv)
{
	flush_work(&to_xnl_device(dev)->release_work);
	return 0;
}

void xnl_driver_unregister(struct xnl_driver *drv)
{
	/* All at once; driver_unregister() waits for each. */
	bus_for_each_dev(&xnl_bus, NULL, &drv->driver, bus_release_begin);
	driver_unregister(&drv->driver);
	/* A late work must not release the next driver. */
	bus_for_each_dev(&xnl_bus, NULL, NULL, bus_release_end);
}
EXPORT_SYMBOL_GPL(xnl_driver_unregister);

int xnl_bus_init(void)
{
	int err;

	bus_down = false;
	bus_wq = alloc_workqueue("xenion-bus", WQ_UNBOUND, 0);
	if (!bus_wq)
		return -ENOMEM;
	xnl_bus.bus_groups = xnl_bus_groups;
	err = bus_register(&xnl_bus);
	if (err)
		goto destroy;
	INIT_DELAYED_WORK(&bus_work, bus_scan);
	strscpy(bus_watch.path, "device", sizeof(bus_watch.path));
	bus_watch.fn = bus_changed;
	err = xn_xs_watch(&xnl_guest.xs, &bus_watch);
	if (err)
		goto unregister;
	return 0;

unregister:
	bus_unregister(&xnl_bus);
destroy:
	destroy_workqueue(bus_wq);
	return err;
}

/* Under the device's lock nobody binds or unbinds it. True: that is all. */
static bool bus_shutdown_locked(struct device *dev)
{
	struct xnl_driver *drv;

	if (!dev->driver)
		return true;
	drv = bus_driver_of(dev);
	/* Kept from now on, unless it is just being unloaded. */
	if (!drv->shutdown || !try_module_get(dev->driver->owner))
		return false;
	drv->shutdown(to_xnl_device(dev));
	to_xnl_device(dev)->ended = true;
	return true;
}

static void bus_shutdown_device(void *data, async_cookie_t cookie)
{
	struct device *dev = data;
	bool ended;

	device_lock(dev);
	ended = bus_shutdown_locked(dev);
	device_unlock(dev);
	/* As the unloading does, which may come too late. */
	if (!ended)
		device_release_driver(dev);
	put_device(dev);
}

static int bus_shutdown_begin(struct device *dev, void *domain)
{
	async_schedule_domain(bus_shutdown_device, get_device(dev), domain);
	return 0;
}

/*
 * All at once: a backend that does not answer costs its time, which the next
 * one does not add to. The bus's own .shutdown would go one after the other.
 */
void xnl_bus_shutdown(void)
{
	ASYNC_DOMAIN_EXCLUSIVE(domain);

	WRITE_ONCE(bus_down, true);
	xn_xs_unwatch(&xnl_guest.xs, &bus_watch);
	cancel_delayed_work_sync(&bus_work);
	/* A device that is being removed is on no list, and needs the rooms. */
	flush_workqueue(bus_wq);
	bus_for_each_dev(&xnl_bus, NULL, &domain, bus_shutdown_begin);
	async_synchronize_full_domain(&domain);
}

void xnl_bus_fini(void)
{
	WRITE_ONCE(bus_down, true);
	xn_xs_unwatch(&xnl_guest.xs, &bus_watch);
	cancel_delayed_work_sync(&bus_work);
	bus_drop_devices(bus_is_here);
	destroy_workqueue(bus_wq);
	/* A removal may have asked for a scan just before. */
	cancel_delayed_work_sync(&bus_work);
	bus_unregister(&xnl_bus);
}
