// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-console.ko: the PV console as hvc0, for logins and, with
 * console=hvc0, for the kernel's messages. A tty driver of its own: the
 * kernel's hvc layer keeps its interface in a private header, and is not in
 * every kernel.
 *
 * Neither side drops what the other has not room for. Input stays in the ring
 * while the tty takes none, so the host waits; a program that writes sleeps
 * until the host has read. Only the kernel's messages cannot wait for ever:
 * what is lost of them is counted (/sys/class/tty/hvc0/).
 */
#include <linux/console.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/sched/clock.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>
#include <linux/workqueue.h>

#include <xenion/boot.h>
#include <xenion/console.h>
#include <xenion/version.h>
#include "console.h"
#include "xnl.h"

/* The tty does not report that it has room again: look so often. */
#define INPUT_AGAIN	(HZ / 50)
/*
 * A message waits so long for a host that takes nothing. xenconsoled does not
 * listen for up to 200 ms to a domain that has made too many events.
 */
#define PATIENCE_NS	(1ull * NSEC_PER_SEC)
#define MAX_YIELDS	5000000u

static struct xnl_console {
	struct xn_console con;
	struct tty_port port;
	struct xencons_interface *intf;
	u64 gpa;			/* of that page */
	int irq;

	/*
	 * Writers. The log takes it, in any context, so it is raw: under it is
	 * a copy of at most a ring's size, and nothing is logged.
	 */
	raw_spinlock_t out_lock;
	bool stuck;			/* the last message found no room */
	bool deaf;			/* the host did not read a panic's messages */
	atomic64_t lost;		/* bytes that found none */

	spinlock_t in_lock;		/* readers, and the rest */
	bool reading;			/* somebody has it open and takes input */
	/*
	 * Read from the ring, not yet in the tty. As large as the ring: each read
	 * notifies the host, and xenconsoled limits the rate of these.
	 */
	unsigned char rest[sizeof_field(struct xencons_interface, in)];
	unsigned int rest_at, rest_len;
	struct delayed_work input_again;
	unsigned long held;		/* times that the tty had no room */
} xcon;

static struct tty_driver *driver;

/* ---- input ---- */

/* True: all that was taken out of the ring is in the tty. Under the lock. */
static bool xcon_rest_pass(void)
{
	unsigned int len = xcon.rest_len - xcon.rest_at;

	if (!len)
		return true;
	xcon.rest_at += tty_insert_flip_string(&xcon.port,
					       xcon.rest + xcon.rest_at, len);
	tty_flip_buffer_push(&xcon.port);
	return xcon.rest_at == xcon.rest_len;
}

/* Returns as xn_console_read(). Under the lock. */
static int xcon_rest_fill(void)
{
	int n = xn_console_read(&xcon.con, xcon.rest, sizeof(xcon.rest));

	xcon.rest_at = 0;
	xcon.rest_len = max(n, 0);
	return n;
}

/*
 * From the ring to the tty, as much as it takes. A host that writes faster than
 * this reads cannot keep it here: later input has an event of its own.
 */
static void xcon_input(void)
{
	unsigned int got = 0;
	unsigned long flags;
	int n = 0;

	spin_lock_irqsave(&xcon.in_lock, flags);
	while (xcon.reading) {
		if (!xcon_rest_pass()) {
			xcon.held++;
			schedule_delayed_work(&xcon.input_again, INPUT_AGAIN);
			break;
		}
		if (got >= sizeof(xcon.intf->in))
			break;
		n = xcon_rest_fill();
		if (n <= 0)
			break;
		got += n;
	}
	spin_unlock_irqrestore(&xcon.in_lock, flags);
	if (n < 0)
		xn_console_report(&xcon.con);
}

static void xcon_input_again(struct work_struct *work)
{
	xcon_input();
}

static void xcon_read_or_not(bool reading)
{
	unsigned long flags;

	spin_lock_irqsave(&xcon.in_lock, flags);
	xcon.reading = reading;
	spin_unlock_irqrestore(&xcon.in_lock, flags);
	if (reading)
		xcon_input();
}

static irqreturn_t xcon_interrupt(int irq, void *data)
{
	xn_console_event(&xcon.con);
	xcon_input();
	/* Also the answer to output: there may be room again. */
	tty_port_tty_wakeup(&xcon.port);
	return IRQ_HANDLED;
}

/* ---- output ---- */

/*
 * Returns as xn_console_write(). In a panic, a stopped CPU may hold the lock, or
 * this CPU further up its own call chain.
 */
static int xcon_send(const char *data, int len)
{
	unsigned long flags;
	int n;

	if (!oops_in_progress)
		raw_spin_lock_irqsave(&xcon.out_lock, flags);
	else if (!raw_spin_trylock_irqsave(&xcon.out_lock, flags))
		return 0;
	n = xn_console_write(&xcon.con, data, len);
	raw_spin_unlock_irqrestore(&xcon.out_lock, flags);
	if (n < 0)
		xn_console_report(&xcon.con);
	return n;
}

XNL_TTY_WRITE(xcon_write, tty, data, len)
{
	int n = xcon_send(data, len);

	if (n >= 0)
		return n;
	/* A broken ring discards output, so that a login can end. */
	atomic64_add(len, &xcon.lost);
	return len;
}

XNL_TTY_WRITE_ROOM(xcon_write_room, tty)
{
	unsigned int room = xn_console_room(&xcon.con);

	return READ_ONCE(xcon.con.broken) ? sizeof(xcon.intf->out) : room;
}

struct patience {
	u64 since;
	unsigned int yields;
};

static struct patience xcon_patience_new(void)
{
	return (struct patience){ .since = sched_clock() };
}

/* Let the host run. False: it had enough time. */
static bool xcon_patience(struct patience *p)
{
	/* The clock may stand still here. */
	if (xcon.stuck || ++p->yields > MAX_YIELDS ||
	    sched_clock() - p->since > PATIENCE_NS)
		return false;
	xn_hc_sched(SCHEDOP_yield, NULL);
	return true;
}

/* True: all of it is in the ring, at once or within the host's time. */
static bool xcon_send_all(const char *s, unsigned int len, struct patience *p)
{
	while (len) {
		int n = xcon_send(s, len);

		if (n < 0 || (!n && !xcon_patience(p)))
			return false;
		if (!n)
			continue;
		xcon.stuck = false;
		*p = xcon_patience_new();
		s += n;
		len -= n;
	}
	return true;
}

/* Each line's end becomes two bytes. Returns how many bytes of @s are done. */
static unsigned int xcon_cook(const char *s, unsigned int len, char *buf,
			      unsigned int size, unsigned int *used)
{
	unsigned int i;

	*used = 0;
	for (i = 0; i < len && *used < size - 1; i++) {
		if (s[i] == '\n')
			buf[(*used)++] = '\r';
		buf[(*used)++] = s[i];
	}
	return i;
}

/*
 * Kernel messages: any context, so wait for dom0 without sleep, and not for
 * ever. A host that takes nothing is waited for once, not in every message.
 */
void xnl_console_print(struct console *console, const char *s, unsigned int len)
{
	struct patience p = xcon_patience_new();
	unsigned int done, n;
	char buf[256];

	while (len) {
		done = xcon_cook(s, len, buf, sizeof(buf), &n);
		if (!xcon_send_all(buf, n, &p))
			break;
		s += done;
		len -= done;
	}
	if (len) {
		xcon.stuck = true;
		atomic64_add(len, &xcon.lost);
		return;
	}
	/* The domain may end now: let the host read all of it. */
	while (oops_in_progress && !xcon.deaf &&
	       xn_console_room(&xcon.con) < sizeof(xcon.intf->out))
		xcon.deaf = !xcon_patience(&p);
}

/* ---- the tty ---- */

static int xcon_open(struct tty_struct *tty, struct file *filp)
{
	return tty_port_open(&xcon.port, tty, filp);
}

static void xcon_close(struct tty_struct *tty, struct file *filp)
{
	tty_port_close(&xcon.port, tty, filp);
}

static void xcon_hangup(struct tty_struct *tty)
{
	tty_port_hangup(&xcon.port);
}

static void xcon_throttle(struct tty_struct *tty)
{
	xcon.held++;
	xcon_read_or_not(false);
}

static void xcon_unthrottle(struct tty_struct *tty)
{
	xcon_read_or_not(true);
}

static const struct tty_operations xcon_ops = {
	.open		= xcon_open,
	.close		= xcon_close,
	.hangup		= xcon_hangup,
	.write		= xcon_write,
	.write_room	= xcon_write_room,
	.throttle	= xcon_throttle,
	.unthrottle	= xcon_unthrottle,
};

static int xcon_activate(struct tty_port *port, struct tty_struct *tty)
{
	xcon_read_or_not(true);
	return 0;
}

static void xcon_shutdown(struct tty_port *port)
{
	xcon_read_or_not(false);
}

static const struct tty_port_operations xcon_port_ops = {
	.activate	= xcon_activate,
	.shutdown	= xcon_shutdown,
};

static ssize_t output_lost_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", (u64)atomic64_read(&xcon.lost));
}
static DEVICE_ATTR_RO(output_lost);

static ssize_t input_held_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", READ_ONCE(xcon.held));
}
static DEVICE_ATTR_RO(input_held);

static struct attribute *xcon_attrs[] = {
	&dev_attr_output_lost.attr,
	&dev_attr_input_held.attr,
	NULL
};
ATTRIBUTE_GROUPS(xcon);

static struct tty_driver *xcon_device(struct console *console, int *index)
{
	*index = 0;
	return driver;
}

static struct console xcon_console = {
	.name	= "hvc",
	.write	= xnl_console_print,
	.device	= xcon_device,
	.flags	= CON_PRINTBUFFER,
	.index	= -1,
};

static int xcon_tty_init(void)
{
	struct device *dev;
	int err;

	driver = tty_alloc_driver(1, TTY_DRIVER_REAL_RAW |
				  TTY_DRIVER_DYNAMIC_DEV |
				  TTY_DRIVER_RESET_TERMIOS);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = "xenion-console";
	driver->name = "hvc";
	driver->type = TTY_DRIVER_TYPE_SYSTEM;
	driver->init_termios = tty_std_termios;
	tty_set_operations(driver, &xcon_ops);
	tty_port_link_device(&xcon.port, driver, 0);
	err = tty_register_driver(driver);
	if (err)
		goto put;
	dev = tty_port_register_device_attr(&xcon.port, driver, 0, NULL, NULL,
					   xcon_groups);
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto unregister;
	}
	return 0;

unregister:
	tty_unregister_driver(driver);
put:
	tty_driver_kref_put(driver);
	return err;
}

static int xcon_events_begin(evtchn_port_t port)
{
	int err;

	xcon.irq = xnl_irq_adopt(port);
	if (xcon.irq < 0)
		return xcon.irq;
	err = request_irq(xcon.irq, xcon_interrupt, 0, "xenion-console",
			  &xcon);
	if (err) {
		xnl_irq_unbind(xcon.irq);
		xcon.irq = 0;
		return err;
	}
	xn_console_open(&xcon.con, &xnl_guest.evtchn);
	return 0;
}

static void xcon_events_end(void)
{
	if (xcon.irq <= 0)
		return;
	xn_console_close(&xcon.con);
	free_irq(xcon.irq, &xcon);
	xnl_irq_unbind(xcon.irq);
	xcon.irq = 0;
}

/* Output works without events, so the last messages are still written. */
static int xcon_system_ends(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	xcon_events_end();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = {
	.notifier_call = xcon_system_ends,
};

void xnl_console_use(struct xencons_interface *intf, evtchn_port_t port)
{
	xcon.intf = intf;
	raw_spin_lock_init(&xcon.out_lock);
	xn_console_init(&xcon.con, intf, port);
}

/* The boot console's ring stays in use until that console goes. */
static int xcon_map(const struct xn_boot_channel *where, bool boot)
{
	struct xencons_interface *intf;

	if (boot) {
		xcon.con.port = where->port;
		return 0;
	}
	intf = xn_os_map(where->gpa >> XN_PAGE_SHIFT, 1);
	if (!intf)
		return -ENOMEM;
	xnl_console_use(intf, where->port);
	return 0;
}

static void xcon_unmap(void)
{
	xn_os_unmap(xcon.intf, 1);
	xcon.intf = NULL;
}

/* ---- a guest that is saved, restored or moved ---- */

/*
 * The page of the new domain is where the old one was. If it is not, the old one
 * stays mapped: that of a boot console is not ours to unmap.
 */
static int xcon_map_again(const struct xn_boot_channel *where)
{
	struct xencons_interface *intf = xcon.intf;
	unsigned long flags;

	if (!where->gpa)
		return -ENODEV;
	if (where->gpa != xcon.gpa)
		intf = xn_os_map(where->gpa >> XN_PAGE_SHIFT, 1);
	if (!intf)
		return -ENOMEM;
	spin_lock_irqsave(&xcon.in_lock, flags);
	raw_spin_lock(&xcon.out_lock);
	xcon.intf = intf;
	xcon.gpa = where->gpa;
	xn_console_init(&xcon.con, intf, where->port);
	raw_spin_unlock(&xcon.out_lock);
	spin_unlock_irqrestore(&xcon.in_lock, flags);
	return 0;
}

static void xcon_resumed(bool anew)
{
	struct xn_boot_channel where;
	int err;

	if (!anew)
		return;
	xn_hvm_console(&where);
	err = xcon_map_again(&where);
	if (!err)
		err = xcon_events_begin(where.port);
	if (err)
		pr_err("xenion-console: no console in the new domain (error %d)\n",
		       err);
	xcon_input();
	tty_port_tty_wakeup(&xcon.port);
}

static struct xnl_resume xcon_resume = {
	.lost	= xcon_events_end,
	.resume	= xcon_resumed,
};

static int __init xcon_init(void)
{
	bool boot = xcon.intf;
	struct xn_boot_channel where;
	int err;

	xn_hvm_console(&where);
	if (!where.gpa) {
		pr_err("xenion-console: the toolstack gave this domain no console\n");
		return -ENODEV;
	}
	err = xcon_map(&where, boot);
	if (err)
		return err;
	xcon.gpa = where.gpa;
	spin_lock_init(&xcon.in_lock);
	INIT_DELAYED_WORK(&xcon.input_again, xcon_input_again);
	tty_port_init(&xcon.port);
	xcon.port.ops = &xcon_port_ops;
	err = xcon_events_begin(where.port);
	if (err)
		goto destroy;
	/* The last that can fail: somebody may open it as soon as it is there. */
	err = xcon_tty_init();
	if (err)
		goto events;
	register_reboot_notifier(&reboot_block);
	register_console(&xcon_console);
	xnl_resume_register(&xcon_resume);
	return 0;

events:
	xcon_events_end();
destroy:
	tty_port_destroy(&xcon.port);
	if (!boot)
		xcon_unmap();
	return err;
}

static void __exit xcon_exit(void)
{
	xnl_resume_unregister(&xcon_resume);
	/* Without console=hvc0 it was never enabled. */
	if (xcon_console.flags & CON_ENABLED)
		unregister_console(&xcon_console);
	unregister_reboot_notifier(&reboot_block);
	xcon_events_end();
	cancel_delayed_work_sync(&xcon.input_again);
	tty_unregister_device(driver, 0);
	tty_unregister_driver(driver);
	tty_driver_kref_put(driver);
	tty_port_destroy(&xcon.port);
	xcon_unmap();
}

module_init(xcon_init);
module_exit(xcon_exit);

MODULE_DESCRIPTION("Xen PV console (hvc0)");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
