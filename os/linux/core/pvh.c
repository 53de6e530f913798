// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A kernel that has xenion built in, and CONFIG_XEN=n, starts as a PVH guest
 * through the note and the entry that CONFIG_PVH gives it
 * (arch/x86/platform/pvh). The entry calls xen_pvh_init() when it finds Xen;
 * without one, the kernel stops there. What the guest lacks of a PC is then told
 * to Linux: a PVH guest has the local APIC and nothing else.
 *
 * In a kernel that was not built with xenion, the boot shim does the same from
 * outside (boot/shim).
 */
#include <linux/acpi.h>
#include <linux/console.h>
#include <linux/init.h>
#include <linux/reboot.h>
#include <asm/cpufeature.h>
#include <asm/i8259.h>
#include <asm/x86_init.h>

#include "core.h"
#include "xnl.h"

/* Declared in a header of Linux's that excludes the public ones (native.c). */
void xen_pvh_init(struct boot_params *params);

static unsigned long pvh_tsc_khz(void)
{
	return xnl_hv.tsc_khz;
}

/*
 * There is no real-time clock. Linux 5.10 would wait for ever for its ports, which
 * read as ones, later releases for a second.
 */
static void pvh_no_clock(struct timespec64 *now)
{
	*now = (struct timespec64){ };
}

static int pvh_no_clock_to_set(const struct timespec64 *now)
{
	return -ENODEV;
}

static bool __init pvh_x2apic(void)
{
	return boot_cpu_has(X86_FEATURE_X2APIC);
}

/* No timer of a PC's: Linux must neither start one nor measure against it. */
static void __init pvh_clocks(void)
{
	x86_init.timers.timer_init = x86_init_noop;
	x86_platform.get_wallclock = pvh_no_clock;
	x86_platform.set_wallclock = pvh_no_clock_to_set;
	x86_platform.legacy.rtc = 0;
	/* The APIC's timer goes on in every state in which Xen keeps a vCPU. */
	setup_force_cpu_cap(X86_FEATURE_ARAT);
	if (!xnl_hv.tsc_khz)
		return;
	x86_platform.calibrate_tsc = pvh_tsc_khz;
	x86_platform.calibrate_cpu = pvh_tsc_khz;
	setup_force_cpu_cap(X86_FEATURE_TSC_KNOWN_FREQ);
	/* Linux distrusts the TSCs of several vCPUs (AMD). */
	setup_force_cpu_cap(X86_FEATURE_TSC_RELIABLE);
}

/*
 * At the end of setup_arch(): earlyprintk=...,keep counts only as long as no console
 * is preferred, and the user's console= comes later than this one.
 */
static void __init pvh_banner(void)
{
	pr_info("xenion: starting as a PVH guest of Xen %u.%u\n", xnl_hv.major,
		xnl_hv.minor);
	add_preferred_console("hvc", 0, NULL);
}

/* Called by setup_arch(), in place of a board's. */
static void __init pvh_arch_setup(void)
{
	if (xn_hv_probe(&xnl_hv))
		return;
	xn_hypercall_choose();
	pvh_clocks();
	legacy_pic = &null_legacy_pic;
	/* Without the interrupt of a PC's, Linux would do without ACPI at all. */
	acpi_irq_model = ACPI_IRQ_MODEL_PLATFORM;
	x86_platform.legacy.i8042 = X86_LEGACY_I8042_PLATFORM_ABSENT;
	/* Otherwise Linux leaves x2APIC where it finds no interrupt remapping. */
	x86_init.hyper.x2apic_available = pvh_x2apic;
	/* No keyboard controller, no firmware: only a triple fault resets. */
	reboot_type = BOOT_TRIPLE;
	xnl_console_early();
	x86_init.oem.banner = pvh_banner;
}

/* Before .bss is cleared: nothing can be kept here but in other sections. */
void __init xen_pvh_init(struct boot_params *params)
{
	x86_init.oem.arch_setup = pvh_arch_setup;
}
