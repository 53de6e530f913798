// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.14: pages of a socket buffer return to the pool they are from. */
#include <linux/skbuff.h>

void probe(struct sk_buff *skb);

void probe(struct sk_buff *skb)
{
	skb_mark_for_recycle(skb);
}
