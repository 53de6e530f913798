// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The end of the system, as its host sees it.
 *
 * After a reboot by kexec the same memory is another kernel's, and the domain
 * goes on: what backends may still write to, and Xen itself (the FIFO ABI's
 * array), must be theirs no more. So all that unloading gives back is given
 * back, while the modules and their devices stay.
 *
 * After a panic the host gets to know (SCHEDOP_shutdown, SHUTDOWN_crash in
 * xen-public/sched.h), so that its "on_crash" counts, unless a kernel was
 * loaded for that case.
 */
#include <linux/kexec.h>
#include <linux/kmsg_dump.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>

#include "core.h"

static int system_ends(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	/* Unless it is being unloaded, which does the same. */
	if (try_module_get(THIS_MODULE))
		xnl_rooms_quit();
	return NOTIFY_DONE;
}

/* The last one: others may need their disks in theirs. */
static struct notifier_block reboot_block = {
	.notifier_call = system_ends,
	.priority = INT_MIN,
};

static bool panicked;

/*
 * Not yet: what others do in a panic, and the messages, come first. Who asked
 * for time to read them (panic=10) gets it; a wait for ever would be the
 * host's to end, which only this tells.
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

/* The very end of a panic is an emergency restart. This is called in it. */
static void system_restarts(struct kmsg_dumper *dumper,
			    enum kmsg_dump_reason reason)
{
	struct sched_shutdown x = { .reason = SHUTDOWN_crash };

	if (panicked && reason == KMSG_DUMP_EMERG)
		xn_hc_sched(SCHEDOP_shutdown, &x);
}

static struct kmsg_dumper restart_dumper = {
	.dump = system_restarts,
	.max_reason = KMSG_DUMP_EMERG,
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
