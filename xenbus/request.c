// SPDX-License-Identifier: MIT
/*
 * Reading and writing nodes of xenstore, alone or in transactions, and watching
 * them.
 *
 * Specified in docs/misc/xenstore.txt of Xen (READ, WRITE, RM, DIRECTORY,
 * TRANSACTION_START, TRANSACTION_END, WATCH, UNWATCH). Called by device.c and
 * by the frontends.
 */
#include "xs.h"

/* Attempts at a transaction in which others interfere. */
#define MAX_TRIES	32

/* Parts of a message that a path takes: directory, slash, node. */
#define PATH_PARTS	3

static int path_parts(struct xn_xs_part *parts, const char *dir,
		      const char *node)
{
	size_t dir_len = strlen(dir), node_len = strlen(node);

	/* Checked one by one, so that the sum cannot overflow. */
	if (dir_len >= XN_XS_PATH_MAX || node_len >= XN_XS_PATH_MAX ||
	    dir_len + 1 + node_len >= XN_XS_PATH_MAX)
		return -ENAMETOOLONG;
	parts[0] = (struct xn_xs_part){ dir, dir_len };
	parts[1] = (struct xn_xs_part){ "/", node_len ? 1 : 0 };
	parts[2] = (struct xn_xs_part){ node, node_len + 1 };
	return 0;
}

/* Send a request about a node. @value may be NULL. The rest: xn_xs_talk(). */
static int about_node(struct xn_xs *xs, enum xsd_sockmsg_type type,
		      uint32_t txn, const char *dir, const char *node,
		      const char *value, void *buf, uint32_t room)
{
	struct xn_xs_part parts[PATH_PARTS + 1];
	unsigned int nr = PATH_PARTS;
	int err, ret;

	err = path_parts(parts, dir, node);
	if (err)
		return err;
	if (value) {
		size_t len = strlen(value);

		if (len > XENSTORE_PAYLOAD_MAX)
			return -E2BIG;
		parts[nr++] = (struct xn_xs_part){ value, len };
	}
	err = xn_xs_enter(xs, false);
	if (err)
		return err;
	ret = xn_xs_talk(xs, type, txn, parts, nr, buf, room);
	xn_xs_leave(xs, false);
	return ret;
}

bool xn_xs_passes(int err)
{
	return err == -ETIMEDOUT || err == -EAGAIN || err == -EBUSY ||
	       err == -ENOMEM || err == -EIO;
}

int xn_xs_read(struct xn_xs *xs, uint32_t txn, const char *dir,
	       const char *node, char *buf, uint32_t size)
{
	int len;

	if (!size)
		return -EINVAL;
	len = about_node(xs, XS_READ, txn, dir, node, NULL, buf, size - 1);
	buf[len < 0 ? 0 : len] = '\0';
	return len;
}

int xn_xs_read_uint(struct xn_xs *xs, uint32_t txn, const char *dir,
		    const char *node, uint64_t max, uint64_t *val)
{
	char buf[24];
	int len = xn_xs_read(xs, txn, dir, node, buf, sizeof(buf));

	if (len == -EMSGSIZE)
		return -EINVAL;		/* too long for a number */
	return len < 0 ? len : xn_parse_uint(buf, len, max, val);
}

int xn_xs_feature(struct xn_xs *xs, const char *dir, const char *node)
{
	uint64_t val;
	int err = xn_xs_read_uint(xs, XN_XS_NOTXN, dir, node, ~0ull, &val);

	if (xn_xs_passes(err))
		return err;
	return !err && val;
}

int xn_xs_write(struct xn_xs *xs, uint32_t txn, const char *dir,
		const char *node, const char *value)
{
	return about_node(xs, XS_WRITE, txn, dir, node, value, NULL, 0);
}

int xn_xs_write_uint(struct xn_xs *xs, uint32_t txn, const char *dir,
		     const char *node, uint64_t value)
{
	char buf[XN_UINT_DIGITS + 1];

	xn_format_uint(buf, value);
	return xn_xs_write(xs, txn, dir, node, buf);
}

int xn_xs_rm(struct xn_xs *xs, uint32_t txn, const char *dir,
	     const char *node)
{
	return about_node(xs, XS_RM, txn, dir, node, NULL, NULL, 0);
}

static bool names_ok(const char *buf, uint32_t len)
{
	uint32_t begin = 0, i;

	for (i = 0; i < len; i++) {
		if (buf[i])
			continue;
		if (!xn_xs_name_ok(buf + begin, i - begin, false))
			return false;
		begin = i + 1;
	}
	return begin == len;
}

int xn_xs_list(struct xn_xs *xs, uint32_t txn, const char *dir,
	       const char *node, char *buf, uint32_t size)
{
	int len = about_node(xs, XS_DIRECTORY, txn, dir, node, NULL, buf, size);

	if (len > 0 && !names_ok(buf, len)) {
		xn_stat_inc(XN_STAT_REFUSED);
		return -EPROTO;
	}
	return len;
}

static int transaction_start(struct xn_xs *xs, uint32_t *txn)
{
	static const struct xn_xs_part nothing = { "", 1 };
	char buf[XN_UINT_DIGITS + 1];
	int len = xn_xs_talk(xs, XS_TRANSACTION_START, XN_XS_NOTXN, &nothing,
			     1, buf, sizeof(buf));

	if (len < 0 && len != -EMSGSIZE)
		return len;
	*txn = len < 0 ? 0 : xn_xs_transaction_id(buf, len);
	if (!*txn) {
		xn_stat_inc(XN_STAT_REFUSED);
		return -EPROTO;
	}
	return 0;
}

static int transaction_end(struct xn_xs *xs, uint32_t txn, bool commit)
{
	const struct xn_xs_part answer = { commit ? "T" : "F", 2 };

	return xn_xs_talk(xs, XS_TRANSACTION_END, txn, &answer, 1, NULL, 0);
}

static int transaction_run(struct xn_xs *xs, uint32_t txn,
			   int (*fn)(struct xn_xs *xs, uint32_t txn,
				     void *data),
			   void *data)
{
	int err = fn(xs, txn, data);

	if (err >= 0)
		return transaction_end(xs, txn, true);
	transaction_end(xs, txn, false);
	return err;
}

int xn_xs_transact(struct xn_xs *xs,
		   int (*fn)(struct xn_xs *xs, uint32_t txn, void *data),
		   void *data)
{
	unsigned int tries;
	uint32_t txn;
	int err = 0;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		err = xn_xs_enter(xs, true);
		if (err)
			return err;
		err = transaction_start(xs, &txn);
		if (err) {
			xn_xs_leave(xs, true);
			return err;
		}
		err = transaction_run(xs, txn, fn, data);
		xn_xs_leave(xs, true);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

/* ---- transactions that nobody waits for ---- */

/* The next one that client.c has seen, or 0. */
static uint32_t late_next(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);
	uint32_t id = xs->nr_late ? xs->late[--xs->nr_late] : 0;

	xn_unlock(&xs->lock, flags);
	return id;
}

static void late_end(struct xn_work *work)
{
	struct xn_xs *xs = xn_container_of(work, struct xn_xs, end);
	uint32_t id;

	if (!xn_xs_enter_now(xs))
		return;
	while ((id = late_next(xs)))
		transaction_end(xs, id, false);
	xn_xs_leave(xs, false);
}

void xn_xs_late_init(struct xn_xs *xs)
{
	xn_work_init(&xs->end, late_end);
}

/* ---- watches: watch.c ---- */

int xn_xs_watch_request(struct xn_xs *xs, enum xsd_sockmsg_type type,
			const char *path, const char *token)
{
	const struct xn_xs_part parts[] = {
		{ path, strlen(path) + 1 },
		{ token, strlen(token) + 1 },
	};

	return xn_xs_talk(xs, type, XN_XS_NOTXN, parts, XN_ARRAY_SIZE(parts),
			  NULL, 0);
}

int xn_xs_watch(struct xn_xs *xs, struct xn_xs_watch *w)
{
	int err = xn_xs_enter(xs, false);

	if (err)
		return err;
	/* The first event may come before the reply. */
	xn_xs_watch_link(xs, w);
	xn_format_uint(w->token, w->id);
	err = xn_xs_watch_request(xs, XS_WATCH, w->path, w->token);
	if (err)
		xn_xs_watch_forget(xs, w);
	/* xenstored may make it yet: then it has to end it, too. */
	if (err == -ETIMEDOUT)
		xn_xs_watch_request(xs, XS_UNWATCH, w->path, w->token);
	xn_xs_leave(xs, false);
	return err;
}

void xn_xs_unwatch(struct xn_xs *xs, struct xn_xs_watch *w)
{
	if (!w->linked)
		return;
	xn_xs_watch_forget(xs, w);
	if (xn_xs_enter(xs, false))
		return;
	xn_xs_watch_request(xs, XS_UNWATCH, w->path, w->token);
	xn_xs_leave(xs, false);
}

void xn_xs_watch_lost(struct xn_xs *xs, struct xn_xs_watch *w)
{
	if (w->linked)
		xn_xs_watch_forget(xs, w);
}
