// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-time.ko: Xen's system time as a clocksource, and Xen's time of day
 * (xen-public/xen.h, struct vcpu_time_info and the wc_ fields of struct
 * shared_info), which sets Linux's clock and is there to read as an RTC (rtc.c).
 *
 * The TSC stays the clocksource as long as Linux trusts it: that one the vDSO
 * reads without a system call. Linux takes ours by itself when it does not.
 */
#include <linux/clocksource.h>
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/timekeeping.h>
#include <asm/tsc.h>

#include <xenion/version.h>
#include "time.h"

/* Between those of timers that a PC has (HPET: 250) and a good TSC (300). */
#define RATING		275
#define RATING_BEST	400

static struct xn_clock xtime_clock;
static DEFINE_PER_CPU(unsigned int, xtime_vcpu) = UINT_MAX;
static int hotplug_state;

u64 notrace xtime_read(void)
{
	unsigned long flags;
	u64 ns;

	raw_local_irq_save(flags);
	ns = xn_clock_read(&xtime_clock, __this_cpu_read(xtime_vcpu));
	raw_local_irq_restore(flags);
	return ns;
}

/*
 * As long as a CPU has no number, it reads the latest time of the others. Not that of
 * xnl_vcpu(), which may be another vCPU's: who takes the CPU's events.
 */
static int xtime_cpu_up(unsigned int cpu)
{
	per_cpu(xtime_vcpu, cpu) = xn_hv_vcpu_id(&xnl_hv, cpu);
	return 0;
}

int xtime_wallclock(struct timespec64 *now)
{
	struct xn_wallclock wc;
	u64 ns = xn_clock_to_xen(&xtime_clock, xtime_read());
	int err = xn_wallclock_read(xnl_vcpus.shared, ns, &wc);

	if (err)
		return err;
	if (wc.sec > KTIME_SEC_MAX)
		return -EINVAL;
	now->tv_sec = wc.sec;
	now->tv_nsec = wc.nsec;
	return 0;
}

static void xtime_set_clock(const struct timespec64 *before)
{
	struct timespec64 now;
	int err = xtime_wallclock(&now);

	if (!err)
		err = do_settimeofday64(&now);
	if (err)
		pr_warn("xenion-time: Xen's time of day is not used (error %d)\n",
			err);
	else
		pr_info("xenion-time: the clock is set, by %lld s\n",
			now.tv_sec - before->tv_sec);
}

/*
 * The new host counts from another time on, which it writes at the latest when this
 * vCPU has run, and not run, once more.
 */
static void xtime_reborn(void)
{
	unsigned int tries = 1000;

	while (xn_clock_resume(&xtime_clock, __this_cpu_read(xtime_vcpu)) &&
	       --tries)
		xn_hc_sched(SCHEDOP_yield, NULL);
	if (!tries)
		pr_warn("xenion-time: the new host gives no time: the clock is wrong until it is set\n");
}

static void xtime_resumed(void)
{
	struct timespec64 before;

	ktime_get_real_ts64(&before);
	xtime_set_clock(&before);
}

static struct xnl_resume xtime_resume = {
	.reborn	= xtime_reborn,
	.end	= xtime_resumed,
};

static u64 notrace xtime_source_read(struct clocksource *source)
{
	return xtime_read();
}

static struct clocksource xtime_source = {
	.name	= "xenion",
	.owner	= THIS_MODULE,
	.read	= xtime_source_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
};

static int __init xtime_init(void)
{
	struct timespec64 before;
	int state, err;

	ktime_get_real_ts64(&before);
	xn_clock_init(&xtime_clock, &xnl_vcpus);
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "xenion/time:online",
				  xtime_cpu_up, NULL);
	if (state < 0)
		return state;
	hotplug_state = state;
	/* Linux may set its clock from it, but to half a second only. */
	err = xtime_rtc_init();
	if (err)
		goto hotplug;
	xtime_set_clock(&before);
	/* Last: Linux may use it at once, and then it cannot be taken back. */
	xtime_source.rating = check_tsc_unstable() ? RATING_BEST : RATING;
	err = clocksource_register_hz(&xtime_source, NSEC_PER_SEC);
	if (!err) {
		xnl_resume_register(&xtime_resume);
		return 0;
	}
	xtime_rtc_fini();
hotplug:
	cpuhp_remove_state(hotplug_state);
	return err;
}

static void __exit xtime_exit(void)
{
	xnl_resume_unregister(&xtime_resume);
	xtime_rtc_fini();
	/* It is not the one in use: that is a reference to the module. */
	WARN_ON(clocksource_unregister(&xtime_source));
	cpuhp_remove_state(hotplug_state);
}

module_init(xtime_init);
module_exit(xtime_exit);

MODULE_DESCRIPTION("Xen system time and time of day");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
