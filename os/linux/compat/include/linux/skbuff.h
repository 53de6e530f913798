/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Pages that return to their pool: there, no pool has any (net/page_pool). */
#ifndef XENION_COMPAT_SKBUFF_H
#define XENION_COMPAT_SKBUFF_H

#include_next <linux/skbuff.h>

#include <xnl_have.h>

#if !XNL_HAVE_SKB_RECYCLE
static inline void skb_mark_for_recycle(struct sk_buff *skb)
{
}
#endif

#endif /* XENION_COMPAT_SKBUFF_H */
