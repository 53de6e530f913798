// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xl sysrq: the toolstack writes the character of a magic SysRq command to
 * control/sysrq; the guest removes it to say that it has heard, and obeys as
 * far as kernel.sysrq allows (docs/misc/xenstore-paths.pandoc of Xen,
 * ~/control/sysrq; Linux's Documentation/admin-guide/sysrq.rst).
 */
#include <linux/ctype.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysrq.h>

#include "internal.h"

static struct xn_xs_watch sysrq_watch;

struct request {
	char key[4];
	int len;		/* of what was there, or an errno value */
};

/* Removed before it is obeyed: some commands never return. */
static int take(struct xn_xs *xs, uint32_t txn, void *data)
{
	struct request *req = data;

	req->len = xn_xs_read(xs, txn, "control", "sysrq", req->key,
			      sizeof(req->key));
	if (!req->len)
		return 0;
	if (req->len < 0 && req->len != -EMSGSIZE)
		return req->len;
	return xn_xs_write(xs, txn, "control", "sysrq", "");
}

static void obey(const struct request *req)
{
	if (req->len != 1 || !isascii(req->key[0]) || !isalnum(req->key[0])) {
		xn_stat_inc(XN_STAT_REFUSED);
		pr_warn_once("xenion: control/sysrq holds more than a letter or a digit: not obeyed\n");
		return;
	}
	pr_info("xenion: the host asks for sysrq %c\n", req->key[0]);
	handle_sysrq(req->key[0]);
}

static void sysrq_changed(struct xn_xs_watch *w)
{
	struct request req;

	switch (xn_xs_transact(&xnl_guest.xs, take, &req)) {
	case 0:
		if (req.len)
			obey(&req);
		break;
	case -ENOENT:	/* the toolstack does not know the command, */
	case -EACCES:	/* or does not let us say that we have heard it */
	case -ESHUTDOWN:
		break;
	default:
		xn_xs_watch_again(&xnl_guest.xs, w);
	}
}

int xnl_sysrq_init(void)
{
	if (!IS_ENABLED(CONFIG_MAGIC_SYSRQ))
		return 0;
	strscpy(sysrq_watch.path, "control/sysrq", sizeof(sysrq_watch.path));
	sysrq_watch.fn = sysrq_changed;
	return xn_xs_watch(&xnl_guest.xs, &sysrq_watch);
}

void xnl_sysrq_fini(void)
{
	xn_xs_unwatch(&xnl_guest.xs, &sysrq_watch);
}
