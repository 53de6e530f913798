// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * /dev/xen/gntdev: pages of other domains in a program's memory
 * (xen-public/sys/gntdev.h). The program names references, gets a number for them, and
 * maps the file there: then Xen puts the pages where this guest has no memory
 * (grant/map.c), and they stay as long as the file has the number, or a process maps it.
 *
 * These pages have no struct page: a program may read and write them, and have the
 * kernel copy from and to them, but not do direct I/O on them. So nobody holds on to one
 * that is taken away: at the end of the system, and in a new domain, where others'
 * pages are gone. Then an access is SIGBUS.
 *
 * IOCTL_GNTDEV_GRANT_COPY is in gntcopy.c.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "dev.h"
#include <xen-public/sys/gntdev.h>

/* Pages of one file, unless it asks for less, and pages mapped of all. */
#define MAX_PAGES	XN_GNTMAP_MAX
#define MAX_ALL_PAGES	4096u

struct gntdev_file {
	struct xarray maps;		/* by first: struct gntdev_map */
	unsigned int nr_pages;		/* of all of them */
	unsigned int max_pages;
};

struct gntdev_map {
	refcount_t users;		/* the file, and each mapping */
	struct file *file;
	unsigned long first;		/* page of the file */
	struct list_head list;		/* of all that Xen has mapped */
	struct xn_gntmap room;
	bool mapped;
	bool over;			/* was mapped, and was taken away */
	bool readonly;
	/* One for all its pages, as Linux's gntdev has it. */
	struct xdev_notify notify;
	unsigned int notify_page;
	unsigned int count;
	struct xn_gntmap_req req[];
};

/* All above and below. Nothing of a program's is touched under it: a fault takes it. */
static DEFINE_MUTEX(gntdev_lock);
static LIST_HEAD(all_mapped);
static unsigned int nr_all_pages;
static unsigned long next_first;	/* no two files have the same numbers */
static bool ended;			/* nothing is mapped any more */

/* ---- what Xen has mapped; the lock is held ---- */

static int map_enter(struct gntdev_map *map, bool readonly)
{
	unsigned int i;
	int err;

	for (i = 0; i < map->count; i++)
		map->req[i].readonly = readonly;
	err = xn_gntmap_init(&map->room, map->count);
	if (err)
		return err;
	err = xn_gntmap_map(&map->room, map->req, map->count);
	if (err) {
		xn_gntmap_fini(&map->room);
		return err;
	}
	map->readonly = readonly;
	map->mapped = true;
	list_add(&map->list, &all_mapped);
	nr_all_pages += map->count;
	return 0;
}

/* For one more mapping. */
static int map_begin(struct gntdev_map *map, bool readonly)
{
	if (map->mapped)
		return map->readonly && !readonly ? -EACCES : 0;
	if (ended)
		return -ESHUTDOWN;
	if (map->over)
		return -EIO;
	if (map->count > MAX_ALL_PAGES - nr_all_pages)
		return -ENOSPC;
	return map_enter(map, readonly);
}

/* @lost: the domain is a new one, and others' pages are gone. */
static void map_end(struct gntdev_map *map, bool lost)
{
	if (!map->mapped)
		return;
	/* From now on no fault brings a page back. */
	map->mapped = false;
	map->over = true;
	unmap_mapping_range(map->file->f_mapping,
			    (loff_t)map->first << PAGE_SHIFT,
			    (loff_t)map->count << PAGE_SHIFT, 1);
	if (lost)
		(void)xn_gntmap_resume(&map->room);
	else
		xdev_notify_do(&map->notify,
			       xn_gntmap_va(&map->room, map->notify_page));
	xn_gntmap_fini(&map->room);
	list_del(&map->list);
	nr_all_pages -= map->count;
}

static void maps_end(bool lost)
{
	struct gntdev_map *map, *next;

	list_for_each_entry_safe(map, next, &all_mapped, list)
		map_end(map, lost);
}

static void map_put(struct gntdev_map *map)
{
	if (!refcount_dec_and_test(&map->users))
		return;
	map_end(map, false);
	kvfree(map);
}

/* ---- ioctls ---- */

#define MAP_HEAD	offsetof(struct ioctl_gntdev_map_grant_ref, refs)

/* Of a program's list of references. */
static struct gntdev_map *map_new(struct file *file, u32 count,
				  const struct ioctl_gntdev_grant_ref __user *refs)
{
	struct ioctl_gntdev_grant_ref *r;
	struct gntdev_map *map;
	unsigned int i;

	r = vmemdup_user(refs, array_size(count, sizeof(*r)));
	if (IS_ERR(r))
		return ERR_CAST(r);
	map = kvzalloc(struct_size(map, req, count), GFP_KERNEL_ACCOUNT);
	if (!map)
		map = ERR_PTR(-ENOMEM);
	for (i = 0; !IS_ERR(map) && i < count; i++) {
		map->req[i].slot = i;
		map->req[i].domid = r[i].domid;
		map->req[i].ref = r[i].ref;
		if (r[i].domid >= DOMID_FIRST_RESERVED) {
			kvfree(map);
			map = ERR_PTR(-EINVAL);
		}
	}
	kvfree(r);
	if (IS_ERR(map))
		return map;
	refcount_set(&map->users, 1);
	map->file = file;
	map->count = count;
	return map;
}

/* The lock is held. */
static int file_add(struct gntdev_file *f, struct gntdev_map *map)
{
	int err;

	if (map->count > f->max_pages - f->nr_pages)
		return -ENOSPC;
	map->first = next_first;
	err = xa_insert(&f->maps, map->first, map, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;
	next_first += map->count;
	f->nr_pages += map->count;
	return 0;
}

/* The lock is held. Returns: none of @count pages is there, -ENOENT */
static int file_remove(struct gntdev_file *f, unsigned long first, u32 count)
{
	struct gntdev_map *map = xa_load(&f->maps, first);

	if (!map || map->count != count)
		return -ENOENT;
	xa_erase(&f->maps, first);
	f->nr_pages -= count;
	map_put(map);
	return 0;
}

static int gntdev_map(struct file *file, void __user *arg)
{
	struct gntdev_file *f = file->private_data;
	struct ioctl_gntdev_map_grant_ref a = { };
	struct gntdev_map *map;
	int err;

	if (copy_from_user(&a, arg, MAP_HEAD))
		return -EFAULT;
	if (!a.count)
		return -EINVAL;
	if (a.count > MAX_PAGES)
		return -ENOSPC;
	map = map_new(file, a.count, arg + MAP_HEAD);
	if (IS_ERR(map))
		return PTR_ERR(map);
	mutex_lock(&gntdev_lock);
	err = file_add(f, map);
	if (err)
		map_put(map);
	else
		a.index = (u64)map->first << PAGE_SHIFT;
	mutex_unlock(&gntdev_lock);
	if (!err && copy_to_user(arg, &a, MAP_HEAD)) {
		mutex_lock(&gntdev_lock);
		file_remove(f, a.index >> PAGE_SHIFT, a.count);
		mutex_unlock(&gntdev_lock);
		err = -EFAULT;
	}
	return err;
}

static int gntdev_unmap(struct gntdev_file *f, void __user *arg)
{
	struct ioctl_gntdev_unmap_grant_ref a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (offset_in_page(a.index))
		return -EINVAL;
	mutex_lock(&gntdev_lock);
	err = file_remove(f, a.index >> PAGE_SHIFT, a.count);
	mutex_unlock(&gntdev_lock);
	return err;
}

static int gntdev_set_max(struct gntdev_file *f, void __user *arg)
{
	struct ioctl_gntdev_set_max_grants a;
	int err = 0;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	mutex_lock(&gntdev_lock);
	/* One who asks for more than there is may yet need less. */
	if (f->nr_pages)
		err = -EBUSY;
	else
		f->max_pages = min(a.count, MAX_PAGES);
	mutex_unlock(&gntdev_lock);
	return err;
}

/* The lock is held. */
static struct gntdev_map *file_find(struct gntdev_file *f, unsigned long page)
{
	struct gntdev_map *map;
	unsigned long first;

	xa_for_each(&f->maps, first, map)
		if (page - first < map->count)
			return map;
	return NULL;
}

static int gntdev_notify(struct gntdev_file *f, void __user *arg)
{
	struct xdev_notify notify;
	struct gntdev_map *map;
	u64 index;
	int err = xdev_notify_get(&notify, &index, arg);

	if (err)
		return err;
	mutex_lock(&gntdev_lock);
	map = file_find(f, index >> PAGE_SHIFT);
	if (!map) {
		err = -ENOENT;
	} else if (notify.clear && map->readonly) {
		err = -EINVAL;
	} else {
		map->notify = notify;
		map->notify_page = (index >> PAGE_SHIFT) - map->first;
	}
	mutex_unlock(&gntdev_lock);
	return err;
}

static const struct vm_operations_struct gntdev_vm_ops;

/* Of this file, where a mapping begins at @at. */
static int gntdev_offset_at(struct file *file, u64 at,
		     struct ioctl_gntdev_get_offset_for_vaddr *a)
{
	struct vm_area_struct *vma;
	struct gntdev_map *map;
	int err = -EINVAL;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, at);
	if (vma && vma->vm_start == at && vma->vm_file == file &&
	    vma->vm_ops == &gntdev_vm_ops) {
		map = vma->vm_private_data;
		a->offset = (u64)map->first << PAGE_SHIFT;
		a->count = map->count;
		err = 0;
	}
	mmap_read_unlock(current->mm);
	return err;
}

static int gntdev_get_offset(struct file *file, void __user *arg)
{
	struct ioctl_gntdev_get_offset_for_vaddr a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = gntdev_offset_at(file, a.vaddr, &a);
	if (err)
		return err;
	return copy_to_user(arg, &a, sizeof(a)) ? -EFAULT : 0;
}

static long gntdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *to = (void __user *)arg;

	switch (cmd) {
	case IOCTL_GNTDEV_MAP_GRANT_REF:
		return gntdev_map(file, to);
	case IOCTL_GNTDEV_UNMAP_GRANT_REF:
		return gntdev_unmap(file->private_data, to);
	case IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR:
		return gntdev_get_offset(file, to);
	case IOCTL_GNTDEV_SET_MAX_GRANTS:
		return gntdev_set_max(file->private_data, to);
	case IOCTL_GNTDEV_SET_UNMAP_NOTIFY:
		return gntdev_notify(file->private_data, to);
	case IOCTL_GNTDEV_GRANT_COPY:
		return xdev_gntcopy(to, false);
	default:
		return -ENOTTY;
	}
}

#ifdef CONFIG_COMPAT
/* For a program of 32 bits all other structures are the same. */
#define GRANT_COPY_32	_IOC(_IOC_NONE, 'G', 8, 8)

static long gntdev_compat_ioctl(struct file *file, unsigned int cmd,
				unsigned long arg)
{
	if (cmd == GRANT_COPY_32)
		return xdev_gntcopy(compat_ptr(arg), true);
	if (cmd == IOCTL_GNTDEV_GRANT_COPY)
		return -ENOTTY;
	return gntdev_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

/* ---- mappings ---- */

static void gntdev_vma_open(struct vm_area_struct *vma)
{
	struct gntdev_map *map = vma->vm_private_data;

	refcount_inc(&map->users);
}

static void gntdev_vma_close(struct vm_area_struct *vma)
{
	mutex_lock(&gntdev_lock);
	map_put(vma->vm_private_data);
	mutex_unlock(&gntdev_lock);
}

static vm_fault_t gntdev_vma_fault(struct vm_fault *vmf)
{
	struct gntdev_map *map = vmf->vma->vm_private_data;
	unsigned long i = vmf->pgoff - map->first;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	mutex_lock(&gntdev_lock);
	if (map->mapped && i < map->count)
		ret = vmf_insert_pfn(vmf->vma, vmf->address,
				     xn_gntmap_gfn(&map->room, i));
	mutex_unlock(&gntdev_lock);
	return ret;
}

static const struct vm_operations_struct gntdev_vm_ops = {
	.open	= gntdev_vma_open,
	.close	= gntdev_vma_close,
	.fault	= gntdev_vma_fault,
};

static int gntdev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct gntdev_file *f = file->private_data;
	struct gntdev_map *map;
	int err = -EINVAL;

	/* A private mapping would show the program pages of its own. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&gntdev_lock);
	map = xa_load(&f->maps, vma->vm_pgoff);
	if (map && map->count == vma_pages(vma))
		err = map_begin(map, !(vma->vm_flags & VM_WRITE));
	if (!err)
		refcount_inc(&map->users);
	mutex_unlock(&gntdev_lock);
	if (err)
		return err;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP |
			  VM_DONTCOPY);
	/* A write that Xen does not let pass would be a fault of the processor's. */
	if (map->readonly)
		vm_flags_clear(vma, VM_MAYWRITE);
	vma->vm_private_data = map;
	vma->vm_ops = &gntdev_vm_ops;
	return 0;
}

/* ---- the file ---- */

static int gntdev_open(struct inode *inode, struct file *file)
{
	struct gntdev_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	xa_init(&f->maps);
	f->max_pages = MAX_PAGES;
	file->private_data = f;
	return nonseekable_open(inode, file);
}

static int gntdev_release(struct inode *inode, struct file *file)
{
	struct gntdev_file *f = file->private_data;
	struct gntdev_map *map;
	unsigned long first;

	mutex_lock(&gntdev_lock);
	xa_for_each(&f->maps, first, map)
		map_put(map);
	mutex_unlock(&gntdev_lock);
	xa_destroy(&f->maps);
	kfree(f);
	return 0;
}

static const struct file_operations gntdev_fops = {
	.owner		= THIS_MODULE,
	.open		= gntdev_open,
	.release	= gntdev_release,
	.mmap		= gntdev_mmap,
	.unlocked_ioctl	= gntdev_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= gntdev_compat_ioctl,
#endif
};

struct miscdevice xdev_gntdev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "xen/gntdev",
	.fops	= &gntdev_fops,
	.mode	= 0600,
};

void xdev_gntdev_lost(void)
{
	mutex_lock(&gntdev_lock);
	maps_end(true);
	mutex_unlock(&gntdev_lock);
}

void xdev_gntdev_quit(void)
{
	mutex_lock(&gntdev_lock);
	ended = true;
	maps_end(false);
	mutex_unlock(&gntdev_lock);
}
