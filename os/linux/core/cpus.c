// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * CPUs go offline and come back as the toolstack wants (xenion/availability.h): xl
 * vcpu-set. Done by the calls that a write to /sys/devices/system/cpu/cpuN/online
 * makes, so that programs see no difference. A CPU of which the firmware's tables
 * say nothing at boot cannot be added: Linux exports nothing for that.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include <xenion/availability.h>

#include "core.h"

/* Xen's tables have the vCPU's number as the processor's; Linux may count others. */
static int cpus_find(unsigned int vcpu)
{
	unsigned int cpu;

	for_each_present_cpu(cpu)
		if (per_cpu(x86_cpu_to_acpiid, cpu) == vcpu)
			return cpu;
	return -ENODEV;
}

static int cpus_set(struct xn_availability *a, unsigned int vcpu, bool online)
{
	int cpu = cpus_find(vcpu), err;

	/* What is not there cannot run. */
	if (cpu < 0 || !get_cpu_device(cpu))
		return online ? -ENODEV : 0;
	err = online ? add_cpu(cpu) : remove_cpu(cpu);
	/* 1: it was so already. */
	return err < 0 ? err : 0;
}

static struct xn_availability cpus;

static void cpus_apply(struct work_struct *work)
{
	xn_availability_apply(&cpus);
}

/* Not a queue for reclaim: Linux has another queue's work take a CPU offline. */
static DECLARE_WORK(cpus_work, cpus_apply);

static void cpus_changed(struct xn_availability *a)
{
	schedule_work(&cpus_work);
}

int xnl_cpus_init(void)
{
	cpus = (struct xn_availability){
		.changed = cpus_changed,
		.set = cpus_set,
	};
	return xn_availability_init(&cpus, &xnl_guest);
}

void xnl_cpus_fini(void)
{
	xn_availability_fini(&cpus);
	cancel_work_sync(&cpus_work);
}
