// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The out-of-line half of the OS contract (include/xenion/os.h) in Linux.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <xenion/os.h>
#include "core.h"

DEFINE_PER_CPU(struct xnl_stats, xnl_stats);

void *xn_os_page_alloc(void)
{
	/* Reclaim may write to swap on a disk of ours, which may need the caller. */
	return (void *)get_zeroed_page(GFP_NOIO | __GFP_NOWARN);
}

void xn_os_page_free(void *page)
{
	free_page((unsigned long)page);
}

xen_pfn_t xn_os_gfn(const void *va)
{
	return virt_to_phys((void *)va) >> XN_PAGE_SHIFT;
}

/*
 * For pages that a backend keeps mapped: it may be called after the frontend's module
 * was unloaded, so it is in this one.
 */
void xnl_page_put(void *va)
{
	put_page(virt_to_page(va));
}

void *xn_os_map(xen_pfn_t gfn, unsigned int count)
{
	return memremap((resource_size_t)gfn << XN_PAGE_SHIFT,
			(size_t)count << XN_PAGE_SHIFT, MEMREMAP_WB);
}

void xn_os_unmap(void *va, unsigned int count)
{
	memunmap(va);
}

/* lookup_resource() is not exported: holes in use are found in this list. */
struct hole {
	struct list_head list;
	struct resource res;
};

static LIST_HEAD(holes);
static DEFINE_MUTEX(holes_lock);

int xn_os_hole_get(unsigned int count, xen_pfn_t *gfn)
{
	resource_size_t size = (resource_size_t)count << XN_PAGE_SHIFT;
	struct hole *hole;

	hole = kzalloc(sizeof(*hole), GFP_NOIO);
	if (!hole)
		return -ENOMEM;
	hole->res.name = "xenion";
	hole->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	/*
	 * All RAM and all devices are in the resource tree above 4 GiB; below,
	 * firmware leaves things out of it.
	 */
	if (allocate_resource(&iomem_resource, &hole->res, size, 1ull << 32,
			      iomem_resource.end, XN_PAGE_SIZE, NULL, NULL)) {
		kfree(hole);
		return -ENOSPC;
	}
	mutex_lock(&holes_lock);
	list_add(&hole->list, &holes);
	mutex_unlock(&holes_lock);
	*gfn = hole->res.start >> XN_PAGE_SHIFT;
	return 0;
}

void xn_os_hole_put(xen_pfn_t gfn, unsigned int count)
{
	struct hole *hole, *next;

	mutex_lock(&holes_lock);
	list_for_each_entry_safe(hole, next, &holes, list) {
		if (hole->res.start >> XN_PAGE_SHIFT != gfn)
			continue;
		list_del(&hole->list);
		release_resource(&hole->res);
		kfree(hole);
		break;
	}
	mutex_unlock(&holes_lock);
}

uint64_t xn_os_now(void)
{
	return ktime_get_ns();
}

unsigned int xn_os_cpu_count(void)
{
	return nr_cpu_ids;
}

unsigned int xn_os_cpu(void)
{
	return raw_smp_processor_id();
}

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	switch (level) {
	case XN_ERR:
		pr_err("xenion: %pV\n", &vaf);
		break;
	case XN_WARN:
		pr_warn("xenion: %pV\n", &vaf);
		break;
	case XN_INFO:
		pr_info("xenion: %pV\n", &vaf);
		break;
	default:
		pr_debug("xenion: %pV\n", &vaf);
		break;
	}
	va_end(args);
}

/* ---- works ---- */

struct workqueue_struct *xnl_wq;

int xnl_os_init(void)
{
	/*
	 * Reclaim may wait for a disk, and the disk for one of these works. And
	 * none waits for another, or for a work of another driver, that computes:
	 * hundreds of event channels take long to end, and watches come meanwhile.
	 */
	xnl_wq = alloc_workqueue("xenion", WQ_MEM_RECLAIM | WQ_PERCPU |
					   WQ_CPU_INTENSIVE, 0);
	return xnl_wq ? 0 : -ENOMEM;
}

void xnl_os_fini(void)
{
	destroy_workqueue(xnl_wq);
}

void xnl_work_run(struct work_struct *work)
{
	struct xn_work *w = container_of(to_delayed_work(work),
					 struct xn_work, dwork);
	/* An allocation here must not wait for the disk that this work connects. */
	unsigned int noio = memalloc_noio_save();

	w->fn(w);
	memalloc_noio_restore(noio);
}
