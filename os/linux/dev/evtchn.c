// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * /dev/xen/evtchn: event channels for programs (xen-public/sys/evtchn.h). A program
 * reads the numbers of ports that had an event. Such a port is masked then, until its
 * number is written back, so that each port waits to be read once at most.
 *
 * Ports do not survive a restore: reading fails with EIO, until
 * IOCTL_EVTCHN_RESET.
 */
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "dev.h"
#include <xen-public/sys/evtchn.h>

/*
 * Ports of one file, and of all. xl lets a domain have 1023, unless told otherwise
 * (max_event_channels), and devices need some.
 */
#define MAX_PORTS	256
#define MAX_ALL_PORTS	512

/* Ports of one read or write. */
#define MAX_BATCH	64

struct evtchn_file {
	struct list_head list;		/* of all files */
	struct mutex lock;		/* ports come and go */
	struct list_head ports;
	unsigned int nr_ports;
	domid_t only;			/* the one domain, or DOMID_INVALID */
	spinlock_t pending_lock;	/* all below */
	struct list_head pending;	/* in the order of their events */
	bool lost;
	wait_queue_head_t wait;
	struct fasync_struct *fasync;
};

union evtchn_arg {
	struct ioctl_evtchn_bind_virq virq;
	struct ioctl_evtchn_bind_interdomain interdomain;
	struct ioctl_evtchn_bind_unbound_port unbound;
	struct ioctl_evtchn_unbind unbind;
	struct ioctl_evtchn_notify notify;
	struct ioctl_evtchn_restrict_domid restrict_domid;
};

struct evtchn_port {
	struct list_head list;
	struct evtchn_file *file;
	evtchn_port_t port;
	int irq;
	struct list_head pending;
	bool masked;
};

static LIST_HEAD(files);
static DEFINE_MUTEX(files_lock);
static bool ended;			/* no port is bound any more */
static DEFINE_XARRAY(all_ports);
static atomic_t nr_all_ports;

/* ---- events ---- */

static irqreturn_t evtchn_interrupt(int irq, void *data)
{
	struct evtchn_port *p = data;
	struct evtchn_file *f = p->file;
	unsigned long flags;

	spin_lock_irqsave(&f->pending_lock, flags);
	if (!p->masked) {
		p->masked = true;
		disable_irq_nosync(irq);
		list_add_tail(&p->pending, &f->pending);
		wake_up_interruptible(&f->wait);
		kill_fasync(&f->fasync, SIGIO, POLL_IN);
	}
	spin_unlock_irqrestore(&f->pending_lock, flags);
	return IRQ_HANDLED;
}

static bool evtchn_readable(struct evtchn_file *f)
{
	return !list_empty_careful(&f->pending) || READ_ONCE(f->lost);
}

/* Takes up to @max ports off the list of pending ones. Returns: how many, or -EIO */
static int evtchn_take(struct evtchn_file *f, u32 *ports, unsigned int max)
{
	struct evtchn_port *p;
	int n = 0;

	spin_lock_irq(&f->pending_lock);
	while (n < max && !list_empty(&f->pending)) {
		p = list_first_entry(&f->pending, struct evtchn_port, pending);
		list_del_init(&p->pending);
		ports[n++] = p->port;
	}
	if (f->lost)
		n = -EIO;
	spin_unlock_irq(&f->pending_lock);
	return n;
}

/* The file's lock is held. */
static struct evtchn_port *port_find(struct evtchn_file *f, u32 port)
{
	struct evtchn_port *p = xa_load(&all_ports, port);

	return p && p->file == f ? p : NULL;
}

/* The last one first: they are read in their order then. */
static void evtchn_put_back(struct evtchn_file *f, const u32 *ports, int n)
{
	struct evtchn_port *p;

	mutex_lock(&f->lock);
	spin_lock_irq(&f->pending_lock);
	while (n-- > 0) {
		p = port_find(f, ports[n]);
		if (p && p->masked && list_empty(&p->pending))
			list_add(&p->pending, &f->pending);
	}
	spin_unlock_irq(&f->pending_lock);
	mutex_unlock(&f->lock);
	wake_up_interruptible(&f->wait);
}

static ssize_t evtchn_read(struct file *file, char __user *to, size_t len,
			   loff_t *pos)
{
	struct evtchn_file *f = file->private_data;
	u32 ports[MAX_BATCH];
	int n;

	len = min(len / sizeof(*ports), (size_t)MAX_BATCH);
	if (!len)
		return 0;
	for (;;) {
		n = evtchn_take(f, ports, len);
		if (n)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(f->wait, evtchn_readable(f)))
			return -ERESTARTSYS;
	}
	if (n < 0)
		return n;
	if (copy_to_user(to, ports, n * sizeof(*ports))) {
		evtchn_put_back(f, ports, n);
		return -EFAULT;
	}
	return n * sizeof(*ports);
}

/* One that waits to be read stays as it is. */
static void port_unmask(struct evtchn_file *f, struct evtchn_port *p)
{
	bool unmask;

	spin_lock_irq(&f->pending_lock);
	unmask = p->masked && list_empty(&p->pending);
	if (unmask)
		p->masked = false;
	spin_unlock_irq(&f->pending_lock);
	if (unmask)
		enable_irq(p->irq);
}

static ssize_t evtchn_write(struct file *file, const char __user *from,
			    size_t len, loff_t *pos)
{
	struct evtchn_file *f = file->private_data;
	u32 ports[MAX_BATCH];
	struct evtchn_port *p;
	unsigned int i;

	len = min(len / sizeof(*ports), (size_t)MAX_BATCH);
	if (copy_from_user(ports, from, len * sizeof(*ports)))
		return -EFAULT;
	mutex_lock(&f->lock);
	for (i = 0; i < len; i++) {
		p = port_find(f, ports[i]);
		if (p)
			port_unmask(f, p);
	}
	mutex_unlock(&f->lock);
	return len * sizeof(*ports);
}

static __poll_t evtchn_poll(struct file *file, poll_table *wait)
{
	struct evtchn_file *f = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &f->wait, wait);
	if (evtchn_readable(f))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(f->lost))
		mask |= EPOLLERR;
	return mask;
}

static int evtchn_fasync(int fd, struct file *file, int on)
{
	struct evtchn_file *f = file->private_data;

	return fasync_helper(fd, file, on, &f->fasync);
}

/* ---- ports; the file's lock is held ---- */

static void port_forget(struct evtchn_file *f, struct evtchn_port *p)
{
	spin_lock_irq(&f->pending_lock);
	list_del_init(&p->pending);
	spin_unlock_irq(&f->pending_lock);
	kfree(p);
	f->nr_ports--;
}

static void port_unbind(struct evtchn_file *f, struct evtchn_port *p)
{
	list_del(&p->list);
	xa_erase(&all_ports, p->port);
	free_irq(p->irq, p);
	xnl_irq_unbind(p->irq);
	port_forget(f, p);
}

/* A port counts until Xen has it back: a loop of bind and unbind has no more. */
static void ports_closed(unsigned int n)
{
	xnl_irq_flush();
	atomic_sub(n, &nr_all_ports);
}

static void ports_unbind(struct evtchn_file *f)
{
	struct evtchn_port *p, *next;
	unsigned int n = f->nr_ports;

	list_for_each_entry_safe(p, next, &f->ports, list)
		port_unbind(f, p);
	if (n)
		ports_closed(n);
}

static struct evtchn_port *port_new(struct evtchn_file *f)
{
	struct evtchn_port *p;

	if (f->nr_ports >= MAX_PORTS ||
	    !atomic_add_unless(&nr_all_ports, 1, MAX_ALL_PORTS))
		return ERR_PTR(-ENOSPC);
	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p) {
		atomic_dec(&nr_all_ports);
		return ERR_PTR(-ENOMEM);
	}
	f->nr_ports++;
	p->file = f;
	INIT_LIST_HEAD(&p->pending);
	return p;
}

/* p->irq and p->port are set. Returns: the port, or an error */
static int port_start(struct evtchn_file *f, struct evtchn_port *p)
{
	int err = xa_insert(&all_ports, p->port, p, GFP_KERNEL);

	if (err)
		return err;
	err = request_irq(p->irq, evtchn_interrupt, 0, "xenion-evtchn", p);
	if (err) {
		xa_erase(&all_ports, p->port);
		return err;
	}
	list_add(&p->list, &f->ports);
	return p->port;
}

/* Binds by the ioctl @cmd. Returns: the irq, or an error */
static int port_irq(struct evtchn_port *p, unsigned int cmd,
		    const union evtchn_arg *a)
{
	switch (cmd) {
	case IOCTL_EVTCHN_BIND_VIRQ:
		return xnl_irq_bind_virq(a->virq.virq, 0, &p->port);
	case IOCTL_EVTCHN_BIND_INTERDOMAIN:
		return xnl_irq_bind_interdomain(a->interdomain.remote_domain,
						a->interdomain.remote_port,
						&p->port);
	default:
		return xnl_irq_bind_unbound(a->unbound.remote_domain, &p->port);
	}
}

/* @remote is a program's word, of 32 bits. */
static bool domain_ok(const struct evtchn_file *f, u32 remote)
{
	if (f->only != DOMID_INVALID && f->only != remote)
		return false;
	return remote < DOMID_FIRST_RESERVED || remote == DOMID_SELF;
}

static int port_bind(struct evtchn_file *f, unsigned int cmd,
		     const union evtchn_arg *a)
{
	struct evtchn_port *p;
	int ret;

	if (READ_ONCE(ended))
		return -ESHUTDOWN;
	p = port_new(f);
	if (IS_ERR(p))
		return PTR_ERR(p);
	p->irq = port_irq(p, cmd, a);
	ret = p->irq < 0 ? p->irq : port_start(f, p);
	if (ret < 0) {
		if (p->irq >= 0)
			xnl_irq_unbind(p->irq);
		port_forget(f, p);
		ports_closed(1);
	}
	return ret;
}

/* ---- the file ---- */

static int evtchn_unbind(struct evtchn_file *f, u32 port)
{
	struct evtchn_port *p = port_find(f, port);

	if (!p)
		return -ENOTCONN;
	port_unbind(f, p);
	ports_closed(1);
	return 0;
}

static int evtchn_notify(struct evtchn_file *f, u32 port)
{
	return port_find(f, port) ? xn_evtchn_send(port) : -ENOTCONN;
}

/* Ports whose events are dropped stay masked, until they are written. */
static int evtchn_reset(struct evtchn_file *f)
{
	struct evtchn_port *p;

	spin_lock_irq(&f->pending_lock);
	list_for_each_entry(p, &f->ports, list)
		list_del_init(&p->pending);
	f->lost = false;
	spin_unlock_irq(&f->pending_lock);
	return 0;
}

/* Once and for good. */
static int evtchn_restrict(struct evtchn_file *f, domid_t domid)
{
	if (f->only != DOMID_INVALID)
		return -EACCES;
	if (domid >= DOMID_FIRST_RESERVED)
		return -EINVAL;
	f->only = domid;
	return 0;
}

static int evtchn_do(struct evtchn_file *f, unsigned int cmd,
		     const union evtchn_arg *a)
{
	switch (cmd) {
	case IOCTL_EVTCHN_BIND_VIRQ:
		if (f->only != DOMID_INVALID)
			return -EACCES;
		return port_bind(f, cmd, a);
	case IOCTL_EVTCHN_BIND_INTERDOMAIN:
		if (!domain_ok(f, a->interdomain.remote_domain))
			return -EACCES;
		return port_bind(f, cmd, a);
	case IOCTL_EVTCHN_BIND_UNBOUND_PORT:
		if (!domain_ok(f, a->unbound.remote_domain))
			return -EACCES;
		return port_bind(f, cmd, a);
	case IOCTL_EVTCHN_UNBIND:
		return evtchn_unbind(f, a->unbind.port);
	case IOCTL_EVTCHN_NOTIFY:
		return evtchn_notify(f, a->notify.port);
	case IOCTL_EVTCHN_RESET:
		return evtchn_reset(f);
	case IOCTL_EVTCHN_RESTRICT_DOMID:
		return evtchn_restrict(f, a->restrict_domid.domid);
	default:
		return -ENOTTY;
	}
}

static long evtchn_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct evtchn_file *f = file->private_data;
	union evtchn_arg a = { };
	int ret;

	/* A number has the size in it: another size is another number. */
	if (_IOC_SIZE(cmd) > sizeof(a))
		return -ENOTTY;
	if (copy_from_user(&a, (void __user *)arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	mutex_lock(&f->lock);
	ret = evtchn_do(f, cmd, &a);
	mutex_unlock(&f->lock);
	return ret;
}

static int evtchn_open(struct inode *inode, struct file *file)
{
	struct evtchn_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	INIT_LIST_HEAD(&f->ports);
	f->only = DOMID_INVALID;
	spin_lock_init(&f->pending_lock);
	INIT_LIST_HEAD(&f->pending);
	init_waitqueue_head(&f->wait);
	mutex_lock(&files_lock);
	list_add(&f->list, &files);
	mutex_unlock(&files_lock);
	file->private_data = f;
	return stream_open(inode, file);
}

static int evtchn_release(struct inode *inode, struct file *file)
{
	struct evtchn_file *f = file->private_data;

	mutex_lock(&files_lock);
	list_del(&f->list);
	mutex_unlock(&files_lock);
	ports_unbind(f);
	kfree(f);
	return 0;
}

static const struct file_operations evtchn_fops = {
	.owner		= THIS_MODULE,
	.open		= evtchn_open,
	.release	= evtchn_release,
	.read		= evtchn_read,
	.write		= evtchn_write,
	.poll		= evtchn_poll,
	.fasync		= evtchn_fasync,
	.unlocked_ioctl	= evtchn_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,	/* structures are the same */
};

struct miscdevice xdev_evtchn = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "xen/evtchn",
	.fops	= &evtchn_fops,
	.mode	= 0600,
};

/* ---- for the rest of the module ---- */

bool xdev_evtchn_bound(evtchn_port_t port)
{
	return xa_load(&all_ports, port);
}

void xdev_evtchn_send(evtchn_port_t port)
{
	xa_lock(&all_ports);
	if (xa_load(&all_ports, port))
		xn_evtchn_send(port);
	xa_unlock(&all_ports);
}

static void evtchn_unbind_all(bool lost)
{
	struct evtchn_file *f;

	mutex_lock(&files_lock);
	list_for_each_entry(f, &files, list) {
		mutex_lock(&f->lock);
		if (lost && f->nr_ports)
			WRITE_ONCE(f->lost, true);
		ports_unbind(f);
		mutex_unlock(&f->lock);
		wake_up_interruptible(&f->wait);
	}
	mutex_unlock(&files_lock);
}

void xdev_evtchn_lost(void)
{
	evtchn_unbind_all(true);
}

void xdev_evtchn_quit(void)
{
	WRITE_ONCE(ended, true);
	evtchn_unbind_all(false);
}
