// SPDX-License-Identifier: MIT
/*
 * Nodes of xenstore that every frontend reads and writes
 * (xen-public/io/xenbus.h, and each device's header: blkif.h, netif.h). What
 * is read is checked here. If a node is invalid, the device fails and reports
 * its name, its value, and what that has to be. Called by the frontends. All
 * may sleep.
 */
#include "frontend.h"

static const char *node_dir(const struct xn_frontend *fe,
			    const struct xn_node *node)
{
	return node->own ? fe->dev->node : fe->dev->otherend;
}

int xn_node_fail(struct xn_frontend *fe, int err, const struct xn_node *node)
{
	/* Not the node's fault: frontend.c tries again. */
	if (xn_xs_passes(err))
		return err;
	/* A missing node is not counted: the backend has written nothing. */
	if (err == -EINVAL || err == -ERANGE)
		xn_frontend_count_refused(fe);
	xn_device_fail_node(fe->dev, err, node_dir(fe, node), node->name,
			    node->should);
	return err;
}

static int node_read(struct xn_frontend *fe, const struct xn_node *node,
		     uint64_t *val)
{
	uint64_t v;
	int err;

	err = xn_xs_read_uint(&fe->dev->guest->xs, XN_XS_NOTXN,
			      node_dir(fe, node), node->name, node->max, &v);
	if (!err && v < node->min)
		err = -ERANGE;
	if (!err)
		*val = v;
	return err;
}

int xn_node_required(struct xn_frontend *fe, const struct xn_node *node,
		     uint64_t *val)
{
	int err = node_read(fe, node, val);

	return err ? xn_node_fail(fe, err, node) : 0;
}

int xn_node_optional(struct xn_frontend *fe, const struct xn_node *node,
		     uint64_t *val)
{
	int err = node_read(fe, node, val);

	return err && err != -ENOENT ? xn_node_fail(fe, err, node) : 0;
}

bool xn_frontend_offers(struct xn_frontend *fe, const char *feature)
{
	int ret = xn_xs_feature(&fe->dev->guest->xs, fe->dev->otherend,
				feature);

	if (ret < 0)
		fe->unread = ret;
	return ret > 0;
}

int xn_frontend_read_trusted(struct xn_frontend *fe, bool distrust,
			     bool *trusted)
{
	static const struct xn_node node = {
		.name = "trusted", .own = true, .max = 1, .should = "0 or 1",
	};
	uint64_t val = 1;
	int err = xn_node_optional(fe, &node, &val);

	*trusted = val && !distrust;
	return err;
}

int xn_frontend_reread_invalid(struct xn_frontend *fe)
{
	xn_frontend_count_refused(fe);
	if (!fe->node_warned)
		xn_os_log(XN_WARN, "%s: the backend's node %s is invalid",
			  fe->dev->node, fe->ops->watched);
	fe->node_warned = true;
	return -EINVAL;
}

int xn_frontend_reread(struct xn_frontend *fe, uint64_t max, uint64_t *val)
{
	struct xn_xs *xs = &fe->dev->guest->xs;
	int err = xn_xs_read_uint(xs, XN_XS_NOTXN, fe->dev->otherend,
				  fe->ops->watched, max, val);

	if (err == -EINVAL || err == -ERANGE)
		return xn_frontend_reread_invalid(fe);
	if (!err || err == -ENOENT)
		return err;
	/* Ask for one more event of the watch: there may be no other. */
	xn_xs_watch_again(xs, &fe->watch);
	return -EAGAIN;
}

const char *xn_node_numbered(char *buf, const char *stem, unsigned int n)
{
	uint32_t len = strlen(stem);

	memcpy(buf, stem, len);
	xn_format_uint(buf + len, n);
	return buf;
}

int xn_frontend_publish_queues(struct xn_frontend *fe, struct xn_xs *xs,
			       uint32_t txn, unsigned int nr,
			       int (*fn)(struct xn_frontend *fe,
					 struct xn_xs *xs, uint32_t txn,
					 const char *dir, unsigned int index))
{
	const char *dir = fe->dev->node;
	char sub[XN_XS_PATH_MAX], name[32];
	unsigned int i;
	int err;

	if (nr == 1)
		return fn(fe, xs, txn, dir, 0);

	err = xn_xs_write_uint(xs, txn, dir, "multi-queue-num-queues", nr);
	for (i = 0; !err && i < nr; i++) {
		err = xn_path_join(sub, dir,
				   xn_node_numbered(name, "queue-", i));
		if (!err)
			err = fn(fe, xs, txn, sub, i);
	}
	return err;
}
