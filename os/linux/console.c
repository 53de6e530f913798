// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-console.ko: the PV console as hvc0, for logins and, with
 * console=hvc0, for the kernel's messages. A tty driver of its own: the
 * kernel's hvc layer keeps its interface in a private header, and is not in
 * every kernel.
 */
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>

#include <xenion/console.h>
#include "xnl.h"

static struct xnl_console {
	struct xn_console con;
	struct xn_backoff backoff;
	struct tty_port port;
	spinlock_t lock;		/* writers */
	struct xencons_interface *intf;
	int irq;
} xcon;

static struct tty_driver *driver;

/*
 * In the upcall. The core excludes nobody: one irq is one reader. A host that
 * writes faster than we read does not keep us here: what it writes later has
 * an event of its own.
 */
static irqreturn_t console_interrupt(int irq, void *data)
{
	unsigned int got = 0;
	char buf[64];
	int n;

	xn_backoff_event(&xcon.backoff);
	if (xn_console_moved(&xcon.con))
		xn_backoff_work(&xcon.backoff);
	while (got < sizeof(xcon.intf->in) &&
	       (n = xn_console_read(&xcon.con, buf, sizeof(buf))) > 0) {
		tty_insert_flip_string(&xcon.port, buf, n);
		tty_flip_buffer_push(&xcon.port);
		got += n;
	}
	/* Also the answer to output: there may be room again. */
	tty_port_tty_wakeup(&xcon.port);
	return IRQ_HANDLED;
}

static int xcon_send(const char *data, int len)
{
	unsigned long flags;
	int n;

	spin_lock_irqsave(&xcon.lock, flags);
	n = xn_console_write(&xcon.con, data, len);
	spin_unlock_irqrestore(&xcon.lock, flags);
	return n;
}

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

static int xcon_write(struct tty_struct *tty, const unsigned char *data,
		      int len)
{
	int n = xcon_send(data, len);

	/* A ring that is broken swallows: a login must still end. */
	return n < 0 ? len : n;
}

static unsigned int xcon_write_room(struct tty_struct *tty)
{
	return xn_console_room(&xcon.con);
}

static const struct tty_operations xcon_ops = {
	.open		= xcon_open,
	.close		= xcon_close,
	.hangup		= xcon_hangup,
	.write		= xcon_write,
	.write_room	= xcon_write_room,
};

static const struct tty_port_operations xcon_port_ops = { };

/*
 * Kernel messages: any context, so wait for dom0 by spinning, but not for
 * ever: what finds no room in a while is dropped.
 */
static void xcon_print(struct console *console, const char *s, unsigned int len)
{
	unsigned int idle = 0;

	while (len && idle < 1000) {
		const char *nl = memchr(s, '\n', len);
		unsigned int part = nl ? nl - s : len;
		int n = 0;

		if (part)
			n = xcon_send(s, part);
		else if (xn_console_room(&xcon.con) >= 2 &&
			 xcon_send("\r\n", 2) == 2)
			n = 1;
		if (n < 0)
			return;
		if (!n) {
			idle++;
			udelay(100);
			continue;
		}
		idle = 0;
		s += n;
		len -= n;
	}
}

static struct tty_driver *xcon_device(struct console *console, int *index)
{
	*index = 0;
	return driver;
}

static struct console xcon_console = {
	.name	= "hvc",
	.write	= xcon_print,
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
	dev = tty_port_register_device(&xcon.port, driver, 0, NULL);
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

static int __init xenion_console_init(void)
{
	u64 gfn, port;
	int err;

	err = xn_hvm_param_get(HVM_PARAM_CONSOLE_PFN, &gfn);
	if (!err)
		err = xn_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port);
	if (err)
		return err;
	if (!gfn || !port || port > U32_MAX) {
		pr_err("xenion-console: the toolstack gave this domain no console\n");
		return -ENODEV;
	}
	xcon.intf = xn_os_map(gfn, 1);
	if (!xcon.intf)
		return -ENOMEM;
	spin_lock_init(&xcon.lock);
	xn_console_init(&xcon.con, xcon.intf, port);
	tty_port_init(&xcon.port);
	xcon.port.ops = &xcon_port_ops;
	err = xcon_tty_init();
	if (err)
		goto destroy;
	xcon.irq = xnl_irq_adopt(port);
	if (xcon.irq < 0) {
		err = xcon.irq;
		goto tty;
	}
	err = request_irq(xcon.irq, console_interrupt, 0, "xenion-console",
			  &xcon);
	if (err)
		goto unbind;
	xn_backoff_open(&xcon.backoff, &xnl_guest.evtchn, port);
	register_console(&xcon_console);
	return 0;

unbind:
	xnl_irq_unbind(xcon.irq);
tty:
	tty_unregister_device(driver, 0);
	tty_unregister_driver(driver);
	tty_driver_kref_put(driver);
destroy:
	tty_port_destroy(&xcon.port);
	xn_os_unmap(xcon.intf, 1);
	return err;
}

static void __exit xenion_console_exit(void)
{
	/* Without console=hvc0 it was never taken up. */
	if (xcon_console.flags & CON_ENABLED)
		unregister_console(&xcon_console);
	xn_backoff_close(&xcon.backoff);
	free_irq(xcon.irq, &xcon);
	xnl_irq_unbind(xcon.irq);
	tty_unregister_device(driver, 0);
	tty_unregister_driver(driver);
	tty_driver_kref_put(driver);
	tty_port_destroy(&xcon.port);
	xn_os_unmap(xcon.intf, 1);
}

module_init(xenion_console_init);
module_exit(xenion_console_exit);

MODULE_DESCRIPTION("Xen PV console (hvc0)");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
