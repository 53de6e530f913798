// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * While this is loaded, xenion.ko's requests to xenstore time out, although
 * watch events come, as with a xenstored that is too busy: the ring seems to be
 * in use by another sender all the time, and the timeout is short.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "xnl.h"

static struct xn_xs *const xs = &xnl_guest.xs;
static u64 timeout;

static bool begin_sending(void)
{
	unsigned long flags = xn_lock(&xs->lock);
	bool begun = !xs->sending;

	xs->sending = true;
	xn_unlock(&xs->lock, flags);
	return begun;
}

static int __init nostore_init(void)
{
	while (!begin_sending())
		msleep(20);
	timeout = READ_ONCE(xs->timeout);
	WRITE_ONCE(xs->timeout, 1);
	return 0;
}

static void __exit nostore_exit(void)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->timeout = timeout;
	xs->sending = false;
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
}

module_init(nostore_init);
module_exit(nostore_exit);

MODULE_DESCRIPTION("Lets xenion's xenstore requests time out, for tests");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
