// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * /dev/xen/xenbus: the wire protocol of xenstore (xen-public/io/xs_wire.h,
 * docs/misc/xenstore.txt of Xen) for programs. Each open file is a connection of its
 * own: its transactions and watches are nobody else's, and end with it. What waits to
 * be read is in queue.c.
 *
 * The last byte of a request makes it, and the write returns when there is an
 * answer. Watches are the core's: it makes them again in a new domain.
 * Transactions do not survive that: to a program it looks as if others had
 * interfered, EAGAIN.
 *
 * A xenstored allows a domain 128 watches and 10 transactions, unless told otherwise,
 * and the kernel's are among them: programs get half.
 */
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "store.h"

#define MAX_WATCHES		64
#define MAX_TRANSACTIONS	5

struct store_txn {
	struct list_head list;
	u32 id;
	int domain;			/* that store_domains had counted then */
};

struct store_file {
	struct store_queue queue;
	struct mutex lock;		/* all below */
	struct list_head txns;
	u32 got;			/* bytes of the request */
	struct {
		struct xsd_sockmsg hdr;
		char body[XENSTORE_PAYLOAD_MAX];
	} request;
	char reply[XENSTORE_PAYLOAD_MAX];
};

static atomic_t store_watches, store_txns;
/* Transactions whose numbers came too late, which nobody can end. */
static atomic_t store_txns_adrift;
static atomic_t store_domains;		/* how often the domain was a new one */

/* ---- transactions ---- */

static struct store_txn *txn_find(struct store_file *f, u32 id)
{
	struct store_txn *t;

	list_for_each_entry(t, &f->txns, list)
		if (t->id == id)
			return t;
	return NULL;
}

static void txn_forget(struct store_txn *t)
{
	list_del(&t->list);
	kfree(t);
	atomic_dec(&store_txns);
}

static bool txn_is_lost(const struct store_txn *t)
{
	return t->domain != atomic_read(&store_domains);
}

static int request_pass(struct store_file *f)
{
	const struct xsd_sockmsg *hdr = &f->request.hdr;

	return xn_xs_request(&xnl_guest.xs, hdr->type, hdr->tx_id,
			     f->request.body, hdr->len, f->reply,
			     sizeof(f->reply));
}

/* The number in the reply to XS_TRANSACTION_START. */
static int txn_number(const char *reply, int len, u32 *id)
{
	u64 number;

	if (len && !reply[len - 1])
		len--;
	if (xn_parse_uint(reply, len, U32_MAX, &number) || !number)
		return -EPROTO;
	*id = number;
	return 0;
}

static bool txn_count(void)
{
	if (atomic_inc_return(&store_txns) + atomic_read(&store_txns_adrift) <=
	    MAX_TRANSACTIONS)
		return true;
	atomic_dec(&store_txns);
	return false;
}

static int txn_start(struct store_file *f)
{
	struct store_txn *t;
	int len, err;

	if (!txn_count())
		return -ENOSPC;
	t = kmalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t) {
		atomic_dec(&store_txns);
		return -ENOMEM;
	}
	INIT_LIST_HEAD(&t->list);
	t->domain = atomic_read(&store_domains);
	len = request_pass(f);
	err = len < 0 ? len : txn_number(f->reply, len, &t->id);
	if (err) {
		if (err == -ETIMEDOUT && !txn_is_lost(t))
			atomic_inc(&store_txns_adrift);
		txn_forget(t);
		return err;
	}
	list_add(&t->list, &f->txns);
	return len;
}

static int txn_end(struct store_file *f, struct store_txn *t)
{
	const char *how = f->request.body;
	int ret;

	/* Anything else would leave it open. */
	if (f->request.hdr.len != 2 || (how[0] != 'T' && how[0] != 'F') || how[1])
		return -EINVAL;
	ret = txn_is_lost(t) ? -EAGAIN : request_pass(f);
	txn_forget(t);
	return ret;
}

static int request_in_txn(struct store_file *f)
{
	struct store_txn *t = txn_find(f, f->request.hdr.tx_id);

	if (!t)
		return -ENOENT;
	if (f->request.hdr.type == XS_TRANSACTION_END)
		return txn_end(f, t);
	if (f->request.hdr.type == XS_TRANSACTION_START)
		return -EBUSY;
	return txn_is_lost(t) ? -EAGAIN : request_pass(f);
}

static void txns_abort(struct store_file *f)
{
	struct store_txn *t, *next;

	list_for_each_entry_safe(t, next, &f->txns, list) {
		if (!txn_is_lost(t))
			xn_xs_request(&xnl_guest.xs, XS_TRANSACTION_END, t->id,
				      "F", 2, f->reply, sizeof(f->reply));
		txn_forget(t);
	}
}

/* ---- watches ---- */

/* The body "<path>\0<token>\0" as two strings. */
static int watch_words(struct store_file *f, const char **path,
		       const char **token)
{
	const char *body = f->request.body;
	u32 len = f->request.hdr.len;
	u32 at = strnlen(body, len) + 1;

	if (at >= len || strnlen(body + at, len - at) != len - at - 1)
		return -EINVAL;
	*path = body;
	*token = body + at;
	return 0;
}

static struct store_watch *watch_find(struct store_file *f, const char *path,
				      const char *token)
{
	struct store_watch *w;

	list_for_each_entry(w, &f->queue.watches, list)
		if (!strcmp(w->w.path, path) && !strcmp(w->token, token))
			return w;
	return NULL;
}

static void watch_end(struct store_file *f, struct store_watch *w)
{
	xn_xs_unwatch(&xnl_guest.xs, &w->w);
	store_queue_remove(&f->queue, w);
	kfree(w);
	atomic_dec(&store_watches);
}

static int watch_begin(struct store_file *f, const char *path, const char *token)
{
	struct store_watch *w;
	int err;

	w = kzalloc(struct_size(w, token, strlen(token) + 1),
		    GFP_KERNEL_ACCOUNT);
	if (!w)
		return -ENOMEM;
	if (strscpy(w->w.path, path, sizeof(w->w.path)) < 0) {
		kfree(w);
		return -E2BIG;
	}
	strcpy(w->token, token);
	/* The first event may come before the reply. */
	store_queue_add(&f->queue, w);
	err = xn_xs_watch(&xnl_guest.xs, &w->w);
	if (err) {
		store_queue_remove(&f->queue, w);
		kfree(w);
	}
	return err;
}

static int request_watch(struct store_file *f)
{
	const char *path, *token;
	int err = watch_words(f, &path, &token);

	if (err)
		return err;
	if (!xn_xs_path_ok(path, strlen(path)))
		return -EINVAL;
	if (watch_find(f, path, token))
		return -EEXIST;
	if (!atomic_add_unless(&store_watches, 1, MAX_WATCHES))
		return -ENOSPC;
	err = watch_begin(f, path, token);
	if (err)
		atomic_dec(&store_watches);
	return err;
}

static int request_unwatch(struct store_file *f)
{
	struct store_watch *w;
	const char *path, *token;
	int err = watch_words(f, &path, &token);

	if (err)
		return err;
	w = watch_find(f, path, token);
	if (!w)
		return -ENOENT;
	watch_end(f, w);
	return 0;
}

/* As xenstored does for the connection of a domain. */
static int request_reset(struct store_file *f)
{
	struct store_watch *w, *next;

	list_for_each_entry_safe(w, next, &f->queue.watches, list)
		watch_end(f, w);
	txns_abort(f);
	return 0;
}

/* ---- requests ---- */

/* A request that we have done: the reply's length. */
static int reply_ok(struct store_file *f, int err)
{
	if (err)
		return err;
	strcpy(f->reply, "OK");
	return 3;
}

/* Returns: the reply's length, or an error for XS_ERROR. */
static int request_judge(struct store_file *f)
{
	switch (f->request.hdr.type) {
	case XS_WATCH:
		return reply_ok(f, request_watch(f));
	case XS_UNWATCH:
		return reply_ok(f, request_unwatch(f));
	case XS_RESET_WATCHES:
		return reply_ok(f, request_reset(f));
	}
	if (f->request.hdr.tx_id)
		return request_in_txn(f);
	if (f->request.hdr.type == XS_TRANSACTION_START)
		return txn_start(f);
	return request_pass(f);
}

/* The protocol has names for these, and for no other. */
static const char *error_name(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (xsd_errors[i].errnum == -err)
			return xsd_errors[i].errstring;
	return "EIO";
}

static int request_answer(struct store_file *f)
{
	struct xsd_sockmsg hdr = f->request.hdr;
	int len = request_judge(f);
	const char *body = f->reply;

	if (len < 0) {
		body = error_name(len);
		len = strlen(body) + 1;
		hdr.type = XS_ERROR;
	}
	hdr.len = len;
	return store_queue_reply(&f->queue, &hdr, body);
}

/* How many bytes the request lacks; before its header is complete, the header. */
static u32 request_lacks(const struct store_file *f)
{
	const u32 head = sizeof(f->request.hdr);

	return (f->got < head ? head : head + f->request.hdr.len) - f->got;
}

/* Returns: bytes taken, up to the end of one request, or an error. */
static ssize_t request_take(struct store_file *f, const char __user *from,
			    size_t len)
{
	size_t taken = 0;

	while (taken < len && request_lacks(f)) {
		size_t n = min_t(size_t, len - taken, request_lacks(f));

		if (copy_from_user((char *)&f->request + f->got, from + taken, n))
			return taken ?: -EFAULT;
		f->got += n;
		taken += n;
		if (f->got == sizeof(f->request.hdr) &&
		    f->request.hdr.len > XENSTORE_PAYLOAD_MAX) {
			f->got = 0;
			return -EINVAL;
		}
	}
	return taken;
}

/* ---- the file ---- */

static int store_open(struct inode *inode, struct file *file)
{
	struct store_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	INIT_LIST_HEAD(&f->txns);
	store_queue_init(&f->queue);
	file->private_data = f;
	return stream_open(inode, file);
}

static int store_release(struct inode *inode, struct file *file)
{
	struct store_file *f = file->private_data;

	request_reset(f);
	store_queue_fini(&f->queue);
	kfree(f);
	return 0;
}

static ssize_t store_write(struct file *file, const char __user *from,
			   size_t len, loff_t *pos)
{
	struct store_file *f = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	/* Under the lock: of many threads, each would find the last room. */
	ret = store_queue_wait_room(&f->queue, file->f_flags & O_NONBLOCK);
	if (!ret)
		ret = request_take(f, from, len);
	if (ret > 0 && !request_lacks(f)) {
		int err = request_answer(f);

		f->got = 0;
		if (err)
			ret = err;
	}
	mutex_unlock(&f->lock);
	return ret;
}

static ssize_t store_read(struct file *file, char __user *to, size_t len,
			  loff_t *pos)
{
	struct store_file *f = file->private_data;

	return store_queue_read(&f->queue, to, len, file->f_flags & O_NONBLOCK);
}

static __poll_t store_poll(struct file *file, poll_table *wait)
{
	struct store_file *f = file->private_data;

	return store_queue_poll(&f->queue, file, wait);
}

static const struct file_operations store_fops = {
	.owner		= THIS_MODULE,
	.open		= store_open,
	.release	= store_release,
	.read		= store_read,
	.write		= store_write,
	.poll		= store_poll,
};

struct miscdevice xdev_store = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "xen/xenbus",
	.fops	= &store_fops,
	.mode	= 0600,
};

void xdev_store_lost(void)
{
	atomic_inc(&store_domains);
	atomic_set(&store_txns_adrift, 0);
}
