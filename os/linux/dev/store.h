/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What store.c and queue.c of xenion-dev.ko need of each other.
 */
#ifndef XENION_LINUX_DEV_STORE_H
#define XENION_LINUX_DEV_STORE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "dev.h"

/* What a program has to read: replies, and events of its watches. */
struct store_queue {
	struct mutex reading;		/* who takes from the head */
	spinlock_t lock;		/* all below; an upcall takes it */
	struct list_head messages;
	u32 bytes;			/* of all messages */
	bool missed;			/* an event of a watch had no room */
	struct list_head watches;
	wait_queue_head_t wait;		/* for messages, and for room */
};

struct store_watch {
	struct xn_xs_watch w;
	struct list_head list;
	struct store_queue *queue;
	bool missed;
	char token[];
};

void store_queue_init(struct store_queue *q);
void store_queue_fini(struct store_queue *q);

/* Around a watch's life: its events go to the queue. */
void store_queue_add(struct store_queue *q, struct store_watch *w);
void store_queue_remove(struct store_queue *q, struct store_watch *w);

/* @body has hdr->len bytes. */
int store_queue_reply(struct store_queue *q, const struct xsd_sockmsg *hdr,
		      const void *body);
/* Until one more reply may be queued. */
int store_queue_wait_room(struct store_queue *q, bool nonblock);

ssize_t store_queue_read(struct store_queue *q, char __user *to, size_t len,
			 bool nonblock);
__poll_t store_queue_poll(struct store_queue *q, struct file *file,
			  poll_table *wait);

#endif /* XENION_LINUX_DEV_STORE_H */
