// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * /dev/xen/gntalloc: pages of a program's that another domain may map
 * (xen-public/sys/gntalloc.h). A page is granted as long as the file has it, or a
 * process maps it. Then the program's word for the other domain is given
 * (IOCTL_GNTALLOC_SET_UNMAP_NOTIFY) and the grant ends: what the other domain still
 * maps waits in the core, and is nobody's memory until then.
 *
 * Programs get no reference of the last eighth of the grant table: that is for
 * devices. In a new domain the pages stay, and nobody else maps them.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "dev.h"
#include <xen-public/sys/gntalloc.h>

/* Pages of one file, and of all. */
#define MAX_PAGES	512u
#define MAX_ALL_PAGES	1024u

struct gntalloc_file {
	struct mutex lock;
	struct xarray pages;		/* by page of the file: struct gntalloc_page */
	unsigned int nr_pages;
	unsigned long next;		/* page of the file for the next one */
};

struct gntalloc_page {
	refcount_t users;		/* the file, and each mapping */
	struct list_head list;		/* of all that are granted */
	void *va;
	grant_ref_t ref;
	bool granted;
	struct xdev_notify notify;	/* the file's lock */
};

/* What one mapping has, also when munmap() or mremap() have made several of it. */
struct gntalloc_map {
	refcount_t users;
	unsigned int count;
	struct gntalloc_page *page[];
};

static LIST_HEAD(all_pages);
static unsigned int nr_all_pages;
static bool ended;			/* nothing is granted any more */
static DEFINE_MUTEX(all_lock);		/* these, and each page's granted */

/* ---- pages ---- */

/* The lock of all is held. */
static bool pages_allowed(unsigned int count)
{
	struct xn_gnttab *gt = &xnl_guest.gnttab;
	unsigned int unused = xn_gnttab_unused(gt);

	/* Pages that others keep after the end count, or there were no limit. */
	return nr_all_pages + READ_ONCE(gt->nr_deferred) + count <=
	       MAX_ALL_PAGES &&
	       unused > count && unused - count >= xn_gnttab_size(gt) / 8;
}

static int page_grant(struct gntalloc_page *p, domid_t domid, bool readonly)
{
	int err = -ENOSPC;

	mutex_lock(&all_lock);
	if (ended)
		err = -ESHUTDOWN;
	else if (pages_allowed(1))
		err = xn_gnttab_grant_page(&xnl_guest.gnttab, domid, p->va,
					   readonly, &p->ref);
	if (!err) {
		p->granted = true;
		nr_all_pages++;
		list_add(&p->list, &all_pages);
	}
	mutex_unlock(&all_lock);
	return err;
}

/* The lock of all is held. The grant takes a reference to the page with it. */
static void page_end(struct gntalloc_page *p)
{
	if (!p->granted)
		return;
	p->granted = false;
	nr_all_pages--;
	list_del(&p->list);
	get_page(virt_to_page(p->va));
	xn_gnttab_end_page(&xnl_guest.gnttab, p->ref, p->va, xnl_page_put);
}

static struct gntalloc_page *page_new(domid_t domid, bool readonly)
{
	struct gntalloc_page *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int err;

	if (!p)
		return ERR_PTR(-ENOMEM);
	p->va = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	err = p->va ? page_grant(p, domid, readonly) : -ENOMEM;
	if (err) {
		free_page((unsigned long)p->va);
		kfree(p);
		return ERR_PTR(err);
	}
	refcount_set(&p->users, 1);
	return p;
}

static void page_put(struct gntalloc_page *p)
{
	if (!refcount_dec_and_test(&p->users))
		return;
	xdev_notify_do(&p->notify, p->va);
	mutex_lock(&all_lock);
	page_end(p);
	mutex_unlock(&all_lock);
	/* A pipe or the like may have references of its own. */
	xnl_page_put(p->va);
	kfree(p);
}

/* ---- the pages of a file; its lock is held ---- */

static bool file_has(struct gntalloc_file *f, unsigned long first,
		     unsigned long count)
{
	unsigned long i;

	if (!count || count > f->nr_pages)
		return false;
	for (i = 0; i < count; i++)
		if (!xa_load(&f->pages, first + i))
			return false;
	return true;
}

static void file_remove(struct gntalloc_file *f, unsigned long first,
			unsigned long count)
{
	struct gntalloc_page *p;
	unsigned long i;

	for (i = 0; i < count; i++) {
		p = xa_erase(&f->pages, first + i);
		if (!p)
			continue;
		f->nr_pages--;
		page_put(p);
	}
}

static int file_add(struct gntalloc_file *f, unsigned long at, domid_t domid,
		    bool readonly, u32 *ref)
{
	struct gntalloc_page *p = page_new(domid, readonly);
	int err;

	if (IS_ERR(p))
		return PTR_ERR(p);
	*ref = p->ref;
	err = xa_insert(&f->pages, at, p, GFP_KERNEL_ACCOUNT);
	if (err)
		page_put(p);
	else
		f->nr_pages++;
	return err;
}

static int file_alloc(struct gntalloc_file *f,
		      struct ioctl_gntalloc_alloc_gref *a, u32 *refs)
{
	unsigned long first = f->next;
	u32 i;
	int err = 0;

	if (a->count > MAX_PAGES - f->nr_pages)
		return -ENOSPC;
	for (i = 0; !err && i < a->count; i++)
		err = file_add(f, first + i, a->domid,
			       !(a->flags & GNTALLOC_FLAG_WRITABLE), &refs[i]);
	if (err) {
		file_remove(f, first, a->count);
		return err;
	}
	f->next += a->count;
	a->index = (u64)first << PAGE_SHIFT;
	return 0;
}

/* ---- ioctls ---- */

#define ALLOC_HEAD	offsetof(struct ioctl_gntalloc_alloc_gref, gref_ids)

static int alloc_tell(void __user *arg, const struct ioctl_gntalloc_alloc_gref *a,
		      const u32 *refs)
{
	return copy_to_user(arg, a, ALLOC_HEAD) ||
	       copy_to_user(arg + ALLOC_HEAD, refs, a->count * sizeof(*refs)) ?
	       -EFAULT : 0;
}

static int gntalloc_alloc(struct gntalloc_file *f, void __user *arg)
{
	struct ioctl_gntalloc_alloc_gref a = { };
	u32 *refs;
	int err;

	if (copy_from_user(&a, arg, ALLOC_HEAD))
		return -EFAULT;
	if (!a.count || a.flags & ~GNTALLOC_FLAG_WRITABLE ||
	    a.domid >= DOMID_FIRST_RESERVED)
		return -EINVAL;
	if (a.count > MAX_PAGES)
		return -ENOSPC;
	refs = kcalloc(a.count, sizeof(*refs), GFP_KERNEL_ACCOUNT);
	if (!refs)
		return -ENOMEM;
	mutex_lock(&f->lock);
	err = file_alloc(f, &a, refs);
	mutex_unlock(&f->lock);
	/* mmap() comes with a lock that a fault here takes: not under ours. */
	if (!err) {
		err = alloc_tell(arg, &a, refs);
		if (err) {
			mutex_lock(&f->lock);
			file_remove(f, a.index >> PAGE_SHIFT, a.count);
			mutex_unlock(&f->lock);
		}
	}
	kfree(refs);
	return err;
}

static int gntalloc_dealloc(struct gntalloc_file *f, void __user *arg)
{
	struct ioctl_gntalloc_dealloc_gref a;
	int err = -EINVAL;

	if (copy_from_user(&a, arg, offsetofend(typeof(a), count)))
		return -EFAULT;
	mutex_lock(&f->lock);
	if (!offset_in_page(a.index) &&
	    file_has(f, a.index >> PAGE_SHIFT, a.count)) {
		file_remove(f, a.index >> PAGE_SHIFT, a.count);
		err = 0;
	}
	mutex_unlock(&f->lock);
	return err;
}

static int gntalloc_notify(struct gntalloc_file *f, void __user *arg)
{
	struct xdev_notify notify;
	struct gntalloc_page *p;
	u64 index;
	int err = xdev_notify_get(&notify, &index, arg);

	if (err)
		return err;
	mutex_lock(&f->lock);
	p = xa_load(&f->pages, index >> PAGE_SHIFT);
	if (p)
		p->notify = notify;
	mutex_unlock(&f->lock);
	return p ? 0 : -ENOENT;
}

static long gntalloc_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	void __user *to = (void __user *)arg;

	switch (cmd) {
	case IOCTL_GNTALLOC_ALLOC_GREF:
		return gntalloc_alloc(file->private_data, to);
	case IOCTL_GNTALLOC_DEALLOC_GREF:
		return gntalloc_dealloc(file->private_data, to);
	case IOCTL_GNTALLOC_SET_UNMAP_NOTIFY:
		return gntalloc_notify(file->private_data, to);
	default:
		return -ENOTTY;
	}
}

#ifdef CONFIG_COMPAT
/*
 * For a program of 32 bits the fields are in the same places, but structures end
 * without padding, and their size is in the numbers.
 */
#define ALLOC_GREF_32	_IOC(_IOC_NONE, 'G', 5, 20)
#define DEALLOC_GREF_32	_IOC(_IOC_NONE, 'G', 6, 12)

static long gntalloc_compat_ioctl(struct file *file, unsigned int cmd,
				  unsigned long arg)
{
	if (cmd == ALLOC_GREF_32)
		cmd = IOCTL_GNTALLOC_ALLOC_GREF;
	else if (cmd == DEALLOC_GREF_32)
		cmd = IOCTL_GNTALLOC_DEALLOC_GREF;
	return gntalloc_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

/* ---- mappings ---- */

static void map_put(struct gntalloc_map *map)
{
	unsigned int i;

	if (!refcount_dec_and_test(&map->users))
		return;
	for (i = 0; i < map->count; i++)
		page_put(map->page[i]);
	kfree(map);
}

static void gntalloc_vma_open(struct vm_area_struct *vma)
{
	struct gntalloc_map *map = vma->vm_private_data;

	refcount_inc(&map->users);
}

static void gntalloc_vma_close(struct vm_area_struct *vma)
{
	map_put(vma->vm_private_data);
}

static const struct vm_operations_struct gntalloc_vm_ops = {
	.open	= gntalloc_vma_open,
	.close	= gntalloc_vma_close,
};

/* The file's lock is held. */
static struct gntalloc_map *map_new(struct gntalloc_file *f, unsigned long first,
				    unsigned long count)
{
	struct gntalloc_map *map;
	unsigned int i;

	if (!file_has(f, first, count))
		return ERR_PTR(-ENOENT);
	map = kmalloc(struct_size(map, page, count), GFP_KERNEL_ACCOUNT);
	if (!map)
		return ERR_PTR(-ENOMEM);
	refcount_set(&map->users, 1);
	map->count = count;
	for (i = 0; i < count; i++) {
		map->page[i] = xa_load(&f->pages, first + i);
		refcount_inc(&map->page[i]->users);
	}
	return map;
}

static int gntalloc_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct gntalloc_file *f = file->private_data;
	struct gntalloc_map *map;
	unsigned int i;
	int err = 0;

	/* A private mapping would show the program pages of its own. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&f->lock);
	map = map_new(f, vma->vm_pgoff, vma_pages(vma));
	mutex_unlock(&f->lock);
	if (IS_ERR(map))
		return PTR_ERR(map);
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	for (i = 0; !err && i < map->count; i++)
		err = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE,
				     virt_to_page(map->page[i]->va));
	if (err) {
		map_put(map);
		return err;
	}
	vma->vm_private_data = map;
	vma->vm_ops = &gntalloc_vm_ops;
	return 0;
}

/* ---- the file ---- */

static int gntalloc_open(struct inode *inode, struct file *file)
{
	struct gntalloc_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	xa_init(&f->pages);
	file->private_data = f;
	return nonseekable_open(inode, file);
}

static int gntalloc_release(struct inode *inode, struct file *file)
{
	struct gntalloc_file *f = file->private_data;
	struct gntalloc_page *p;
	unsigned long at;

	xa_for_each(&f->pages, at, p)
		page_put(p);
	xa_destroy(&f->pages);
	kfree(f);
	return 0;
}

static const struct file_operations gntalloc_fops = {
	.owner		= THIS_MODULE,
	.open		= gntalloc_open,
	.release	= gntalloc_release,
	.mmap		= gntalloc_mmap,
	.unlocked_ioctl	= gntalloc_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= gntalloc_compat_ioctl,
#endif
};

struct miscdevice xdev_gntalloc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "xen/gntalloc",
	.fops	= &gntalloc_fops,
	.mode	= 0600,
};

void xdev_gntalloc_quit(void)
{
	struct gntalloc_page *p, *next;

	mutex_lock(&all_lock);
	ended = true;
	list_for_each_entry_safe(p, next, &all_pages, list)
		page_end(p);
	mutex_unlock(&all_lock);
}
