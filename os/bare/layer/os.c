// SPDX-License-Identifier: MIT
/* Time, CPUs and counts: the smallest parts of <xenion/os.h>. */
#include "bare.h"

uint64_t bare_stat[XN_STAT_COUNT];

struct xn_clock bare_clock;
static unsigned int nr_cpus;

void bare_clock_init(const struct xn_vcpus *vcpus)
{
	xn_clock_init(&bare_clock, vcpus);
	nr_cpus = vcpus->nr;
}

uint64_t xn_os_now(void)
{
	unsigned long flags = bare_upcalls_disable();
	uint64_t now = xn_clock_read(&bare_clock, xn_os_cpu());

	bare_upcalls_restore(flags);
	return now;
}

/* A CPU's number is Xen's number of the vCPU. */
unsigned int xn_os_cpu(void)
{
	return bare_stack_here()->cpu;
}

unsigned int xn_os_cpu_count(void)
{
	return nr_cpus;
}
