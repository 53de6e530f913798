/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion.ko need of each other.
 */
#ifndef XENION_LINUX_CORE_H
#define XENION_LINUX_CORE_H

#include <xenion/x86/boot.h>
#include "xnl.h"

/* native.c: the only file that includes Linux's own <xen/...> headers */
bool xnl_kernel_is_xen_guest(void);

/* os.c: before all else, and after it */
int xnl_os_init(void);
void xnl_os_fini(void);

/* main.c */
void xnl_rooms_quit(void);
int xnl_store_resume(void);

/* upcall.c: how Xen interrupts us */
int xnl_upcall_init(void);
void xnl_upcall_fini(void);
unsigned int xnl_vcpu(unsigned int cpu);
int xnl_upcall_resume(void);	/* in a new domain, on its only CPU */

/* platform.c: the interrupt of an HVM guest's platform device instead */
#ifdef CONFIG_PCI
int xnl_platform_init(void);
int xnl_platform_resume(void);
void xnl_platform_fini(void);
#else
static inline int xnl_platform_init(void) { return -ENODEV; }
static inline int xnl_platform_resume(void) { return -ENODEV; }
static inline void xnl_platform_fini(void) { }
#endif

/*
 * unplug.c: emulated devices of an HVM guest. Once, before the first driver of the
 * bus registers, and in each new domain, before devices resume, with interrupts off.
 * xnl_unplug_left: some stay, which devices of this type would double.
 */
#ifdef CONFIG_PCI
void xnl_unplug(void);
void xnl_unplug_resume(void);
bool xnl_unplug_left(const char *type);
#else
static inline void xnl_unplug(void) { }
static inline void xnl_unplug_resume(void) { }
static inline bool xnl_unplug_left(const char *type) { return false; }
#endif

/* irq.c: ports as interrupts */
int xnl_irq_init(void);
void xnl_irq_fini(void);
void xnl_irq_enter_cpu(unsigned int cpu);
bool xnl_irq_leave_cpu(unsigned int cpu);

/* bus.c */
extern struct bus_type xnl_bus;
int xnl_bus_init(void);
void xnl_bus_fini(void);
void xnl_bus_shutdown(void);
void xnl_bus_suspend(void);
void xnl_bus_lost(void);
void xnl_bus_resume(void);

/* settle.c: until the devices that are there can be used */
void xnl_settle(const char *type);
void xnl_settle_scanned(void);

/* sysfs.c: what /sys/bus/xenion shows of the guest as a whole */
extern const struct attribute_group *xnl_bus_groups[];

/* control.c: what the toolstack asks of the guest: power off, reboot, SysRq */
int xnl_control_init(void);
void xnl_control_resume(void);
void xnl_control_fini(void);

/* cpus.c: which CPUs the toolstack wants online */
#ifdef CONFIG_HOTPLUG_CPU
int xnl_cpus_init(void);
void xnl_cpus_fini(void);
#else
static inline int xnl_cpus_init(void) { return 0; }
static inline void xnl_cpus_fini(void) { }
#endif

/* suspend.c: the toolstack asks for it; soon, in a work */
#ifdef CONFIG_SUSPEND
void xnl_suspend(void);
void xnl_suspend_fini(void);
#else
static inline void xnl_suspend_fini(void) { }
#endif

/* cmos.c: around a suspend, so that Linux does not wait for a clock that is not there */
#if defined(CONFIG_SUSPEND) && defined(CONFIG_KPROBES) && \
	!defined(CONFIG_XENION_PVH)
void xnl_cmos_leave(void);
void xnl_cmos_return(void);
#else
static inline void xnl_cmos_leave(void) { }
static inline void xnl_cmos_return(void) { }
#endif

/* shutdown.c: the end of the system */
int xnl_shutdown_init(void);
void xnl_shutdown_fini(void);

#endif /* XENION_LINUX_CORE_H */
