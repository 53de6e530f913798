// SPDX-License-Identifier: MIT
/* Secondary CPUs, and functions for them to call (os/bare/bare.h). */
#include "bare.h"

#define START_NS	(5 * XN_NSEC_PER_SEC)

static struct cpu {
	void (*fn)(void *arg);		/* to be called; NULL: nothing */
	void *arg;
	evtchn_port_t ipi;		/* only wakes the CPU */
	bool up;
} cpus[XN_MAX_VCPUS];

static struct xn_waitq wait;
unsigned int bare_nr_cpus = 1;

static void cpu_do_nothing(void *data, evtchn_port_t port)
{
}

static int bind_ipi(unsigned int cpu)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err = xn_evtchn_bind_ipi(t, cpu, cpu_do_nothing, NULL, &cpus[cpu].ipi);

	if (!err)
		xn_evtchn_unmask(t, cpus[cpu].ipi);
	return err;
}

static bool is_up(unsigned int cpu)
{
	return __atomic_load_n(&cpus[cpu].up, __ATOMIC_ACQUIRE);
}

static int cpu_start(unsigned int cpu)
{
	struct bare_stack *s;
	int err;

	if (cpu >= bare_guest.evtchn.nr_vcpus)
		return -ENOSPC;
	s = bare_stack_alloc(cpu);
	if (!s)
		return -ENOMEM;
	err = xn_vcpu_enter(&bare_vcpus, cpu);
	if (!err)
		err = bind_ipi(cpu);
	if (!err)
		err = bare_arch_cpu_start(cpu, (char *)s + BARE_STACK);
	if (!err && !xn_wait(&wait, is_up(cpu), START_NS))
		err = -ETIMEDOUT;
	return err;
}

void bare_cpus_init(void)
{
	unsigned int cpu;
	int err;

	if (bare_info->nr_vcpus == 1 || bare_option("nosmp", NULL))
		return;
	if (xn_hc_vcpu(VCPUOP_is_up, XN_MAX_VCPUS, NULL) >= 0)
		xn_os_log(XN_WARN, "bare: more than %u vCPUs: the others are not used",
			  XN_MAX_VCPUS);
	err = bind_ipi(0);
	bare_kick = cpus[0].ipi;
	for (cpu = 1; !err && cpu < bare_info->nr_vcpus; cpu++) {
		err = cpu_start(cpu);
		if (!err)
			bare_nr_cpus++;
	}
	if (err)
		xn_os_log(XN_WARN, "bare: %u of %u vCPUs are used (error %d)",
			  bare_nr_cpus, bare_info->nr_vcpus, err);
}

/* What a secondary CPU runs. */
void bare_cpu_main(unsigned int cpu)
{
	struct cpu *c = &cpus[cpu];

	if (bare_arch_upcalls(cpu))
		bare_panic("bare: no upcalls for vCPU %u", cpu);
	__atomic_store_n(&c->up, true, __ATOMIC_RELEASE);
	xn_wake(&wait);
	for (;;) {
		unsigned long flags = bare_upcalls_disable();

		if (!__atomic_load_n(&c->fn, __ATOMIC_ACQUIRE)) {
			bare_idle();
			bare_upcalls_restore(flags);
			continue;
		}
		bare_upcalls_enable();
		c->fn(c->arg);
		__atomic_store_n(&c->fn, NULL, __ATOMIC_RELEASE);
		xn_wake(&wait);
	}
}

int bare_run(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct cpu *c = &cpus[cpu];

	if (!cpu || cpu >= bare_nr_cpus)
		return -EINVAL;
	if (__atomic_load_n(&c->fn, __ATOMIC_ACQUIRE))
		return -EBUSY;
	c->arg = arg;
	__atomic_store_n(&c->fn, fn, __ATOMIC_RELEASE);
	return xn_evtchn_send(c->ipi);
}

bool bare_run_wait(unsigned int cpu, uint64_t timeout_ns)
{
	return xn_wait(&wait, !__atomic_load_n(&cpus[cpu].fn, __ATOMIC_ACQUIRE),
		       timeout_ns);
}

/* ---- a guest that is suspended ---- */

static struct cpu_park {
	uint32_t here;		/* CPUs that wait */
	bool go, anew;
} park;

static void cpu_wait(void *arg)
{
	unsigned long flags = bare_upcalls_disable();
	unsigned int cpu = xn_os_cpu();

	__atomic_fetch_add(&park.here, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&park.go, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	if (park.anew && (xn_vcpu_enter(&bare_vcpus, cpu) ||
			  bare_arch_upcalls(cpu)))
		bare_panic("bare: no upcalls for vCPU %u in the new domain", cpu);
	bare_upcalls_restore(flags);
}

static bool cpus_parked(unsigned int nr)
{
	return __atomic_load_n(&park.here, __ATOMIC_ACQUIRE) == nr;
}

int bare_cpus_park(void)
{
	unsigned int cpu;
	int err = 0;

	park.here = 0;
	park.go = false;
	for (cpu = 1; !err && cpu < bare_nr_cpus; cpu++)
		err = bare_run(cpu, cpu_wait, NULL);
	while (!cpus_parked(err ? cpu - 2 : cpu - 1))
		bare_sleep(XN_NSEC_PER_MSEC);
	if (err)
		bare_cpus_go(false);
	return err;
}

void bare_cpus_lost(void)
{
	unsigned int cpu;

	for (cpu = 0; bare_kick && cpu < bare_nr_cpus; cpu++)
		xn_evtchn_unbind(&bare_guest.evtchn, cpus[cpu].ipi);
}

void bare_cpus_go(bool anew)
{
	unsigned int cpu;
	int err = 0;

	for (cpu = 0; anew && !err && bare_kick && cpu < bare_nr_cpus; cpu++)
		err = bind_ipi(cpu);
	if (err)
		bare_panic("bare: CPU %u cannot be woken in the new domain (error %d)",
			   cpu - 1, err);
	if (bare_kick)
		bare_kick = cpus[0].ipi;
	park.anew = anew;
	__atomic_store_n(&park.go, true, __ATOMIC_RELEASE);
	/* Until then they would refuse another function. */
	for (cpu = 1; cpu < bare_nr_cpus; cpu++)
		while (__atomic_load_n(&cpus[cpu].fn, __ATOMIC_ACQUIRE) == cpu_wait)
			__builtin_ia32_pause();
}
