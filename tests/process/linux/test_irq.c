// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * os/linux/core/irq.c with the kernel's real interrupts (kernel/irq): the order
 * of teardown, and what other threads do meanwhile.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/kthread.h>

#include "xnl.h"
#include "kernel.h"

/* An event channel with its handler, as a driver has one. */
struct channel {
	int irq;
	evtchn_port_t port;
	unsigned int events;
	struct completion gone;
};

static irqreturn_t channel_event(int irq, void *data)
{
	struct channel *c = data;

	c->events++;
	return IRQ_HANDLED;
}

static void channel_open(struct kunit *test, struct channel *c)
{
	memset(c, 0, sizeof(*c));
	init_completion(&c->gone);
	c->irq = xnl_irq_bind_unbound(0, &c->port);
	KUNIT_ASSERT_GT(test, c->irq, 0);
	KUNIT_ASSERT_EQ(test, request_irq(c->irq, channel_event, 0, "channel",
					  c), 0);
}

static void channel_close(struct channel *c)
{
	free_irq(c->irq, c);
	xnl_irq_unbind(c->irq);
}

static int channel_close_thread(void *data)
{
	struct channel *c = data;

	channel_close(c);
	complete(&c->gone);
	return 0;
}

/* Does an event from dom0 arrive? */
static void channel_check(struct kunit *test, struct channel *c)
{
	struct um_port *p = UM(um_port_connect(c->port));

	UM_VOID(um_port_notify(p));
	um_until(test, c->events == 1, 1000);
	UM_VOID(um_port_close(p));
}

static void irq_events_arrive(struct kunit *test)
{
	struct channel c;

	channel_open(test, &c);
	channel_check(test, &c);
	channel_close(&c);
}

/*
 * One device closes its channel, and Xen gives the port at once to another
 * device, which uses it before the first has finished.
 */
static void irq_port_is_reused(struct kunit *test)
{
	struct channel a, b;

	channel_open(test, &a);
	um_point_arm("close", "");
	kthread_run(channel_close_thread, &a, "close");
	um_point_expect(test, 1000);
	channel_open(test, &b);
	um_point_go();
	wait_for_completion(&a.gone);
	msleep(100);

	KUNIT_EXPECT_PTR_NE_MSG(test, irq_to_desc(b.irq),
				(struct irq_desc *)NULL,
				"the second device's interrupt has lost its descriptor");
	KUNIT_EXPECT_PTR_NE_MSG(test, irq_get_chip_data(b.irq), NULL,
				"the second device's interrupt has lost its channel");
	if (!irq_get_chip_data(b.irq))
		return;
	channel_check(test, &b);
	channel_close(&b);
}

/* What write_irq_affinity() in kernel/irq/proc.c calls in a kernel with SMP. */
static int affinity_write(unsigned int irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	struct irq_data *d;
	unsigned long flags;
	int err = -ENODEV;

	if (!desc)
		return err;
	raw_spin_lock_irqsave(&desc->lock, flags);
	d = irq_desc_get_irq_data(desc);
	if (d->chip && d->chip->irq_set_affinity)
		err = d->chip->irq_set_affinity(d, cpumask_of(0), false);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return err;
}

/* /proc/irq/N/smp_affinity is written at a point while the channel closes. */
static void affinity_while_closing(struct kunit *test, const char *what,
				   const char *file)
{
	struct channel c;

	channel_open(test, &c);
	um_point_arm(what, file);
	kthread_run(channel_close_thread, &c, "close");
	um_point_expect(test, 1000);
	affinity_write(c.irq);
	um_point_go();
	wait_for_completion(&c.gone);
}

static void irq_affinity_while_closing(struct kunit *test)
{
	affinity_while_closing(test, "close", "");
}

static void irq_affinity_while_disposing(struct kunit *test)
{
	affinity_while_closing(test, "irq_dispose_mapping", "irq.c");
}

static struct kunit_case irq_cases[] = {
	KUNIT_CASE(irq_events_arrive),
	KUNIT_CASE(irq_port_is_reused),
	KUNIT_CASE(irq_affinity_while_closing),
	KUNIT_CASE(irq_affinity_while_disposing),
	{}
};

static struct kunit_suite irq_suite = {
	.name = "irq",
	.init = um_init,
	.exit = um_exit,
	.test_cases = irq_cases,
};
kunit_test_suite(irq_suite);
