// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The machine for the tests: the hypercall instruction and CPUID (in place of
 * hypercall/x86/insn.c and boot/x86/probe.c), memremap() of pages outside RAM,
 * and a thread in which Xen and dom0 run.
 */
#include <linux/completion.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <os.h>

#include "core.h"
#include "kernel.h"

static struct task_struct *dom0;
static bool loaded;
static bool raised;
static unsigned int failures;

/* ---- a console from start to end, for tests/process/linux/run ---- */

static void log_write(struct console *con, const char *text, unsigned int len)
{
	os_write_file(2, text, len);
}

static struct console log_console = {
	.name = "log",
	.write = log_write,
	.flags = CON_PRINTBUFFER | CON_ENABLED | CON_ANYTIME,
	.index = -1,
};

static int __init log_init(void)
{
	register_console(&log_console);
	return 0;
}
console_initcall(log_init);

/* ---- with SPARSE_IRQ: arch/um's own interrupts exist from the start ---- */

int __init arch_probe_nr_irqs(void)
{
	return NR_IRQS;
}

/* ---- messages of the host's half ---- */

void um_fail(const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_err("BUG: dom0: %pV\n", &vaf);
	va_end(args);
	failures++;
}

void um_die(const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	panic("BUG: Xen: %pV", &vaf);
}

void um_raise(unsigned int vcpu)
{
	raised = true;
}

/* ---- points ---- */

static struct {
	const char *what, *file;	/* armed, or NULL */
	struct completion reached, go;
	bool passed;
} point;

void um_point_arm(const char *what, const char *file)
{
	init_completion(&point.reached);
	init_completion(&point.go);
	point.passed = false;
	point.file = file;
	point.what = what;
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && !strcmp(s + len - n, end);
}

void um_point(const char *what, const char *file)
{
	if (!point.what || strcmp(what, point.what) ||
	    !ends_with(file, point.file))
		return;
	if (!preemptible()) {
		point.passed = true;
		return;
	}
	point.what = NULL;
	complete(&point.reached);
	wait_for_completion_timeout(&point.go, 10 * HZ);
}

/* In place of device_add(), see include/linux/device.h */
int um_device_add(struct device *dev)
{
	int err = device_add(dev);

	um_point("device_add", "");
	return err;
}

bool um_point_reached(unsigned int ms)
{
	bool reached = wait_for_completion_timeout(&point.reached,
						   msecs_to_jiffies(ms));

	point.what = NULL;
	return reached;
}

bool um_point_passed(void)
{
	return point.passed;
}

void um_point_go(void)
{
	complete(&point.go);
}

/* ---- Xen and dom0 ---- */

static void pump(void)
{
	bool progress, up;
	unsigned long flags;

	do {
		local_irq_save(flags);
		progress = um_host_pump();
		up = raised;
		raised = false;
		local_irq_restore(flags);
		if (up)
			um_upcall();
		cond_resched();
	} while (progress || up);
}

/*
 * Polls: a notification that woke this thread would take locks of the
 * scheduler, where a hypercall takes none.
 */
static int dom0_main(void *data)
{
	while (!kthread_should_stop()) {
		pump();
		usleep_range(500, 1000);
	}
	return 0;
}

static long hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5)
{
	long ret = UM(um_host_hypercall(nr, a1, a2, a3, a4, a5));

	/* The caller waits for dom0 without sleeping: run it now. */
	if (nr == __HYPERVISOR_sched_op && a1 == SCHEDOP_yield)
		UM(um_host_pump());
	if (nr == __HYPERVISOR_event_channel_op && a1 == EVTCHNOP_close)
		um_point("close", "");
	return ret;
}

/* ---- in place of hypercall/x86/insn.c and boot/x86/probe.c ---- */

enum xn_hypercall_insn xn_hypercall_insn;
long (*xn_hypercall_other)(unsigned int nr, unsigned long a1, unsigned long a2,
			   unsigned long a3, unsigned long a4,
			   unsigned long a5) = hypercall;

int xn_hv_probe(struct xn_hv_info *info)
{
	*info = (struct xn_hv_info){
		.cpuid_base = 0x40000000, .major = 4, .minor = 17,
	};
	return 0;
}

uint32_t xn_hv_vcpu_id(const struct xn_hv_info *info, uint32_t fallback)
{
	return fallback;
}

void xn_hypercall_choose(void)
{
}

/* ---- a kernel without I/O memory lacks these functions ---- */

void *memremap(resource_size_t offset, size_t size, unsigned long flags)
{
	return UM(um_host_map(offset >> PAGE_SHIFT, size >> PAGE_SHIFT));
}

void memunmap(void *addr)
{
	UM_VOID(um_host_unmap(addr));
}

/* ---- suites ---- */

int um_load(void)
{
	memset(&xnl_guest, 0, sizeof(xnl_guest));
	return kmod_xenion_load();
}

int um_init(struct kunit *test)
{
	int err;

	failures = 0;
	UM_VOID(um_host_start());
	dom0 = kthread_run(dom0_main, NULL, "dom0");
	if (IS_ERR(dom0))
		return PTR_ERR(dom0);
	err = um_load();
	loaded = !err;
	return err;
}

void um_exit(struct kunit *test)
{
	/* KUnit calls this even if .init failed. */
	if (!loaded)
		return;
	kmod_xenion_unload();
	kthread_stop(dom0);
	KUNIT_EXPECT_EQ_MSG(test, UM(um_host_stop()), 0u,
			    "something of the host's is left behind");
	KUNIT_EXPECT_EQ_MSG(test, failures, 0u,
			    "dom0 has seen a rule broken: see above");
}
