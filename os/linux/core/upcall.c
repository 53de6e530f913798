// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Per-CPU upcall vectors (xenion/x86/upcall.h). Each CPU allocates an interrupt of
 * the kernel's vector domain and registers its vector with Xen, which raises it
 * through the local APIC when an event is pending for that vCPU.
 *
 * No hypercall unregisters a vector: at the end every event is masked.
 *
 * Without vectors, an HVM guest has the interrupt of its platform device
 * (platform.c): all ports are vCPU 0's then, whichever CPU takes them.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <asm/cpu_device_id.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include <xenion/x86/upcall.h>
#include "../compat/compat.h"
#include "core.h"

static bool vectors = true;
module_param(vectors, bool, 0444);
MODULE_PARM_DESC(vectors,
		 "Events interrupt each CPU by a vector of its own (default: Y); N: HVM guests: by the Xen platform device's interrupt");

struct xnl_upcall {
	unsigned int vcpu;
	unsigned int vector;
	int irq;
};

/* udev loads the module in each guest of a hypervisor: it finds out of which. */
static const struct x86_cpu_id __maybe_unused upcall_ids[] = {
	X86_MATCH_FEATURE(X86_FEATURE_HYPERVISOR, NULL),
	{}
};
MODULE_DEVICE_TABLE(x86cpu, upcall_ids);

static DEFINE_PER_CPU(struct xnl_upcall, xnl_upcall);
static bool has_vectors;	/* a vCPU has one, for good: no way back */
static int hotplug_state;

unsigned int xnl_vcpu(unsigned int cpu)
{
	return per_cpu(xnl_upcall, cpu).vcpu;
}

static irqreturn_t upcall_handler(int irq, void *data)
{
	xn_evtchn_upcall(&xnl_guest.evtchn, this_cpu_read(xnl_upcall.vcpu));
	/* Xen raises a new vector once even if nothing is pending. */
	return IRQ_HANDLED;
}

static int upcall_cpu_up(unsigned int cpu)
{
	struct xnl_upcall *up = per_cpu_ptr(&xnl_upcall, cpu);
	struct irq_affinity_desc aff = { .is_managed = 0 };
	struct irq_alloc_info info = { .mask = cpumask_of(cpu) };
	int irq, err;

	up->vcpu = xn_hv_vcpu_id(&xnl_hv, cpu);
	err = up->vcpu < xnl_guest.evtchn.nr_vcpus ?
	      xn_vcpu_enter(&xnl_vcpus, up->vcpu) : -ENOSPC;
	if (err) {
		pr_warn("xenion: CPU %u, vCPU %u, takes no events (error %d): other CPUs take them for it\n",
			cpu, up->vcpu, err);
		return 0;
	}
	cpumask_copy(&aff.mask, cpumask_of(cpu));
	irq = __irq_domain_alloc_irqs(x86_vector_domain, -1, 1,
				      cpu_to_node(cpu), &info, false, &aff);
	if (irq < 0)
		return irq;
	irq_set_handler(irq, handle_edge_irq);
	/*
	 * Suspending disables devices' interrupts before it takes CPUs off, whose
	 * last events would then stay in Xen's queues.
	 */
	err = request_irq(irq, upcall_handler,
			  IRQF_PERCPU | IRQF_NOBALANCING | IRQF_NO_THREAD |
			  IRQF_NO_SUSPEND, "xenion-upcall", &xnl_guest);
	if (err)
		goto dispose;
	/* Activation may have chosen another vector: read it only now. */
	up->vector = irqd_cfg(irq_get_irq_data(irq))->vector;
	err = xn_upcall_vector(up->vcpu, up->vector);
	if (err)
		goto free;
	has_vectors = true;
	up->irq = irq;
	xnl_irq_enter_cpu(cpu);
	return 0;

free:
	free_irq(irq, &xnl_guest);
dispose:
	irq_dispose_mapping(irq);
	pr_err("xenion: CPU %u gets no upcall vector, error %d\n", cpu, err);
	return err;
}

static int upcall_cpu_down(unsigned int cpu)
{
	struct xnl_upcall *up = per_cpu_ptr(&xnl_upcall, cpu);

	if (!up->irq)
		return 0;
	/*
	 * A send that is under way has read before the move which vCPU to signal:
	 * this one. When it has, nobody else takes the event.
	 */
	if (xnl_irq_leave_cpu(cpu))
		usleep_range(10 * USEC_PER_MSEC, 20 * USEC_PER_MSEC);
	/*
	 * Events that came before they were moved are still pending here.
	 * Setting the vector again makes Xen raise it, which handles them.
	 */
	xn_upcall_vector(up->vcpu, up->vector);
	free_irq(up->irq, &xnl_guest);
	irq_dispose_mapping(up->irq);
	up->irq = 0;
	return 0;
}

static void upcall_vectors_fini(void)
{
	xn_upcall_end();
	cpuhp_remove_state(hotplug_state);
	xnl_vectors_fini();
}

static int upcall_vectors_init(void)
{
	int state, err = xnl_vectors_init();

	if (err)
		return err;
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "xenion:online",
				  upcall_cpu_up, upcall_cpu_down);
	if (state < 0) {
		xnl_vectors_fini();
		return state;
	}
	hotplug_state = state;
	err = xn_upcall_begin();
	if (err)
		upcall_vectors_fini();
	return err;
}

/* All ports are those of one CPU, as if it were vCPU 0. */
static int upcall_platform_init(void)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	int err = xn_vcpu_enter(&xnl_vcpus, 0);

	if (err)
		return err;
	per_cpu(xnl_upcall, cpu).vcpu = 0;
	err = xnl_platform_init();
	if (!err)
		xnl_irq_enter_cpu(cpu);
	return err;
}

int xnl_upcall_init(void)
{
	int err;

	if (vectors) {
		err = upcall_vectors_init();
		if (!err || has_vectors)
			return err;
		vectors = false;
	}
	return upcall_platform_init();
}

int xnl_upcall_resume(void)
{
	struct xnl_upcall *up = this_cpu_ptr(&xnl_upcall);
	int err;

	if (!vectors)
		return xnl_platform_resume();
	err = xn_upcall_begin();
	if (!err && up->irq)
		err = xn_upcall_vector(up->vcpu, up->vector);
	return err;
}

void xnl_upcall_fini(void)
{
	if (vectors)
		upcall_vectors_fini();
	else
		xnl_platform_fini();
}
