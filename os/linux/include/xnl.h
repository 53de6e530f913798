/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the core module of the Linux layer (xenion.ko) offers to its frontend
 * modules: the guest, event channels as interrupts, and the bus.
 */
#ifndef XENION_LINUX_XNL_H
#define XENION_LINUX_XNL_H

#include <xenion/frontend.h>
#include <xenion/guest.h>
#include <xenion/x86/boot.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/workqueue.h>

extern struct xn_guest xnl_guest;

/* What CPUID says of Xen, and the places where Xen writes about each vCPU. */
extern struct xn_hv_info xnl_hv;
extern struct xn_vcpus xnl_vcpus;

/**
 * xnl_irq_bind_unbound - an event channel that @remote may connect to, as irq
 * @remote: the other domain
 * @port: the port's number, for xenstore and for xn_evtchn_send()
 *
 * The irq is then used as any other: request_irq(), free_irq(), affinity.
 * Returns: the irq number or a negative errno value. May sleep.
 */
int xnl_irq_bind_unbound(domid_t remote, evtchn_port_t *port);

/** xnl_irq_bind_interdomain - connect to @remote's port @remote_port, as irq */
int xnl_irq_bind_interdomain(domid_t remote, evtchn_port_t remote_port,
			     evtchn_port_t *port);

/** xnl_irq_bind_virq - VIRQ_* @virq on vCPU of Linux's @cpu, as irq */
int xnl_irq_bind_virq(unsigned int virq, unsigned int cpu,
		      evtchn_port_t *port);

/** xnl_irq_bind_ipi - an event that interrupts Linux's @cpu, as irq */
int xnl_irq_bind_ipi(unsigned int cpu, evtchn_port_t *port);

/** xnl_irq_adopt - a port that the toolstack made, as irq */
int xnl_irq_adopt(evtchn_port_t port);

/**
 * xnl_irq_unbind - close the port and forget the irq
 * @irq: from one of the above; free_irq() was called
 *
 * The port is closed soon after, when no CPU and no mapping knows of it any more:
 * what follows gets another number. May sleep.
 */
void xnl_irq_unbind(int irq);

/** xnl_irq_flush - wait until the ports that were unbound are closed; may sleep */
void xnl_irq_flush(void);

/**
 * xnl_page_put - drop a reference to the page at an address
 * @va: in a page of which get_page() has taken a reference
 *
 * What a frontend gives to xn_gnttab_end_page() as release function for a page
 * that is not its own: unlike one in the frontend's module, it can still be
 * called when that module is gone. Context: any.
 */
void xnl_page_put(void *va);

/*
 * xnl_memory_away - as the system ends, Xen keeps so much of its memory
 * @kib: in KiB; if it is not 0, the domain is rebooted where kexec was to be
 *
 * Context: a reboot notifier, before xenion.ko's, which is the last.
 */
void xnl_memory_away(unsigned long kib);

/*
 * What a module does beside its devices on the bus when the guest has been saved,
 * restored or moved; NULL: nothing. Between register and unregister, and not while
 * the guest is away.
 */
struct xnl_resume {
	/* In a new domain, on its only CPU with interrupts off. */
	void (*reborn)(void);
	/*
	 * In a new domain: give up ports of the old one, where xnl_irq_unbind()
	 * closes none of the new one's. May sleep.
	 */
	void (*lost)(void);
	/* Go on, in a new domain or the old one. May sleep. */
	void (*resume)(bool anew);
	/* All devices go on, and programs will. May sleep. */
	void (*end)(void);
	struct list_head list;		/* suspend.c's */
};

#ifdef CONFIG_SUSPEND
void xnl_resume_register(struct xnl_resume *r);
void xnl_resume_unregister(struct xnl_resume *r);
#else
static inline void xnl_resume_register(struct xnl_resume *r) { }
static inline void xnl_resume_unregister(struct xnl_resume *r) { }
#endif

/*
 * console/early.c: the boot console, where the driver is built in. Called once, as
 * soon as hypercalls can be made.
 */
#if IS_BUILTIN(CONFIG_XENION_CONSOLE)
void xnl_console_early(void);
#else
static inline void xnl_console_early(void) { }
#endif

/* A device on the bus "xenion", named TYPE-ID, e.g. "vbd-51712". */
struct xnl_device {
	struct device dev;
	struct xn_device xb;	/* initialised before probe is called */
	char type[16];
	unsigned int id;

	/* the bus's own: */
	struct work_struct remove_work, release_work;
	bool going;		/* remove_work was queued; bus_work's */
	bool retry;		/* the driver could not start it, and may later */
	bool told;		/* that was logged */
	bool settled;
	bool lost;		/* with the old domain; bus_work takes it up again */
	bool ended;		/* .shutdown was called; under the device's lock */
};

#define to_xnl_device(d) container_of(d, struct xnl_device, dev)

struct xnl_driver {
	struct device_driver driver;	/* .name set; the bus sets the rest */
	const char *type;		/* "vbd" */
	/*
	 * Must call xn_device_start(&xdev->xb, ops); may sleep. The backend's
	 * answers then come through ops->backend_changed. Must not wait for
	 * the backend.
	 */
	int (*probe)(struct xnl_device *xdev);
	/* Device gone or module unloaded: stop, free everything. May sleep. */
	void (*remove)(struct xnl_device *xdev);
	/*
	 * The system ends: the backend lets go of our memory, or is given up in
	 * seconds; what Linux knows of the device stays, and works no more. No
	 * other function of the driver's is called for it then. May sleep. If
	 * NULL, remove is called instead.
	 */
	void (*shutdown)(struct xnl_device *xdev);
	/* Its frontend, which the bus suspends and resumes. */
	struct xn_frontend *(*frontend)(struct xnl_device *xdev);
};

/**
 * xnl_driver_register - begin with the devices of a type
 * @drv: the driver; type, probe and remove are set
 * @owner: THIS_MODULE
 * @mod_name: KBUILD_MODNAME
 *
 * Waits until the devices that are there have settled: xnl_device_settled(). How
 * long at most is a parameter of xenion.ko.
 * Returns: 0 or a negative errno value. May sleep, for seconds.
 */
int xnl_driver_register(struct xnl_driver *drv, struct module *owner,
			const char *mod_name);

/** xnl_driver_unregister - remove all its devices, side by side; may sleep */
void xnl_driver_unregister(struct xnl_driver *drv);

/**
 * xnl_device_settled - a device can be used, or never will be
 * @xdev: the device
 *
 * xnl_driver_register() waits for that, so that who has loaded a module finds
 * its devices; a device that xn_device_fail() was called for needs no word. A
 * driver says it once what it makes of the device is there. Context: any.
 */
void xnl_device_settled(struct xnl_device *xdev);

/* In a frontend module: MODULE_ALIAS(XNL_ALIAS("vbd")); */
#define XNL_ALIAS(type) "xenion:" type

#endif /* XENION_LINUX_XNL_H */
