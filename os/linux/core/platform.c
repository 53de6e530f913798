// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Upcalls by the interrupt of the Xen platform device (xn_upcall_intx()), which
 * every HVM guest has unless its configuration says xen_platform_pci=0. For a Xen,
 * or a kernel, without vectors of our own (upcall.c), which calls this.
 */
#include <linux/interrupt.h>
#include <linux/pci.h>

#include <xenion/x86/upcall.h>
#include "core.h"

#define PLATFORM_DEVICE	0x0001		/* of PCI_VENDOR_ID_XEN */

static struct pci_dev *platform;

/*
 * Any CPU takes the interrupt, for vCPU 0, and only one at a time. Ours it is
 * whenever Xen says so, even if no event is found: Linux turns a line off that
 * nobody handles.
 */
static irqreturn_t platform_handler(int irq, void *data)
{
	bool ours = READ_ONCE(xnl_vcpus.info[0]->evtchn_upcall_pending);

	xn_evtchn_upcall(&xnl_guest.evtchn, 0);
	return ours ? IRQ_HANDLED : IRQ_NONE;
}

/* Also in a new domain. */
int xnl_platform_resume(void)
{
	return xn_upcall_intx(pci_domain_nr(platform->bus), platform->bus->number,
			      platform->devfn, platform->pin);
}

int xnl_platform_init(void)
{
	int err;

	platform = pci_get_device(PCI_VENDOR_ID_XEN, PLATFORM_DEVICE, NULL);
	if (!platform) {
		pr_err("xenion: nothing can interrupt us: there is no Xen platform device, either: give an HVM domain xen_platform_pci=1\n");
		return -ENODEV;
	}
	/* Routes its interrupt. */
	err = pci_enable_device(platform);
	if (err)
		goto put;
	/* Other devices may share the line. */
	err = request_irq(platform->irq, platform_handler,
			  IRQF_SHARED | IRQF_NO_THREAD, "xenion-upcall",
			  &xnl_guest);
	if (err)
		goto disable;
	err = xnl_platform_resume();
	if (err)
		goto free;
	pci_info(platform, "xenion: its interrupt, %u, tells of all events, on one CPU at a time\n",
		 platform->irq);
	return 0;

free:
	free_irq(platform->irq, &xnl_guest);
disable:
	pci_disable_device(platform);
put:
	pci_dev_put(platform);
	pr_err("xenion: the Xen platform device does not interrupt us, error %d\n",
	       err);
	return err;
}

void xnl_platform_fini(void)
{
	xn_upcall_end();
	free_irq(platform->irq, &xnl_guest);
	pci_disable_device(platform);
	pci_dev_put(platform);
}
