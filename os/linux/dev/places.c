// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Where programs look whether this is a guest of Xen, and of which one:
 *
 *   /sys/hypervisor  as Documentation/ABI/stable/sysfs-hypervisor-xen of Linux says;
 *                    Xen's answers to XENVER_* (xen-public/version.h)
 *   /proc/xen        capabilities, with nothing in it: "control_d" would be dom0
 *
 * Linux makes the folder of the first (CONFIG_SYS_HYPERVISOR) and leaves it empty for
 * whoever knows the hypervisor. Where it does not, we make it.
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

#include "dev.h"
#include <xen-public/features.h>

#define PLACE_SHOW(_name)						\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf);	\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name);		\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)

/* A file with text of Xen's, an array in "answer"; it need not be terminated. */
#define PLACE_TEXT(_name, _cmd, _type, _text)				\
PLACE_SHOW(_name)							\
{									\
	_type answer = { };						\
	long err = xn_hc_xen_version(_cmd, &answer);			\
									\
	if (err < 0)							\
		return err;						\
	return sysfs_emit(buf, "%.*s\n", (int)sizeof(_text), _text);	\
}

PLACE_SHOW(type)
{
	return sysfs_emit(buf, "xen\n");
}

PLACE_SHOW(uuid)
{
	uuid_t uuid = { };
	long err = xn_hc_xen_version(XENVER_guest_handle, &uuid);

	return err < 0 ? err : sysfs_emit(buf, "%pU\n", &uuid);
}

static struct attribute *place_attrs[] = {
	&type_attr.attr,
	&uuid_attr.attr,
	NULL
};

static const struct attribute_group place_group = {
	.attrs = place_attrs,
};

PLACE_SHOW(major)
{
	return sysfs_emit(buf, "%u\n", xnl_hv.major);
}

PLACE_SHOW(minor)
{
	return sysfs_emit(buf, "%u\n", xnl_hv.minor);
}

PLACE_TEXT(extra, XENVER_extraversion, xen_extraversion_t, answer)

static struct attribute *version_attrs[] = {
	&major_attr.attr,
	&minor_attr.attr,
	&extra_attr.attr,
	NULL
};

static const struct attribute_group version_group = {
	.name	= "version",
	.attrs	= version_attrs,
};

PLACE_TEXT(compiler, XENVER_compile_info, struct xen_compile_info, answer.compiler)
PLACE_TEXT(compiled_by, XENVER_compile_info, struct xen_compile_info,
	   answer.compile_by)
PLACE_TEXT(compile_date, XENVER_compile_info, struct xen_compile_info,
	   answer.compile_date)

static struct attribute *compilation_attrs[] = {
	&compiler_attr.attr,
	&compiled_by_attr.attr,
	&compile_date_attr.attr,
	NULL
};

static const struct attribute_group compilation_group = {
	.name	= "compilation",
	.attrs	= compilation_attrs,
};

PLACE_TEXT(capabilities, XENVER_capabilities, xen_capabilities_info_t, answer)
PLACE_TEXT(changeset, XENVER_changeset, xen_changeset_info_t, answer)

PLACE_SHOW(virtual_start)
{
	struct xen_platform_parameters p = { };
	long err = xn_hc_xen_version(XENVER_platform_parameters, &p);

	return err < 0 ? err : sysfs_emit(buf, "%lx\n", (long)p.virt_start);
}

PLACE_SHOW(pagesize)
{
	long size = xn_hc_xen_version(XENVER_pagesize, NULL);

	return size < 0 ? size : sysfs_emit(buf, "%lx\n", size);
}

/* The highest first, as one number in hexadecimal. */
PLACE_SHOW(features)
{
	struct xen_feature_info info = { };
	int i, len = 0;
	long err;

	for (i = XENFEAT_NR_SUBMAPS - 1; i >= 0; i--) {
		info.submap_idx = i;
		err = xn_hc_xen_version(XENVER_get_features, &info);
		if (err < 0)
			return err;
		len += sysfs_emit_at(buf, len, "%08x", info.submap);
	}
	return len + sysfs_emit_at(buf, len, "\n");
}

static struct attribute *properties_attrs[] = {
	&capabilities_attr.attr,
	&changeset_attr.attr,
	&virtual_start_attr.attr,
	&pagesize_attr.attr,
	&features_attr.attr,
	NULL
};

static const struct attribute_group properties_group = {
	.name	= "properties",
	.attrs	= properties_attrs,
};

static const struct attribute_group *place_groups[] = {
	&place_group,
	&version_group,
	&compilation_group,
	&properties_group,
	NULL
};

#ifdef CONFIG_SYS_HYPERVISOR
static struct kobject *place_get(void)
{
	return kobject_get(hypervisor_kobj);
}
#else
static struct kobject *place_get(void)
{
	return kobject_create_and_add("hypervisor", NULL);
}
#endif

static int capabilities_proc_show(struct seq_file *m, void *data)
{
	return 0;
}

static struct kobject *place;
static struct proc_dir_entry *proc_place;

int __init xdev_places_init(void)
{
	int err;

	place = place_get();
	if (!place)
		return -ENOMEM;
	err = sysfs_create_groups(place, place_groups);
	if (err) {
		kobject_put(place);
		return err;
	}
	/* For old programs only: without it all else works. */
	proc_place = proc_mkdir("xen", NULL);
	if (proc_place)
		proc_create_single("capabilities", 0444, proc_place,
				   capabilities_proc_show);
	return 0;
}

void xdev_places_fini(void)
{
	proc_remove(proc_place);
	sysfs_remove_groups(place, place_groups);
	kobject_put(place);
}
