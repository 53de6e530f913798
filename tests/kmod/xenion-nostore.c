// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * While this is loaded, xenstore gives no answer to any request of xenion.ko's in
 * time, though its watch events come: what a xenstored that is too busy looks
 * like from here.
 */
#include <linux/module.h>

#include "xnl.h"

static u64 timeout;

static int __init nostore_init(void)
{
	timeout = READ_ONCE(xnl_guest.xs.timeout);
	WRITE_ONCE(xnl_guest.xs.timeout, 1);
	return 0;
}

static void __exit nostore_exit(void)
{
	WRITE_ONCE(xnl_guest.xs.timeout, timeout);
}

module_init(nostore_init);
module_exit(nostore_exit);

MODULE_DESCRIPTION("Lets xenion's xenstore requests time out, for tests");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
