// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Event channels as Linux interrupts: one irq domain whose hardware numbers
 * are ports, one chip. The core clears an event before it hands it on, so the
 * flow is that of an edge: nothing to acknowledge, and an event that comes
 * while its handler runs makes the handler run again.
 *
 * On PREEMPT_RT the handlers are threads. There the flow is that of a level: the
 * port stays masked until its thread has run. Else another domain could keep
 * this CPU in upcalls, and the thread, which would count the events and hold the
 * port back (events/backoff.c), would never run.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "core.h"

/* One bound port. */
struct xnl_event {
	struct list_head list;		/* under events_lock */
	evtchn_port_t port;
	int irq;
	raw_spinlock_t lock;		/* cpu, and the irq's effective affinity */
	unsigned int cpu;		/* Linux's number of who takes it */
	bool percpu;			/* stays there */
};

static struct irq_domain *event_domain;
static LIST_HEAD(events);
static LIST_HEAD(unbound);		/* for reap_work */
static DEFINE_MUTEX(events_lock);	/* both lists */
/* CPUs that take events: online, and with a vector that Xen knows. */
static struct cpumask event_cpus;
/* Events that each CPU takes, to spread them; a race only costs balance. */
static DEFINE_PER_CPU(atomic_t, events_here);

static void event_fire(void *data, evtchn_port_t port)
{
	struct xnl_event *ev = data;

	generic_handle_irq(ev->irq);
}

static void event_mask(struct irq_data *d)
{
	xn_evtchn_mask(&xnl_guest.evtchn, irqd_to_hwirq(d));
}

static void event_unmask(struct irq_data *d)
{
	xn_evtchn_unmask(&xnl_guest.evtchn, irqd_to_hwirq(d));
}

static void event_ack(struct irq_data *d)
{
	/* The core did, before it called. */
}

static int event_retrigger(struct irq_data *d)
{
	xn_evtchn_raise(&xnl_guest.evtchn, irqd_to_hwirq(d));
	return 1;
}

/* For one more event, or for @ev if it leaves where it is. */
static unsigned int irq_least_loaded(const struct cpumask *mask,
				     const struct xnl_event *ev)
{
	unsigned int cpu, best = nr_cpu_ids;
	int least = INT_MAX;

	for_each_cpu_and(cpu, mask, &event_cpus) {
		int n = atomic_read(per_cpu_ptr(&events_here, cpu));

		if (cpu == ev->cpu)
			n--;
		if (n < least) {
			least = n;
			best = cpu;
		}
	}
	return best;
}

/* To a CPU of @mask. The lock of @ev is held. */
static int event_move(struct xnl_event *ev, const struct cpumask *mask)
{
	unsigned int cpu = irq_least_loaded(mask, ev);
	int err;

	if (cpu >= nr_cpu_ids)
		return -EINVAL;
	if (cpu != ev->cpu) {
		err = xn_evtchn_move(&xnl_guest.evtchn, ev->port,
				     xnl_vcpu(cpu));
		if (err)
			return err;
		atomic_dec(per_cpu_ptr(&events_here, ev->cpu));
		atomic_inc(per_cpu_ptr(&events_here, cpu));
		ev->cpu = cpu;
	}
	irq_data_update_effective_affinity(irq_get_irq_data(ev->irq),
					   cpumask_of(cpu));
	return 0;
}

static int event_set_affinity(struct irq_data *d, const struct cpumask *mask,
			      bool force)
{
	struct xnl_event *ev = irq_data_get_irq_chip_data(d);
	unsigned long flags;
	int err;

	if (ev->percpu)
		return -EINVAL;
	raw_spin_lock_irqsave(&ev->lock, flags);
	err = event_move(ev, mask);
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	return err ?: IRQ_SET_MASK_OK;
}

static struct irq_chip event_chip = {
	.name			= "xenion",
	.irq_mask		= event_mask,
	.irq_unmask		= event_unmask,
	.irq_ack		= event_ack,
	.irq_retrigger		= event_retrigger,
	.irq_set_affinity	= event_set_affinity,
	.flags			= IRQCHIP_SKIP_SET_WAKE,
};

static int event_map(struct irq_domain *d, unsigned int irq,
		     irq_hw_number_t port)
{
	irq_set_chip_and_handler_name(irq, &event_chip,
				      IS_ENABLED(CONFIG_PREEMPT_RT) ?
				      handle_level_irq : handle_edge_irq,
				      "event");
	return 0;
}

static const struct irq_domain_ops event_domain_ops = {
	.map = event_map,
};

static struct xnl_event *event_new(void)
{
	struct xnl_event *ev = kzalloc(sizeof(*ev), GFP_KERNEL);

	if (ev)
		raw_spin_lock_init(&ev->lock);
	return ev;
}

static struct xnl_event *event_new_percpu(unsigned int cpu)
{
	struct xnl_event *ev = event_new();

	if (ev) {
		ev->cpu = cpu;
		ev->percpu = true;
	}
	return ev;
}

/*
 * The CPU that is vCPU 0, to which Xen binds a new port. A crash kernel may run
 * on another vCPU alone: then any CPU that takes events.
 */
static unsigned int irq_first_cpu(void)
{
	unsigned int cpu;

	for_each_cpu(cpu, &event_cpus)
		if (!xnl_vcpu(cpu))
			return cpu;
	cpu = cpumask_first(&event_cpus);
	return cpu < nr_cpu_ids ? cpu : 0;
}

/*
 * Under events_lock: a CPU that goes offline is not in event_cpus any more, or
 * xnl_irq_leave_cpu() finds the event in the list.
 */
static int event_place(struct xnl_event *ev)
{
	int err;

	if (!ev->percpu)
		ev->cpu = irq_first_cpu();
	else if (!cpumask_test_cpu(ev->cpu, &event_cpus))
		return -ENODEV;
	err = xn_evtchn_move(&xnl_guest.evtchn, ev->port, xnl_vcpu(ev->cpu));
	if (err)
		return err;
	irq_data_update_effective_affinity(irq_get_irq_data(ev->irq),
					   cpumask_of(ev->cpu));
	atomic_inc(per_cpu_ptr(&events_here, ev->cpu));
	list_add_tail(&ev->list, &events);
	return 0;
}

/* Returns the irq of a port that is bound, and masked. */
static int event_add(struct xnl_event *ev)
{
	int err;

	ev->irq = irq_create_mapping(event_domain, ev->port);
	if (!ev->irq)
		return -ENOMEM;
	irq_set_chip_data(ev->irq, ev);
	/* Xen moves a port at once: no need to wait for its next event. */
	irq_set_status_flags(ev->irq, ev->percpu ?
			     IRQ_PER_CPU | IRQ_NO_BALANCING : IRQ_MOVE_PCNTXT);
	mutex_lock(&events_lock);
	err = event_place(ev);
	mutex_unlock(&events_lock);
	if (err)
		irq_dispose_mapping(ev->irq);
	return err ?: ev->irq;
}

/* The port is bound unless err says otherwise. Takes ev over, also then. */
static int event_bound(struct xnl_event *ev, const evtchn_port_t *port, int err)
{
	int irq = err;

	if (!err) {
		ev->port = *port;
		irq = event_add(ev);
		if (irq < 0)
			xn_evtchn_unbind(&xnl_guest.evtchn, *port);
	}
	if (irq < 0)
		kfree(ev);
	return irq;
}

int xnl_irq_bind_unbound(domid_t remote, evtchn_port_t *port)
{
	struct xnl_event *ev = event_new();

	if (!ev)
		return -ENOMEM;
	return event_bound(ev, port,
			   xn_evtchn_bind_unbound(&xnl_guest.evtchn, remote,
						  event_fire, ev, port));
}
EXPORT_SYMBOL_GPL(xnl_irq_bind_unbound);

int xnl_irq_bind_interdomain(domid_t remote, evtchn_port_t remote_port,
			     evtchn_port_t *port)
{
	struct xnl_event *ev = event_new();

	if (!ev)
		return -ENOMEM;
	return event_bound(ev, port,
			   xn_evtchn_bind_interdomain(&xnl_guest.evtchn,
						      remote, remote_port,
						      event_fire, ev, port));
}
EXPORT_SYMBOL_GPL(xnl_irq_bind_interdomain);

int xnl_irq_bind_virq(unsigned int virq, unsigned int cpu, evtchn_port_t *port)
{
	struct xnl_event *ev = event_new_percpu(cpu);

	if (!ev)
		return -ENOMEM;
	/* A VIRQ can be bound only once: an event of before may still hold it. */
	xnl_irq_flush();
	return event_bound(ev, port,
			   xn_evtchn_bind_virq(&xnl_guest.evtchn, virq,
					       xnl_vcpu(cpu), event_fire, ev,
					       port));
}
EXPORT_SYMBOL_GPL(xnl_irq_bind_virq);

int xnl_irq_bind_ipi(unsigned int cpu, evtchn_port_t *port)
{
	struct xnl_event *ev = event_new_percpu(cpu);

	if (!ev)
		return -ENOMEM;
	return event_bound(ev, port,
			   xn_evtchn_bind_ipi(&xnl_guest.evtchn, xnl_vcpu(cpu),
					      event_fire, ev, port));
}
EXPORT_SYMBOL_GPL(xnl_irq_bind_ipi);

int xnl_irq_adopt(evtchn_port_t port)
{
	struct xnl_event *ev = event_new();

	if (!ev)
		return -ENOMEM;
	xnl_irq_flush();
	return event_bound(ev, &port,
			   xn_evtchn_adopt(&xnl_guest.evtchn, port, event_fire,
					   ev));
}
EXPORT_SYMBOL_GPL(xnl_irq_adopt);

/*
 * Ends all events that were unbound until now, after one grace period for all. A
 * port is closed last: from then on Xen may give its number to another one, of which
 * this mapping must not be found. Affinity may be set until the mapping is disposed
 * of, which takes the chip away under the descriptor's lock.
 */
static void irq_reap(struct work_struct *work)
{
	struct xnl_event *ev, *next;
	LIST_HEAD(list);

	mutex_lock(&events_lock);
	list_splice_init(&unbound, &list);
	mutex_unlock(&events_lock);
	/* An upcall on another CPU may still use the port's data. */
	synchronize_rcu();
	list_for_each_entry_safe(ev, next, &list, list) {
		irq_dispose_mapping(ev->irq);
		atomic_dec(per_cpu_ptr(&events_here, ev->cpu));
		xn_evtchn_close(&xnl_guest.evtchn, ev->port);
		kfree(ev);
		cond_resched();
	}
}

static DECLARE_WORK(reap_work, irq_reap);

void xnl_irq_unbind(int irq)
{
	struct xnl_event *ev = irq_get_chip_data(irq);

	if (WARN_ON(!ev))
		return;
	xn_evtchn_detach(&xnl_guest.evtchn, ev->port);
	mutex_lock(&events_lock);
	list_move_tail(&ev->list, &unbound);
	mutex_unlock(&events_lock);
	queue_work(xnl_wq, &reap_work);
}
EXPORT_SYMBOL_GPL(xnl_irq_unbind);

void xnl_irq_flush(void)
{
	flush_work(&reap_work);
}
EXPORT_SYMBOL_GPL(xnl_irq_flush);

/* Xen knows the upcall vector of CPU @cpu: events may be moved there. */
void xnl_irq_enter_cpu(unsigned int cpu)
{
	cpumask_set_cpu(cpu, &event_cpus);
}

/*
 * CPU @cpu goes offline: move its events before its vector goes, within their
 * affinity if any CPU of it is left. Returns: there were any.
 */
bool xnl_irq_leave_cpu(unsigned int cpu)
{
	struct xnl_event *ev;
	unsigned long flags;
	bool any = false;

	/* From now on event_move() does not choose this CPU. */
	cpumask_clear_cpu(cpu, &event_cpus);
	mutex_lock(&events_lock);
	list_for_each_entry(ev, &events, list) {
		struct irq_data *d = irq_get_irq_data(ev->irq);

		raw_spin_lock_irqsave(&ev->lock, flags);
		if (ev->cpu == cpu && !ev->percpu) {
			any = true;
			if (event_move(ev, irq_data_get_affinity_mask(d)))
				event_move(ev, cpu_possible_mask);
		}
		raw_spin_unlock_irqrestore(&ev->lock, flags);
	}
	mutex_unlock(&events_lock);
	return any;
}

int xnl_irq_init(void)
{
	event_domain = irq_domain_create_tree(NULL, &event_domain_ops, NULL);
	return event_domain ? 0 : -ENOMEM;
}

void xnl_irq_fini(void)
{
	xnl_irq_flush();
	irq_domain_remove(event_domain);
}
