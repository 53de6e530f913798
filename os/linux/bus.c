// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The bus "xenion": a device for each frontend directory that the toolstack
 * made in xenstore, TYPE-ID, for as long as it is there.
 */
#include <linux/async.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

static struct xn_xs_watch bus_watch;
static struct xn_work bus_work;
static bool bus_down;			/* for good */

static int bus_match(struct device *dev, struct device_driver *drv)
{
	return !strcmp(to_xnl_device(dev)->type,
		       container_of(drv, struct xnl_driver, driver)->type);
}

static int bus_uevent(struct device *dev, struct kobj_uevent_env *env)
{
	return add_uevent_var(env, "MODALIAS=" XNL_ALIAS("%s"),
			      to_xnl_device(dev)->type);
}

static struct xnl_driver *driver_of(struct device *dev)
{
	return container_of(dev->driver, struct xnl_driver, driver);
}

static int bus_probe(struct device *dev)
{
	if (READ_ONCE(bus_down))
		return -ESHUTDOWN;
	return driver_of(dev)->probe(to_xnl_device(dev));
}

static void bus_remove(struct device *dev)
{
	driver_of(dev)->remove(to_xnl_device(dev));
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", to_xnl_device(dev)->xb.state);
}
static DEVICE_ATTR_RO(state);

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
	&dev_attr_state.attr,
	&dev_attr_otherend.attr,
	&dev_attr_modalias.attr,
	NULL
};
ATTRIBUTE_GROUPS(device);

static struct bus_type xnl_bus = {
	.name		= "xenion",
	.match		= bus_match,
	.uevent		= bus_uevent,
	.probe		= bus_probe,
	.remove		= bus_remove,
	.dev_groups	= device_groups,
};

static void device_release(struct device *dev)
{
	kfree(to_xnl_device(dev));
}

static int add_device(const char *type, unsigned int id)
{
	struct xnl_device *xdev = kzalloc(sizeof(*xdev), GFP_KERNEL);
	int err;

	if (!xdev)
		return -ENOMEM;
	strscpy(xdev->type, type, sizeof(xdev->type));
	xdev->id = id;
	err = xn_device_init(&xdev->xb, &xnl_guest, type, id);
	if (err) {
		kfree(xdev);
		return err;
	}
	xdev->dev.bus = &xnl_bus;
	xdev->dev.release = device_release;
	err = dev_set_name(&xdev->dev, "%s-%u", type, id);
	if (!err)
		err = device_register(&xdev->dev);
	if (err)
		put_device(&xdev->dev);
	return err;
}

struct device_id {
	const char *type;
	unsigned int id;
};

static int is_device(struct device *dev, const void *data)
{
	const struct device_id *key = data;
	struct xnl_device *xdev = to_xnl_device(dev);

	return xdev->id == key->id && !strcmp(xdev->type, key->type);
}

static int saw_device(void *data, const char *type, unsigned int id)
{
	struct device_id key = { type, id };
	struct device *dev;
	int err;

	if (strlen(type) >= sizeof_field(struct xnl_device, type))
		return 0;
	dev = bus_find_device(&xnl_bus, NULL, &key, is_device);
	if (dev) {
		put_device(dev);
		return 0;
	}
	/* The toolstack may be half-way: a later event tells the rest. */
	err = add_device(type, id);
	if (err && err != -ENOENT)
		pr_warn("xenion: device %s/%u is left out, error %d\n", type,
			id, err);
	return 0;
}

/* Gone, or plugged anew under the same name since we found it. */
static int is_gone(struct device *dev, const void *data)
{
	return !xn_device_exists(&to_xnl_device(dev)->xb);
}

static int any_device(struct device *dev, const void *data)
{
	return 1;
}

static void drop_devices(int (*match)(struct device *dev, const void *data))
{
	struct device *dev;

	while ((dev = bus_find_device(&xnl_bus, NULL, NULL, match))) {
		device_unregister(dev);
		put_device(dev);
	}
}

static void bus_scan(struct xn_work *work)
{
	int err;

	drop_devices(is_gone);
	err = xn_device_scan(&xnl_guest, NULL, saw_device, NULL);
	if (err)
		pr_err("xenion: devices cannot be listed, error %d\n", err);
}

static void bus_changed(struct xn_xs_watch *w)
{
	/* Removing a device unregisters its watch: not from a watch function. */
	xn_work_schedule(&bus_work, 0);
}

int xnl_driver_register(struct xnl_driver *drv, struct module *owner,
			const char *mod_name)
{
	drv->driver.bus = &xnl_bus;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(xnl_driver_register);

void xnl_driver_unregister(struct xnl_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(xnl_driver_unregister);

int xnl_bus_init(void)
{
	int err;

	xnl_bus.bus_groups = xnl_bus_groups;
	err = bus_register(&xnl_bus);
	if (err)
		return err;
	xn_work_init(&bus_work, bus_scan);
	strscpy(bus_watch.path, "device", sizeof(bus_watch.path));
	bus_watch.fn = bus_changed;
	err = xn_xs_watch(&xnl_guest.xs, &bus_watch);
	if (err)
		bus_unregister(&xnl_bus);
	return err;
}

static void shutdown_device(void *data, async_cookie_t cookie)
{
	struct device *dev = data;

	/* Nobody binds or unbinds it meanwhile, nor removes its driver then. */
	device_lock(dev);
	if (dev->driver && driver_of(dev)->shutdown &&
	    try_module_get(dev->driver->owner))
		driver_of(dev)->shutdown(to_xnl_device(dev));
	device_unlock(dev);
	put_device(dev);
}

static int shutdown_begin(struct device *dev, void *domain)
{
	async_schedule_domain(shutdown_device, get_device(dev), domain);
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
	xn_work_cancel(&bus_work);
	bus_for_each_dev(&xnl_bus, NULL, &domain, shutdown_begin);
	async_synchronize_full_domain(&domain);
}

void xnl_bus_fini(void)
{
	xn_xs_unwatch(&xnl_guest.xs, &bus_watch);
	xn_work_cancel(&bus_work);
	drop_devices(any_device);
	bus_unregister(&xnl_bus);
}
