// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Selftest of xenion.ko's rooms below the frontends, on the real Xen: event
 * channels of every kind as interrupts, the grant table, xenstore. Runs while
 * it is being loaded, and writes KTAP to the kernel's log.
 *
 * xen-public/event_channel.h promises: an event that is sent comes once, to the
 * port's owner; sent while the port is masked, it comes once after unmasking;
 * sent to a port that was moved, it comes on the new vCPU.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "xnl.h"

static unsigned int tests;

static void report(bool good, const char *what)
{
	tests++;
	pr_info("xenion-selftest: %s %u - %s\n", good ? "ok" : "not ok", tests,
		what);
}

struct counter {
	atomic_t events;
	atomic_t cpu;
};

static irqreturn_t count_event(int irq, void *data)
{
	struct counter *c = data;

	atomic_set(&c->cpu, raw_smp_processor_id());
	atomic_inc(&c->events);
	return IRQ_HANDLED;
}

/* Wait for @want events, and a little longer. Returns: exactly @want came. */
static bool saw(struct counter *c, int want)
{
	/* A busy host may leave a vCPU alone for seconds. */
	unsigned long end = jiffies + 60 * HZ;

	while (atomic_read(&c->events) < want && time_before(jiffies, end))
		usleep_range(1000, 2000);
	/* There must not be more. */
	usleep_range(2000, 3000);
	return atomic_read(&c->events) == want;
}

static void test_ipi(void)
{
	struct counter c = { };
	bool good = true, there = true;
	evtchn_port_t port;
	unsigned int cpu;
	int irq;

	for_each_online_cpu(cpu) {
		irq = xnl_irq_bind_ipi(cpu, &port);
		if (irq < 0) {
			good = false;
			break;
		}
		atomic_set(&c.events, 0);
		if (request_irq(irq, count_event, IRQF_PERCPU, "selftest", &c)) {
			good = false;
		} else {
			xn_evtchn_send(port);
			good = good && saw(&c, 1);
			there = there && atomic_read(&c.cpu) == cpu;
			free_irq(irq, &c);
		}
		xnl_irq_unbind(irq);
	}
	report(good, "an IPI port interrupts every CPU, once per send");
	report(there, "and on that CPU");
}

static void test_virq(void)
{
	struct counter c = { };
	evtchn_port_t port, second;
	int irq, again;

	irq = xnl_irq_bind_virq(VIRQ_DEBUG, 0, &port);
	report(irq > 0, "VIRQ_DEBUG binds");
	if (irq < 0)
		return;
	again = xnl_irq_bind_virq(VIRQ_DEBUG, 0, &second);
	report(again == -EEXIST, "but not twice on one vCPU");
	if (again > 0)
		xnl_irq_unbind(again);
	if (!request_irq(irq, count_event, IRQF_PERCPU, "selftest", &c))
		free_irq(irq, &c);
	xnl_irq_unbind(irq);
	irq = xnl_irq_bind_virq(VIRQ_DEBUG, 0, &port);
	report(irq > 0, "and again after it was closed");
	if (irq > 0)
		xnl_irq_unbind(irq);
}

static void test_interdomain(void)
{
	struct counter here = { }, there = { };
	struct xn_evtchn_table *t = &xnl_guest.evtchn;
	evtchn_port_t port, peer;
	int irq, peer_irq;
	unsigned int cpu;
	bool good;

	irq = xnl_irq_bind_unbound(DOMID_SELF, &port);
	if (irq < 0) {
		report(false, "a port that we may connect to ourselves");
		return;
	}
	peer_irq = xnl_irq_bind_interdomain(DOMID_SELF, port, &peer);
	report(peer_irq > 0, "a port connects to another of the same domain");
	if (peer_irq < 0)
		goto unbind;
	if (request_irq(irq, count_event, 0, "selftest", &here))
		goto unbind_peer;
	if (request_irq(peer_irq, count_event, 0, "selftest", &there))
		goto free;

	/* For Xen does not know what was sent before. */
	report(saw(&there, 1) && !atomic_read(&here.events),
	       "the end that connects is pending once");

	atomic_set(&there.events, 0);
	xn_evtchn_send(port);
	report(saw(&there, 1) && !atomic_read(&here.events),
	       "an event goes to the other end only");

	disable_irq(peer_irq);
	atomic_set(&there.events, 0);
	xn_evtchn_send(port);
	xn_evtchn_send(port);
	good = saw(&there, 0);
	enable_irq(peer_irq);
	report(good && saw(&there, 1),
	       "events sent while it is disabled make one event after");

	atomic_set(&there.events, 0);
	xn_evtchn_mask(t, peer);
	xn_evtchn_send(port);
	good = saw(&there, 0);
	xn_evtchn_unmask(t, peer);
	report(good && saw(&there, 1), "a masked port's event waits for unmask");

	good = true;
	for_each_online_cpu(cpu) {
		irq_set_affinity(peer_irq, cpumask_of(cpu));
		/* The first one may come on the old CPU, and ends the move. */
		msleep(150);
		atomic_set(&there.events, 0);
		xn_evtchn_send(port);
		good = good && saw(&there, 1);
		atomic_set(&there.events, 0);
		xn_evtchn_send(port);
		good = good && saw(&there, 1) && atomic_read(&there.cpu) == cpu;
	}
	report(good, "affinity moves the events to each CPU");

	free_irq(peer_irq, &there);
free:
	free_irq(irq, &here);
unbind_peer:
	xnl_irq_unbind(peer_irq);
unbind:
	xnl_irq_unbind(irq);
}

#define MANY 300

/* More than a page of bound ports, all sent at once, all closed. */
static void test_many(void)
{
	static evtchn_port_t port[MANY];
	static int irq[MANY];
	struct counter c = { };
	unsigned int n, i;

	for (n = 0; n < MANY; n++) {
		irq[n] = xnl_irq_bind_ipi(n % num_online_cpus(), &port[n]);
		if (irq[n] < 0)
			break;
		if (request_irq(irq[n], count_event, IRQF_PERCPU, "selftest",
				&c)) {
			xnl_irq_unbind(irq[n]);
			break;
		}
	}
	for (i = 0; i < n; i++)
		xn_evtchn_send(port[i]);
	report(n == MANY && saw(&c, MANY), "300 ports, one event each");
	for (i = 0; i < n; i++) {
		free_irq(irq[i], &c);
		xnl_irq_unbind(irq[i]);
	}
}

#define ROUNDS	30
#define BINDERS	3

/* Binds a pair of ports, sends an event, and unbinds, repeatedly. */
struct binder {
	struct counter here, there;
	int irq;			/* of the end that gets the event */
	unsigned int good;
	struct completion done;
};

static bool bind_once(struct binder *b)
{
	evtchn_port_t port, peer;
	bool good = false;
	int irq, peer_irq;

	irq = xnl_irq_bind_unbound(DOMID_SELF, &port);
	if (irq < 0)
		return false;
	peer_irq = xnl_irq_bind_interdomain(DOMID_SELF, port, &peer);
	if (peer_irq < 0)
		goto unbind;
	/* Xen raises the end that connects. */
	atomic_set(&b->there.events, 0);
	if (!request_irq(peer_irq, count_event, 0, "selftest", &b->there)) {
		WRITE_ONCE(b->irq, peer_irq);
		good = saw(&b->there, 1);
		xn_evtchn_send(port);
		good = good && saw(&b->there, 2);
		free_irq(peer_irq, &b->there);
	}
	xnl_irq_unbind(peer_irq);
unbind:
	xnl_irq_unbind(irq);
	return good;
}

static int binder_thread(void *data)
{
	struct binder *b = data;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		b->good += bind_once(b);
	complete(&b->done);
	return 0;
}

/*
 * Numbers of ports that are unbound are used for others that are bound at the
 * same time: each event comes to the new owner, also while the affinity is set.
 */
static void test_reuse(void)
{
	static struct binder binder[BINDERS];
	unsigned int i, n = 0, good = 0;

	for (i = 0; i < BINDERS; i++) {
		init_completion(&binder[i].done);
		if (IS_ERR(kthread_run(binder_thread, &binder[i], "selftest")))
			complete(&binder[i].done);
	}
	for (i = 0; i < BINDERS; i++) {
		for (; !wait_for_completion_timeout(&binder[i].done, 1); n++)
			irq_set_affinity(READ_ONCE(binder[n % BINDERS].irq),
					 cpumask_of(n % num_online_cpus()));
		good += binder[i].good;
	}
	pr_info("xenion-selftest: %u of %u rounds\n", good, BINDERS * ROUNDS);
	report(good == BINDERS * ROUNDS,
	       "a port's number that is used again brings events to its new owner");
}

#define REFS 2000

static void test_grants(void)
{
	static grant_ref_t ref[REFS];
	struct xn_gnttab *gt = &xnl_guest.gnttab;
	void *page = xn_os_page_alloc();
	bool good = true;
	unsigned int n, i;

	if (!page || xn_gnttab_reserve(gt, REFS)) {
		report(false, "2000 references can be had");
		xn_os_page_free(page);
		return;
	}
	report(READ_ONCE(gt->nr_refs) >= REFS, "the table grows on demand");
	for (n = 0; n < REFS; n++)
		if (xn_gnttab_grant_page(gt, 0, page, n & 1, &ref[n]))
			break;
	report(n == REFS, "2000 references can be had");
	for (i = 0; i < n; i++) {
		good = good && !xn_gnttab_end(gt, ref[i]);
		xn_gnttab_free(gt, ref[i]);
	}
	report(good, "and be ended: nobody maps them");
	xn_os_page_free(page);
}

static int transact(struct xn_xs *xs, uint32_t txn, void *data)
{
	int err = xn_xs_write(xs, txn, "data", "one", "1");

	return err ?: xn_xs_write(xs, txn, "data", "two", "2");
}

static struct counter watched;

static void on_watch(struct xn_xs_watch *w)
{
	atomic_inc(&watched.events);
}

static void test_xenstore(void)
{
	static struct xn_xs_watch watch;
	static char big[3000];
	struct xn_xs *xs = &xnl_guest.xs;
	char buf[16];
	u64 val = 0;
	int err;

	err = xn_xs_transact(xs, transact, NULL);
	report(!err, "a transaction commits");
	err = xn_xs_read_uint(xs, XN_XS_NOTXN, "data", "two", 10, &val);
	report(!err && val == 2, "what it wrote can be read");
	report(xn_xs_read(xs, XN_XS_NOTXN, "data", "none", buf,
			  sizeof(buf)) == -ENOENT, "what is not there is ENOENT");
	report(xn_xs_read_uint(xs, XN_XS_NOTXN, "data", "two", 1,
			       &val) == -ERANGE, "a number too large is ERANGE");

	/* Larger than the ring of 1024 bytes, each way. */
	memset(big, 'x', 2000);
	err = xn_xs_write(xs, XN_XS_NOTXN, "data", "big", big);
	memset(big, 0, sizeof(big));
	if (!err)
		err = xn_xs_read(xs, XN_XS_NOTXN, "data", "big", big,
				 sizeof(big));
	report(err == 2000 && big[0] == 'x' && big[1999] == 'x',
	       "a value larger than the ring goes and comes");

	memset(&watch, 0, sizeof(watch));
	strscpy(watch.path, "data/one", sizeof(watch.path));
	watch.fn = on_watch;
	err = xn_xs_watch(xs, &watch);
	report(!err && saw(&watched, 1), "a watch fires when it is set");
	atomic_set(&watched.events, 0);
	xn_xs_write(xs, XN_XS_NOTXN, "data", "one", "3");
	report(saw(&watched, 1), "and when the node changes");
	xn_xs_unwatch(xs, &watch);
	atomic_set(&watched.events, 0);
	xn_xs_write(xs, XN_XS_NOTXN, "data", "one", "4");
	report(saw(&watched, 0), "and not after it was removed");

	xn_xs_rm(xs, XN_XS_NOTXN, "data", "one");
	xn_xs_rm(xs, XN_XS_NOTXN, "data", "two");
	xn_xs_rm(xs, XN_XS_NOTXN, "data", "big");
}

static int __init selftest_init(void)
{
	test_ipi();
	test_virq();
	test_interdomain();
	test_many();
	test_reuse();
	test_grants();
	test_xenstore();
	pr_info("xenion-selftest: 1..%u\n", tests);
	/*
	 * Not an error, even if a test failed: busybox loads a module a second
	 * time if it returns one.
	 */
	return 0;
}

static void __exit selftest_exit(void)
{
}

module_init(selftest_init);
module_exit(selftest_exit);

MODULE_DESCRIPTION("Selftest of xenion's rooms on a real Xen");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
