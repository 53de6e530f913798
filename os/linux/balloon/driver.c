// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-balloon.ko: gives memory to Xen and takes it back, as the toolstack wants
 * (xenion/target.h): xl mem-set.
 *
 * A page that is away has no memory behind it. Linux is told (PageOffline), so that
 * hibernation, /proc/kcore and a crash dump leave it out; nobody else has its address.
 * It is not counted in MemTotal. While any page is away the module stays: Xen would
 * not give all of them back, for the toolstack has lowered what the domain may have.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include <xenion/version.h>
#include "xnl.h"
#include "balloon.h"

#define GFP_AWAY	(GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN | \
			 __GFP_NOMEMALLOC)

static bool balloon_pinned;	/* pages are away: the module stays */
static unsigned long balloon_spared;	/* pages that stay available to programs */

static void balloon_free(struct page *page)
{
	__ClearPageOffline(page);
	adjust_managed_page_count(page, 1);
	__free_page(page);
}

static unsigned int balloon_get(struct xn_target *t, void **pages,
				unsigned int n)
{
	long room = si_mem_available() - (long)balloon_spared;
	unsigned int i;

	cond_resched();
	for (i = 0; i < n && i < room; i++) {
		struct page *page = alloc_page(GFP_AWAY);

		if (!page)
			break;
		__SetPageOffline(page);
		adjust_managed_page_count(page, -1);
		pages[i] = page_address(page);
	}
	return i;
}

static void balloon_put(struct xn_target *t, void **pages, unsigned int n)
{
	unsigned int i;

	cond_resched();
	for (i = 0; i < n; i++)
		balloon_free(virt_to_page(pages[i]));
}

static void balloon_apply(struct work_struct *work)
{
	/* It fails when the module is being unloaded. */
	if (!balloon_pinned && !try_module_get(THIS_MODULE))
		return;
	xn_target_apply(&balloon_target);
	balloon_pinned = balloon_target.balloon.count;
	if (!balloon_pinned)
		module_put(THIS_MODULE);
}

static struct workqueue_struct *balloon_wq;
static DECLARE_WORK(balloon_work, balloon_apply);

static void balloon_changed(struct xn_target *t)
{
	queue_work(balloon_wq, &balloon_work);
}

struct xn_target balloon_target = {
	.changed = balloon_changed,
	.get	= balloon_get,
	.put	= balloon_put,
};

static void balloon_stop(void)
{
	xn_target_fini(&balloon_target);
	cancel_work_sync(&balloon_work);
}

/*
 * After kexec another kernel takes all RAM of the memory map for its own.
 */
static int balloon_system_ends(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	balloon_stop();
	xnl_memory_away(xn_target_end(&balloon_target) << (PAGE_SHIFT - 10));
	return NOTIFY_DONE;
}

/* Before xenion.ko's, which ends xenstore. */
static struct notifier_block balloon_reboot = {
	.notifier_call = balloon_system_ends,
};

/*
 * With an eighth of its memory, and 32 MiB, a kernel and its least programs live. What
 * is available for programs is kept above a quarter of that: with less, each allocation
 * has to search for memory.
 */
static void balloon_bounds(void)
{
	unsigned long all = totalram_pages();
	unsigned long keep = all / 8 + (SZ_32M >> PAGE_SHIFT);

	balloon_target.most = all > keep ? all - keep : 0;
	balloon_spared = keep / 4;
}

static int __init balloon_init(void)
{
	int err;

	balloon_bounds();
	/*
	 * It computes, and may wait for memory: for reclaim it must not be needed. During
	 * a suspend, memory does not change.
	 */
	balloon_wq = alloc_workqueue("xenion-balloon",
				     WQ_UNBOUND | WQ_FREEZABLE, 1);
	if (!balloon_wq)
		return -ENOMEM;
	err = balloon_sysfs_init();
	if (err)
		goto queue;
	err = register_reboot_notifier(&balloon_reboot);
	if (err)
		goto sysfs;
	err = xn_target_init(&balloon_target, &xnl_guest);
	if (!err)
		return 0;
	unregister_reboot_notifier(&balloon_reboot);
	/* The watch may have been made, and queued it. */
	cancel_work_sync(&balloon_work);
sysfs:
	balloon_sysfs_fini();
queue:
	destroy_workqueue(balloon_wq);
	return err;
}

static void __exit balloon_exit(void)
{
	unregister_reboot_notifier(&balloon_reboot);
	balloon_stop();
	balloon_sysfs_fini();
	destroy_workqueue(balloon_wq);
	xn_target_end(&balloon_target);
}

module_init(balloon_init);
module_exit(balloon_exit);

MODULE_DESCRIPTION("Memory that Xen gives and takes");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
