// SPDX-License-Identifier: MIT
/*
 * Finds the domain's devices: the directories "device/TYPE/NUMBER"
 * (docs/misc/xenstore-paths.pandoc of Xen). Called by the OS layer's device
 * bus.
 */
#include "xs.h"
#include <xenion/guest.h>

typedef int (*scan_fn)(void *data, const char *type, unsigned int id);

static int scan_list(struct xn_guest *guest, const char *node, char *names)
{
	int len = xn_xs_list(&guest->xs, XN_XS_NOTXN, "device", node, names,
			     XN_PAGE_SIZE);

	return len == -ENOENT ? 0 : len;
}

int xn_xs_next_id(const char *names, int len, uint64_t from, uint64_t *next)
{
	int at, err = -ENOENT;

	for (at = 0; at < len; at += strlen(names + at) + 1) {
		const char *name = names + at;
		uint64_t id;

		/* "007" has the value of "7", but is another node. */
		if ((name[0] == '0' && name[1]) ||
		    xn_parse_uint(name, strlen(name), ~0u, &id))
			continue;
		if (id < from || (!err && id > *next))
			continue;
		*next = id;
		err = 0;
	}
	return err;
}

static int scan_type(struct xn_guest *guest, const char *type, scan_fn fn,
		     void *data)
{
	char *names = xn_os_page_alloc();
	uint64_t id = 0;
	int len, ret;

	if (!names)
		return -ENOMEM;
	len = scan_list(guest, type, names);
	ret = len < 0 ? len : 0;
	for (; !ret && !xn_xs_next_id(names, len, id, &id); id++)
		ret = fn(data, type, id);
	xn_os_page_free(names);
	return ret;
}

static int scan_all(struct xn_guest *guest, scan_fn fn, void *data)
{
	char *types = xn_os_page_alloc();
	int len, at, ret = 0;

	if (!types)
		return -ENOMEM;
	len = scan_list(guest, "", types);
	if (len < 0)
		ret = len;
	for (at = 0; !ret && at < len; at += strlen(types + at) + 1)
		ret = scan_type(guest, types + at, fn, data);
	xn_os_page_free(types);
	return ret;
}

int xn_device_scan(struct xn_guest *guest, const char *type,
		   int (*fn)(void *data, const char *type, unsigned int id),
		   void *data)
{
	return type ? scan_type(guest, type, fn, data) :
		      scan_all(guest, fn, data);
}
