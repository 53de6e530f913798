// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion.ko: the rooms below the frontends, for one Linux kernel that was
 * booted without Xen support of its own. Brings them up in their order, and
 * down again so that nothing of the host's is left behind.
 */
#include <linux/interrupt.h>
#include <linux/module.h>

#include <xenion/store.h>
#include <xenion/version.h>
#include "core.h"

static bool fifo = true;
module_param(fifo, bool, 0444);
MODULE_PARM_DESC(fifo,
		 "Use the FIFO event-channel ABI where Xen has it (default: Y)");

struct xn_guest xnl_guest;
EXPORT_SYMBOL_GPL(xnl_guest);

struct xn_hv_info xnl_hv;
struct xn_vcpus xnl_vcpus;

static int store_irq;

static irqreturn_t store_interrupt(int irq, void *data)
{
	xn_xs_upcall(data);
	return IRQ_HANDLED;
}

static int store_bind(struct xn_xs *xs, evtchn_port_t port)
{
	int err;

	store_irq = xnl_irq_adopt(port);
	if (store_irq < 0)
		return store_irq;
	err = request_irq(store_irq, store_interrupt, 0, "xenion-xenstore", xs);
	if (err)
		xnl_irq_unbind(store_irq);
	return err;
}

static void store_unbind(struct xn_xs *xs, evtchn_port_t port)
{
	free_irq(store_irq, xs);
	xnl_irq_unbind(store_irq);
}

static const struct xn_store_ops store_ops = {
	.bind	= store_bind,
	.unbind	= store_unbind,
};

static int store_init(void)
{
	struct xn_boot_channel where;

	xn_hvm_store(&where);
	if (!where.gpa)
		pr_err("xenion: this domain has no xenstore: start it with a toolstack such as xl\n");
	return xn_store_start(&xnl_guest, &where, &store_ops);
}

int xnl_store_resume(void)
{
	struct xn_boot_channel where;

	xn_hvm_store(&where);
	return xn_store_resume(&xnl_guest, &where, &store_ops);
}

static void store_fini(void)
{
	xn_store_stop(&xnl_guest, &store_ops);
}

/* Where the toolstack's ports are. */
static const unsigned int port_params[] = {
	HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_EVTCHN,
};

/* A port of the toolstack's got a new number: its next user looks it up. */
static void events_port_moved(void *data, evtchn_port_t from, evtchn_port_t to)
{
	unsigned int i;
	u64 port;

	for (i = 0; i < ARRAY_SIZE(port_params); i++) {
		if (xn_hvm_param_get(port_params[i], &port) || port != from)
			continue;
		if (xn_hvm_param_set(port_params[i], to))
			pr_warn("xenion: Xen does not take new port %u for param %u: reload will fail\n",
				to, port_params[i]);
		return;
	}
}

/* The kernel before us, which kexec replaced, has ended without a word. */
static int events_evict(void)
{
	evtchn_port_t keep[ARRAY_SIZE(port_params)];
	unsigned int i, n = 0;
	u64 port;

	for (i = 0; i < ARRAY_SIZE(port_params); i++)
		if (!xn_hvm_param_get(port_params[i], &port) && port <= U32_MAX)
			keep[n++] = port;
	pr_info("xenion: event channels of an earlier kernel are closed\n");
	return xn_evtchn_evict(&xnl_guest.evtchn, keep, n, events_port_moved, NULL);
}

static int events_start(void)
{
	return xn_evtchn_init(&xnl_guest.evtchn, &xnl_vcpus,
			      fifo ? NULL : &xn_evtchn_twolevel);
}

static int events_init(void)
{
	int err;

	/* Of a crash kernel with nr_cpus=1, the only CPU may be any vCPU. */
	err = xn_vcpus_init(&xnl_vcpus, xn_vcpu_count());
	if (err)
		return err;
	err = events_start();
	if (err == -EEXIST) {
		err = events_evict();
		if (!err)
			err = events_start();
	}
	if (err)
		goto vcpus;
	err = xnl_irq_init();
	if (err)
		goto fini;
	err = xnl_upcall_init();
	if (err)
		goto irq;
	return 0;

irq:
	xnl_irq_fini();
fini:
	xn_evtchn_fini(&xnl_guest.evtchn, events_port_moved, NULL);
vcpus:
	xn_vcpus_fini(&xnl_vcpus);
	return err;
}

static void events_fini(void)
{
	xnl_upcall_fini();
	xnl_irq_fini();
	xn_evtchn_fini(&xnl_guest.evtchn, events_port_moved, NULL);
	xn_vcpus_fini(&xnl_vcpus);
}

static int __init xenion_init(void)
{
	int err;

	if (xnl_kernel_is_xen_guest()) {
		pr_err("xenion: this kernel runs with its own Xen support: boot it through the shim, with \"nopv\", to use xenion instead\n");
		return -EBUSY;
	}
	if (xn_hv_probe(&xnl_hv)) {
		pr_err("xenion: this machine is no PVH or HVM guest of Xen: there is nothing to load xenion for\n");
		return -ENODEV;
	}
	xn_hypercall_choose();

	err = xnl_os_init();
	if (err)
		goto fail;
	err = events_init();
	if (err)
		goto os;
	err = xn_gnttab_init(&xnl_guest.gnttab, 1);
	if (err)
		goto events;
	err = store_init();
	if (err)
		goto gnttab;
	err = xnl_bus_init();
	if (err)
		goto store;
	err = xnl_control_init();
	if (err)
		goto bus;
	err = xnl_cpus_init();
	if (err)
		goto control;
	err = xnl_shutdown_init();
	if (err)
		goto cpus;
	/* Last: if we fail, the emulated devices are all there is. */
	xnl_unplug();
	pr_info("xenion: guest of Xen %u.%u, %s events, %u grant references\n",
		xnl_hv.major, xnl_hv.minor, xnl_guest.evtchn.ops->name,
		xnl_guest.gnttab.nr_refs);
	return 0;

cpus:
	xnl_cpus_fini();
control:
	xnl_control_fini();
bus:
	xnl_bus_fini();
store:
	store_fini();
gnttab:
	xn_gnttab_fini(&xnl_guest.gnttab);
events:
	events_fini();
os:
	xnl_os_fini();
fail:
	pr_err("xenion: not loaded, error %d\n", err);
	return err;
}

/* Returns how many grants others did not let go of. */
static unsigned int rooms_fini(void)
{
	unsigned int lost;

	store_fini();
	lost = xn_gnttab_fini(&xnl_guest.gnttab);
	events_fini();
	return lost;
}

/*
 * The system ends, and the domain perhaps goes on with another one: the host
 * gets back what it would at unload. What the modules have in Linux stays.
 */
void xnl_rooms_quit(void)
{
	unsigned int lost;

	xnl_cpus_fini();
	xnl_control_fini();
	xnl_bus_shutdown();
	lost = rooms_fini();
	if (lost)
		pr_err("xenion: other domains still use %u pages of this system: the next one is not safe from them\n",
		       lost);
}

static void __exit xenion_exit(void)
{
	unsigned int lost;

	xnl_shutdown_fini();
	xnl_cpus_fini();
	xnl_control_fini();
	xnl_bus_fini();
	lost = rooms_fini();
	xnl_os_fini();
	pr_info("xenion: unloaded, %u grants left behind\n", lost);
}

/* Built in: before drivers of emulated disks, which would hold them. */
fs_initcall(xenion_init);
module_exit(xenion_exit);

/* They have no device on the bus that would load them. */
MODULE_SOFTDEP("post: xenion-console xenion-time xenion-balloon xenion-dev");
MODULE_DESCRIPTION("Xen guest core: event channels, grant tables, xenbus");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
