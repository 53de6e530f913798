// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.0: a 9P request is put together with its client. */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/9p/9p.h>
#include <net/9p/client.h>

int (*probe)(struct p9_client *c, struct p9_req_t *r) = p9_req_put;
