// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The end of the system, as its host sees it.
 *
 * After kexec another kernel owns the memory, and the domain goes on. Pages that
 * backends and Xen (the FIFO ABI's array) could still write to must be taken back
 * before. So everything that unloading returns to the host is returned, while the
 * modules and their devices stay. If Xen keeps some of the memory, that kernel would
 * take what is not there for its own, so the domain is rebooted in its place.
 *
 * A panic is reported to the host (SCHEDOP_shutdown, SHUTDOWN_crash in
 * xen-public/sched.h), so that its "on_crash" applies, unless a crash kernel is
 * loaded; a restart as SHUTDOWN_reboot, for "on_reboot". Without us Linux resets the
 * machine as it would a PC, and Xen's log has a triple fault with all registers.
 */
#include <linux/kexec.h>
#include <linux/kmsg_dump.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/string.h>

#include "core.h"

static bool panicked, restarting;
static unsigned long memory_away;	/* KiB */

void xnl_memory_away(unsigned long kib)
{
	memory_away = kib;
}
EXPORT_SYMBOL_GPL(xnl_memory_away);

/* @data is why, if it is a string at all. kexec says so there, and nowhere else. */
static int system_ends(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	bool kexec = action == SYS_RESTART && data &&
		     !strcmp(data, "kexec reboot");

	if (kexec && memory_away)
		pr_warn("xenion: Xen keeps %lu KiB of memory, without which another kernel would not live: the domain is rebooted in place of kexec; raise it by xl mem-set before\n",
			memory_away);
	restarting = action == SYS_RESTART && (!kexec || memory_away);
	/* A module that is being unloaded does the same there. */
	if (try_module_get(THIS_MODULE))
		xnl_rooms_quit();
	return NOTIFY_DONE;
}

/* Runs last: other notifiers may still need disks. */
static struct notifier_block reboot_block = {
	.notifier_call = system_ends,
	.priority = INT_MIN,
};

/*
 * Report nothing yet: other notifiers and the messages come first. panic=10 still
 * gives time to read them; without it Linux would wait for ever, and the host would
 * never learn of the panic.
 */
static int system_panics(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	if (kexec_crash_loaded())
		return NOTIFY_DONE;
	panicked = true;
	if (!panic_timeout)
		panic_timeout = -1;
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call = system_panics,
	.priority = INT_MIN,
};

/*
 * The last that Linux calls before it resets the machine: in order, with devices shut
 * down, or at once, which is also how a panic ends. A system that halts, powers off, or
 * begins another kernel comes here, too.
 */
XNL_KMSG_DUMP(system_restarts, dumper, detail)
{
	struct sched_shutdown x = { .reason = SHUTDOWN_reboot };

	switch (detail->reason) {
	case KMSG_DUMP_EMERG:
		if (panicked)
			x.reason = SHUTDOWN_crash;
		break;
	case KMSG_DUMP_SHUTDOWN:
		if (restarting)
			break;
		fallthrough;
	default:
		return;
	}
	xn_hc_sched(SCHEDOP_shutdown, &x);
}

static struct kmsg_dumper restart_dumper = {
	.dump = system_restarts,
	.max_reason = KMSG_DUMP_SHUTDOWN,
};

int xnl_shutdown_init(void)
{
	int err;

	err = register_reboot_notifier(&reboot_block);
	if (err)
		return err;
	err = kmsg_dump_register(&restart_dumper);
	if (err) {
		unregister_reboot_notifier(&reboot_block);
		return err;
	}
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}

void xnl_shutdown_fini(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	kmsg_dump_unregister(&restart_dumper);
	unregister_reboot_notifier(&reboot_block);
}
