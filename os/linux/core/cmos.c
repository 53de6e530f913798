// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * When Linux suspends, and when it resumes, it reads the CMOS clock, with interrupts off
 * (mach_get_cmos_time() in arch/x86/kernel/rtc.c). A PVH guest has none (ACPI 6, 5.2.9.3:
 * "CMOS RTC Not Present" in the FADT). Its ports read as ones, which is a clock that is
 * busy, and Linux waits a second for it, each time.
 *
 * Linux's own Xen support reads another clock, by a function in x86_platform. A module
 * cannot put one there, because the structure is read-only after boot. So a kprobe leads
 * to ours, while the toolstack suspends the guest and no longer. Without CONFIG_KPROBES
 * Linux waits. A kernel that has xenion built in does without all this (pvh.c).
 *
 * Called by suspend.c.
 */
#include <linux/kprobes.h>
#include <linux/time64.h>
#include <asm/x86_init.h>

#include "core.h"

/* What Linux takes for "not known" after its second. */
static void cmos_absent(struct timespec64 *now)
{
	*now = (struct timespec64){ };
}

/* The function has been called and has done nothing yet: the other one takes its place. */
static int cmos_instead(struct kprobe *probe, struct pt_regs *regs)
{
	regs->ip = (unsigned long)cmos_absent;
	return 1;
}

/* Only with this one may the first change regs->ip (Documentation/trace/kprobes.rst). */
static void cmos_after(struct kprobe *probe, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe cmos_probe;
static bool cmos_probed;

/* May sleep, as the next one. */
void xnl_cmos_leave(void)
{
	int err;

	if (x86_platform.legacy.rtc)
		return;
	cmos_probe = (struct kprobe){
		.symbol_name	= "mach_get_cmos_time",
		.pre_handler	= cmos_instead,
		.post_handler	= cmos_after,
	};
	err = register_kprobe(&cmos_probe);
	cmos_probed = !err;
	if (err)
		pr_info("xenion: Linux waits two seconds for a clock chip that is not there (no kprobe, error %d)\n",
			err);
}

void xnl_cmos_return(void)
{
	if (cmos_probed)
		unregister_kprobe(&cmos_probe);
	cmos_probed = false;
}
