// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What a program that has opened /dev/xen/xenbus (store.c) has to read. It is bounded:
 * who does not read cannot make requests. An event of a watch that finds no room is
 * not queued, but as soon as there is room, one of the watched path itself, which
 * says less and stands for it.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "store.h"

/* Bytes of messages; one reply may go beyond. */
#define MAX_BYTES	65536u

struct store_message {
	struct list_head list;
	u32 len, read;
	char data[];			/* header and body */
};

static struct store_message *message_new(const struct xsd_sockmsg *hdr, gfp_t gfp)
{
	struct store_message *m = kmalloc(struct_size(m, data, sizeof(*hdr) +
						      hdr->len), gfp);

	if (m) {
		m->len = sizeof(*hdr) + hdr->len;
		m->read = 0;
		memcpy(m->data, hdr, sizeof(*hdr));
	}
	return m;
}

/* The lock is held. */
static void queue_put(struct store_queue *q, struct store_message *m)
{
	list_add_tail(&m->list, &q->messages);
	q->bytes += m->len;
	wake_up_interruptible(&q->wait);
}

static bool queue_has_room(struct store_queue *q)
{
	return READ_ONCE(q->bytes) < MAX_BYTES;
}

static bool queue_has_message(struct store_queue *q)
{
	return READ_ONCE(q->bytes) || READ_ONCE(q->missed);
}

/* ---- events; the lock is held ---- */

static bool event_put(struct store_queue *q, const struct store_watch *w,
		      const char *path, u32 len)
{
	u32 token_len = strlen(w->token) + 1;
	struct xsd_sockmsg hdr = {
		.type = XS_WATCH_EVENT, .len = len + 1 + token_len,
	};
	struct store_message *m;
	char *body;

	if (q->bytes + sizeof(hdr) + hdr.len > MAX_BYTES)
		return false;
	m = message_new(&hdr, GFP_ATOMIC | __GFP_NOWARN);
	if (!m)
		return false;
	body = m->data + sizeof(hdr);
	memcpy(body, path, len);
	body[len] = '\0';
	memcpy(body + len + 1, w->token, token_len);
	queue_put(q, m);
	return true;
}

static void events_catch_up(struct store_queue *q)
{
	struct store_watch *w;

	if (!q->missed)
		return;
	list_for_each_entry(w, &q->watches, list) {
		if (!w->missed)
			continue;
		if (!event_put(q, w, w->w.path, strlen(w->w.path)))
			return;
		w->missed = false;
	}
	q->missed = false;
}

static void queue_event(struct xn_xs_watch *core, const char *path, u32 len)
{
	struct store_watch *w = container_of(core, struct store_watch, w);
	struct store_queue *q = w->queue;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	/* Not before one that stands for an earlier event. */
	if (w->missed || !event_put(q, w, path, len)) {
		w->missed = true;
		q->missed = true;
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

void store_queue_add(struct store_queue *q, struct store_watch *w)
{
	w->w.event = queue_event;
	w->queue = q;
	spin_lock_irq(&q->lock);
	list_add_tail(&w->list, &q->watches);
	spin_unlock_irq(&q->lock);
}

void store_queue_remove(struct store_queue *q, struct store_watch *w)
{
	spin_lock_irq(&q->lock);
	list_del(&w->list);
	spin_unlock_irq(&q->lock);
}

/* ---- replies ---- */

int store_queue_wait_room(struct store_queue *q, bool nonblock)
{
	if (queue_has_room(q))
		return 0;
	if (nonblock)
		return -EAGAIN;
	return wait_event_interruptible(q->wait, queue_has_room(q));
}

int store_queue_reply(struct store_queue *q, const struct xsd_sockmsg *hdr,
		      const void *body)
{
	struct store_message *m = message_new(hdr, GFP_KERNEL_ACCOUNT);

	if (!m)
		return -ENOMEM;
	memcpy(m->data + sizeof(*hdr), body, hdr->len);
	spin_lock_irq(&q->lock);
	queue_put(q, m);
	spin_unlock_irq(&q->lock);
	return 0;
}

/* ---- reading ---- */

/* Returns: NULL if there is none, or an error for one that memory lacks for. */
static struct store_message *queue_head(struct store_queue *q)
{
	struct store_message *m;

	spin_lock_irq(&q->lock);
	if (list_empty(&q->messages))
		events_catch_up(q);
	m = list_first_entry_or_null(&q->messages, struct store_message, list);
	if (!m && q->missed)
		m = ERR_PTR(-ENOMEM);
	spin_unlock_irq(&q->lock);
	return m;
}

static void queue_drop_head(struct store_queue *q, struct store_message *m)
{
	spin_lock_irq(&q->lock);
	list_del(&m->list);
	q->bytes -= m->len;
	events_catch_up(q);
	wake_up_interruptible(&q->wait);
	spin_unlock_irq(&q->lock);
	kfree(m);
}

/* What is there, up to @len bytes, of one message or several. */
static ssize_t queue_take(struct store_queue *q, char __user *to, size_t len)
{
	struct store_message *m;
	size_t taken = 0;

	while (taken < len && (m = queue_head(q))) {
		u32 n;

		if (IS_ERR(m))
			return taken ?: PTR_ERR(m);
		n = min_t(size_t, len - taken, m->len - m->read);
		if (copy_to_user(to + taken, m->data + m->read, n))
			return taken ?: -EFAULT;
		taken += n;
		m->read += n;
		if (m->read == m->len)
			queue_drop_head(q, m);
	}
	return taken;
}

ssize_t store_queue_read(struct store_queue *q, char __user *to, size_t len,
			 bool nonblock)
{
	ssize_t ret = 0;

	while (len && !ret) {
		if (mutex_lock_interruptible(&q->reading))
			return -ERESTARTSYS;
		ret = queue_take(q, to, len);
		mutex_unlock(&q->reading);
		if (ret)
			break;
		if (nonblock)
			return -EAGAIN;
		ret = wait_event_interruptible(q->wait, queue_has_message(q));
	}
	return ret;
}

__poll_t store_queue_poll(struct store_queue *q, struct file *file,
			  poll_table *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &q->wait, wait);
	if (queue_has_message(q))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (queue_has_room(q))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

void store_queue_init(struct store_queue *q)
{
	mutex_init(&q->reading);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->messages);
	INIT_LIST_HEAD(&q->watches);
	init_waitqueue_head(&q->wait);
}

void store_queue_fini(struct store_queue *q)
{
	struct store_message *m, *next;

	list_for_each_entry_safe(m, next, &q->messages, list)
		kfree(m);
}
