// SPDX-License-Identifier: MIT
/*
 * A frontend's directory in xenstore, and the state machine of the frontend and
 * its backend.
 *
 * The states are specified in xen-public/io/xenbus.h, the paths in
 * docs/misc/xenstore-paths.pandoc of Xen. Called by the frontends and by the OS
 * layer's device bus.
 *
 * The toolstack may remove a device at any time. A write to a removed node
 * would create the node again, and with it a device that nobody removes. So our
 * state and the nodes that a frontend publishes are written in a transaction
 * that first checks that the device still exists.
 */
#include "xs.h"
#include <xenion/guest.h>

/* The highest state number. */
#define STATE_MAX	XenbusStateReconfigured

/* Delay before the last write about a device is tried again. */
#define LAST_TRY_NS	(100 * XN_NSEC_PER_MSEC)

/* The longest error text, including its number. */
#define DEVICE_ERROR_MAX	192

/* Is @path "/local/domain/<id>/...", valid, and short enough for buffers? */
static bool otherend_ok(const char *path, uint32_t len, domid_t id)
{
	static const char home[] = "/local/domain/";
	char prefix[sizeof(home) + XN_UINT_DIGITS + 1];
	uint32_t n = sizeof(home) - 1;

	memcpy(prefix, home, n);
	n += xn_format_uint(prefix + n, id);
	prefix[n++] = '/';

	return len > n && !memcmp(path, prefix, n) &&
	       len + sizeof("/state") <= XN_XS_PATH_MAX &&
	       xn_xs_name_ok(path, len, true);
}

static int device_refuse(const struct xn_device *dev, const char *node)
{
	xn_stat_inc(XN_STAT_REFUSED);
	xn_os_log(XN_ERR, "%s: \"%s\" in xenstore is invalid", dev->node,
		  node);
	return -EINVAL;
}

/* Whose is the backend, and where? */
static int device_read_backend(struct xn_device *dev)
{
	struct xn_xs *xs = &dev->guest->xs;
	uint64_t domid;
	int ret;

	ret = xn_xs_read_uint(xs, XN_XS_NOTXN, dev->node, "backend-id",
			      DOMID_FIRST_RESERVED - 1, &domid);
	if (ret == -EINVAL || ret == -ERANGE)
		return device_refuse(dev, "backend-id");
	if (ret < 0)
		return ret;
	dev->otherend_id = domid;

	ret = xn_xs_read(xs, XN_XS_NOTXN, dev->node, "backend", dev->otherend,
			 sizeof(dev->otherend));
	if (ret == -EMSGSIZE ||
	    (ret >= 0 && !otherend_ok(dev->otherend, ret, dev->otherend_id)))
		return device_refuse(dev, "backend");
	return ret < 0 ? ret : 0;
}

int xn_device_init(struct xn_device *dev, struct xn_guest *guest,
		   const char *type, unsigned int id)
{
	char number[XN_UINT_DIGITS + 1];

	dev->guest = guest;
	xn_format_uint(number, id);
	if (xn_path_join(dev->node, "device", type) ||
	    xn_path_join(dev->node, dev->node, number))
		return -EINVAL;
	return device_read_backend(dev);
}

/*
 * Does xenstore still have this device? Returns 0, or -ENOENT if it was removed
 * or replaced: a new device has another backend, or a state that only a new one
 * has.
 */
static int device_find(struct xn_device *dev, uint32_t txn)
{
	struct xn_xs *xs = &dev->guest->xs;
	char backend[XN_XS_PATH_MAX];
	uint64_t state;
	int ret;

	ret = xn_xs_read(xs, txn, dev->node, "backend", backend,
			 sizeof(backend));
	if (ret == -EMSGSIZE || (ret >= 0 && strcmp(backend, dev->otherend)))
		return -ENOENT;
	if (ret < 0)
		return ret;
	if (dev->state > XenbusStateInitialising &&
	    !xn_xs_read_uint(xs, txn, dev->node, "state", STATE_MAX, &state) &&
	    state == XenbusStateInitialising)
		return -ENOENT;
	return 0;
}

bool xn_device_exists(struct xn_device *dev)
{
	return XN_READ_ONCE(dev->lost) ||
	       device_find(dev, XN_XS_NOTXN) != -ENOENT;
}

struct new_state {
	struct xn_device *dev;
	enum xenbus_state state;
};

static int write_state(struct xn_xs *xs, uint32_t txn, void *data)
{
	const struct new_state *new = data;
	int err = device_find(new->dev, txn);

	return err ? err : xn_xs_write_uint(xs, txn, new->dev->node, "state",
					    new->state);
}

int xn_device_switch(struct xn_device *dev, enum xenbus_state state)
{
	struct new_state new = { .dev = dev, .state = state };
	int err;

	if (dev->state == state)
		return 0;
	err = xn_xs_transact(&dev->guest->xs, write_state, &new);
	if (!err)
		dev->state = state;
	if (!err && state == XenbusStateConnected)
		dev->short_of_refs = false;
	/* Write the state later: the backend may wait for it. */
	XN_WRITE_ONCE(dev->owed, err && err != -ENOENT && err != -ESHUTDOWN);
	if (dev->owed)
		xn_xs_watch_again(&dev->guest->xs, &dev->watch);
	return err;
}

/* ---- our half of the handshake ---- */

struct publication {
	struct xn_device *dev;
	const char *const *earlier;
	unsigned int nr;
	int (*fn)(struct xn_xs *xs, uint32_t txn, void *data);
	void *data;
};

static bool begins_with(const char *name, const char *stem)
{
	while (*stem && *name == *stem) {
		name++;
		stem++;
	}
	return !*stem;
}

static bool is_of_handshake(const struct publication *p, const char *name)
{
	unsigned int i;

	for (i = 0; i < p->nr && !begins_with(name, p->earlier[i]); i++)
		;
	return i < p->nr;
}

/* Remove nodes of an earlier session. @names: a page for their names. */
static int forget_earlier(const struct publication *p, uint32_t txn,
			  char *names)
{
	struct xn_xs *xs = &p->dev->guest->xs;
	int at, err = 0;
	int len = xn_xs_list(xs, txn, p->dev->node, "", names, XN_PAGE_SIZE);

	for (at = 0; !err && at < len; at += strlen(names + at) + 1)
		if (is_of_handshake(p, names + at))
			err = xn_xs_rm(xs, txn, p->dev->node, names + at);
	return len < 0 ? len : err;
}

static int device_publish(struct xn_xs *xs, uint32_t txn, void *data)
{
	const struct publication *p = data;
	char *names;
	int err = device_find(p->dev, txn);

	if (err)
		return err;
	names = xn_os_page_alloc();
	if (!names)
		return -ENOMEM;
	err = forget_earlier(p, txn, names);
	xn_os_page_free(names);
	return err ? err : p->fn(xs, txn, p->data);
}

int xn_device_publish(struct xn_device *dev, const char *const *earlier,
		      unsigned int nr,
		      int (*fn)(struct xn_xs *xs, uint32_t txn, void *data),
		      void *data)
{
	struct publication p = {
		.dev = dev, .earlier = earlier, .nr = nr, .fn = fn,
		.data = data,
	};

	return xn_xs_transact(&dev->guest->xs, device_publish, &p);
}

/* ---- the backend's state ---- */

/*
 * Did a previous kernel connect the device and not close it? The backend then
 * still uses that kernel's rings, and takes ours only after it has closed.
 */
static bool was_left(struct xn_device *dev)
{
	uint64_t state;

	return !xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->node,
				"state", STATE_MAX, &state) &&
	       state > XenbusStateInitialising && state < XenbusStateClosed;
}

/* False: the backend has not closed yet, or our state could not be written. */
static bool begin_anew(struct xn_device *dev, enum xenbus_state state)
{
	if (state != XenbusStateClosed && state != XenbusStateUnknown)
		return false;
	dev->left = xn_device_switch(dev, XenbusStateInitialising);
	return !dev->left;
}

/* The watch on the backend's state has fired. */
static void otherend_changed(struct xn_xs_watch *w)
{
	struct xn_device *dev = xn_container_of(w, struct xn_device, watch);
	enum xenbus_state state = XenbusStateUnknown;
	bool owed = XN_READ_ONCE(dev->owed);
	uint64_t val;
	int err;

	/* A failed device has no frontend that would close it. */
	if (owed && XN_READ_ONCE(dev->failed))
		xn_device_switch(dev, XenbusStateClosed);
	err = xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->otherend,
			      "state", STATE_MAX, &val);
	switch (err) {
	case 0:
		state = val;
		break;
	case -ENOENT:
	case -EACCES:
		break;
	case -EINVAL:
	case -ERANGE:
		if (!dev->refused)
			device_refuse(dev, "state of the backend");
		dev->refused = true;
		break;
	case -ESHUTDOWN:
		return;
	default:
		/* Without an answer the state is unknown: change nothing. */
		xn_xs_watch_again(&dev->guest->xs, w);
		return;
	}
	if (dev->left && !begin_anew(dev, state))
		return;
	if (dev->told && state == dev->otherend_state && !owed)
		return;
	dev->told = true;
	dev->otherend_state = state;
	dev->ops->backend_changed(dev, state);
}

void xn_device_again(struct xn_device *dev)
{
	dev->told = false;
	xn_xs_watch_again(&dev->guest->xs, &dev->watch);
}

int xn_device_start(struct xn_device *dev, const struct xn_device_ops *ops)
{
	int err;

	dev->ops = ops;
	dev->state = XenbusStateUnknown;
	dev->otherend_state = XenbusStateUnknown;
	dev->told = false;
	dev->failed = false;
	dev->owed = false;
	dev->refused = false;
	dev->left = was_left(dev);
	err = xn_device_switch(dev, dev->left ? XenbusStateClosed :
						XenbusStateInitialising);
	if (err)
		return err;

	memset(&dev->watch, 0, sizeof(dev->watch));
	dev->watch.fn = otherend_changed;
	xn_path_join(dev->watch.path, dev->otherend, "state");
	err = xn_xs_watch(&dev->guest->xs, &dev->watch);
	if (err)
		xn_device_switch(dev, XenbusStateClosed);
	return err;
}

void xn_device_lost(struct xn_device *dev)
{
	xn_xs_watch_lost(&dev->guest->xs, &dev->watch);
	if (dev->refs.fn)
		xn_gnttab_wait_cancel(&dev->guest->gnttab, &dev->refs);
	/* So that nothing is written about it, and xn_device_stop() is easy. */
	dev->state = XenbusStateUnknown;
	dev->otherend_state = XenbusStateUnknown;
	dev->owed = false;
	XN_WRITE_ONCE(dev->lost, true);
}

int xn_device_resume(struct xn_device *dev)
{
	int err = device_read_backend(dev);

	if (!err)
		err = xn_device_start(dev, dev->ops);
	XN_WRITE_ONCE(dev->lost, err);
	return err;
}

void xn_device_stop(struct xn_device *dev)
{
	struct xn_xs *xs = &dev->guest->xs;

	xn_xs_unwatch(xs, &dev->watch);
	if (dev->refs.fn)
		xn_gnttab_wait_cancel(&dev->guest->gnttab, &dev->refs);
	if (dev->state == XenbusStateUnknown)
		return;
	xn_device_switch(dev, XenbusStateClosed);
	if (!dev->owed)
		return;
	/* Nothing can write it later: try once more now. */
	(void)xn_wait(&xs->wait, false, LAST_TRY_NS);
	xn_device_switch(dev, XenbusStateClosed);
}

/* "<errno> <what>" in "error/device/<type>/<id>/error", as other guests do. */
static void write_error(struct xn_device *dev, int err, const char *what)
{
	char path[XN_XS_PATH_MAX], text[DEVICE_ERROR_MAX];
	unsigned int n = xn_format_uint(text, err < 0 ? -(int64_t)err : err);

	if (xn_path_join(path, "error", dev->node))
		return;
	text[n++] = ' ';
	while (*what && n < sizeof(text) - 1)
		text[n++] = *what++;
	text[n] = '\0';
	xn_xs_write(&dev->guest->xs, XN_XS_NOTXN, path, "error", text);
}

void xn_device_fail(struct xn_device *dev, int err, const char *what)
{
	unsigned long flags = xn_lock(&dev->guest->xs.lock);
	bool again = dev->failed;

	dev->failed = true;
	xn_unlock(&dev->guest->xs.lock, flags);
	if (again)
		return;

	xn_os_log(XN_ERR, "%s: %s (error %d)", dev->node, what, err);
	write_error(dev, err, what);
	xn_device_switch(dev, XenbusStateClosing);
	xn_device_switch(dev, XenbusStateClosed);
}

/* Append text, printable characters only, as far as there is room. */
static unsigned int add_text(char *buf, unsigned int n, unsigned int size,
			     const char *text)
{
	for (; *text && n < size - 1; text++)
		buf[n++] = xn_printable(*text);
	buf[n] = '\0';
	return n;
}

void xn_device_fail_node(struct xn_device *dev, int err, const char *dir,
			 const char *node, const char *should)
{
	char text[DEVICE_ERROR_MAX], value[24];
	unsigned int n;
	int len = xn_xs_read(&dev->guest->xs, XN_XS_NOTXN, dir, node, value,
			     sizeof(value));

	n = add_text(text, 0, sizeof(text), dir == dev->otherend ?
		     "the backend's node " : "the node ");
	n = add_text(text, n, sizeof(text), node);
	if (len >= 0) {
		n = add_text(text, n, sizeof(text), " is \"");
		n = add_text(text, n, sizeof(text), value);
		n = add_text(text, n, sizeof(text), "\"");
	} else {
		n = add_text(text, n, sizeof(text), len == -ENOENT ?
			     " is missing" : len == -EMSGSIZE ?
			     " is too long" : " cannot be read");
	}
	n = add_text(text, n, sizeof(text), ": it has to be ");
	add_text(text, n, sizeof(text), should);
	xn_device_fail(dev, err, text);
}

void xn_device_refuse(struct xn_device *dev, int err, const char *what)
{
	xn_device_fail(dev, err, what);
	/* This also writes what xenstore has not taken yet. */
	xn_device_stop(dev);
}

/* ---- too few grant references ---- */

static void refs_are_free(struct xn_gnttab_waiter *w)
{
	xn_device_again(xn_container_of(w, struct xn_device, refs));
}

bool xn_device_await_refs(struct xn_device *dev, unsigned int need)
{
	struct xn_gnttab *gt = &dev->guest->gnttab;
	unsigned int size = xn_gnttab_size(gt);

	if (!dev->short_of_refs) {
		xn_os_log(XN_WARN, "%s: grant table full (%u of %u references): raise max_grant_frames",
			  dev->node, size - xn_gnttab_unused(gt), size);
		write_error(dev, -ENOSPC,
			    "grant table full: raise max_grant_frames");
	}
	dev->short_of_refs = true;
	if (need > size)
		return false;
	dev->refs.fn = refs_are_free;
	xn_gnttab_wait(gt, &dev->refs, need);
	return true;
}
