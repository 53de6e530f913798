// SPDX-License-Identifier: MIT
/*
 * The xenstore nodes of the 9P frontend (docs/misc/9pfs.pandoc of xen.git,
 * "Frontend XenBus Nodes" and "Backend XenBus Nodes"): what the backend offers,
 * checked, and what we publish. Called by life.c. All may sleep.
 */
#include "9p.h"

#define P9_VERSION	"1"	/* of the transport */

static const struct xn_node node_versions = {
	.name = "versions", .should = "a list of numbers with 1 in it",
}, node_rings = {
	.name = "max-rings", .min = 1, .max = 0xffffffff,
	.should = "a number, at least 1",
}, node_ring_order = {
	.name = "max-ring-page-order", .min = 1, .max = 0xffffffff,
	.should = "a number, at least 1",
}, node_tag = {
	.name = "tag", .own = true, .should = "a name of 1 to 63 characters",
};

/* Is @number in a list of numbers with commas between them? */
static bool list_has(const char *list, const char *number)
{
	uint32_t len = strlen(number);

	for (;;) {
		if (!memcmp(list, number, len) &&
		    (list[len] == ',' || !list[len]))
			return true;
		while (*list && *list != ',')
			list++;
		if (!*list++)
			return false;
	}
}

static int read_versions(struct xn_frontend *fe)
{
	char list[64] = "";
	int err = xn_xs_read(&fe->dev->guest->xs, XN_XS_NOTXN,
			     fe->dev->otherend, node_versions.name, list,
			     sizeof(list));

	if (err >= 0)
		err = list_has(list, P9_VERSION) ? 0 : -EINVAL;
	return err ? xn_node_fail(fe, err, &node_versions) : 0;
}

static int read_tag(struct xn_frontend *fe)
{
	char *tag = xn_9p_of(fe)->info.tag;
	int err = xn_xs_read(&fe->dev->guest->xs, XN_XS_NOTXN, fe->dev->node,
			     node_tag.name, tag, XN_9P_TAG_MAX);

	if (err >= 0)
		err = *tag ? 0 : -EINVAL;
	return err ? xn_node_fail(fe, err, &node_tag) : 0;
}

int xn_9p_read_info(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	uint64_t rings = 0, order = 0;
	int err;

	err = read_versions(fe);
	if (!err)
		err = xn_node_required(fe, &node_rings, &rings);
	if (!err)
		err = xn_node_required(fe, &node_ring_order, &order);
	if (!err)
		err = read_tag(fe);
	if (err)
		return err;
	if (rings > p9->config.max_rings)
		rings = p9->config.max_rings;
	if (order > p9->config.max_ring_order)
		order = p9->config.max_ring_order;
	p9->ring_order = order;
	p9->info.nr_rings = rings;
	p9->info.max_message = XEN_FLEX_RING_SIZE(order);
	return 0;
}

int xn_9p_publish(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn)
{
	const struct xn_9p *p9 = xn_9p_of(fe);
	const char *dir = fe->dev->node;
	unsigned int i;
	char name[32];
	int err;

	err = xn_xs_write(xs, txn, dir, "version", P9_VERSION);
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "num-rings",
				       p9->info.nr_rings);
	for (i = 0; !err && i < p9->info.nr_rings; i++) {
		const struct xn_9p_ring *r = &p9->ring[i];

		err = xn_xs_write_uint(xs, txn, dir,
				       xn_node_numbered(name, "ring-ref", i),
				       r->intf.ref);
		if (!err)
			err = xn_xs_write_uint(xs, txn, dir,
					       xn_node_numbered(name,
								"event-channel-",
								i),
					       r->channel.port);
	}
	return err;
}
