// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * /sys/bus/xenion/stats/: hypercalls, events and the like since the module was
 * loaded, one count per file; the time that vCPUs have run, waited for a CPU of the
 * host's (stolen), and so on since the domain was made. /sys/bus/xenion/info/: the
 * host and the ABIs in use.
 */
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/sysfs.h>

#include <xenion/time.h>
#include "core.h"

static u64 stat_sum(enum xn_stat stat)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += per_cpu(xnl_stats, cpu).count[stat];
	return sum;
}

/* What all vCPUs have spent in this state, up to now. A hypercall for each. */
static u64 runstate_sum(unsigned int state)
{
	struct vcpu_runstate_info info;
	unsigned int vcpu;
	u64 sum = 0;

	for (vcpu = 0; vcpu < xnl_vcpus.nr; vcpu++)
		if (!xn_runstate_get(vcpu, &info))
			sum += info.time[state];
	return sum;
}

/* A file with one number. */
#define COUNT(_name, _value)						\
XNL_BUS_SHOW(_name##_show, buf)						\
{									\
	return sysfs_emit(buf, "%llu\n", (u64)(_value));		\
}									\
static BUS_ATTR_RO(_name)

COUNT(hypercalls, stat_sum(XN_STAT_HYPERCALL));
COUNT(notifications, stat_sum(XN_STAT_NOTIFY));
COUNT(upcalls, stat_sum(XN_STAT_UPCALL));
COUNT(events, stat_sum(XN_STAT_EVENT));
COUNT(events_held, stat_sum(XN_STAT_EVENT_HELD));
COUNT(grants, stat_sum(XN_STAT_GRANT));
COUNT(grants_ended, stat_sum(XN_STAT_GRANT_END));
COUNT(grants_busy, stat_sum(XN_STAT_GRANT_BUSY));
COUNT(xenstore_requests, stat_sum(XN_STAT_XS_REQUEST));
COUNT(xenstore_events, stat_sum(XN_STAT_XS_WATCH));
COUNT(refused, stat_sum(XN_STAT_REFUSED));
COUNT(running_ns, runstate_sum(RUNSTATE_running));
COUNT(stolen_ns, runstate_sum(RUNSTATE_runnable));
COUNT(blocked_ns, runstate_sum(RUNSTATE_blocked));
COUNT(offline_ns, runstate_sum(RUNSTATE_offline));

static struct attribute *stat_attrs[] = {
	&bus_attr_hypercalls.attr,
	&bus_attr_notifications.attr,
	&bus_attr_upcalls.attr,
	&bus_attr_events.attr,
	&bus_attr_events_held.attr,
	&bus_attr_grants.attr,
	&bus_attr_grants_ended.attr,
	&bus_attr_grants_busy.attr,
	&bus_attr_xenstore_requests.attr,
	&bus_attr_xenstore_events.attr,
	&bus_attr_refused.attr,
	&bus_attr_running_ns.attr,
	&bus_attr_stolen_ns.attr,
	&bus_attr_blocked_ns.attr,
	&bus_attr_offline_ns.attr,
	NULL
};

static const struct attribute_group stat_group = {
	.name = "stats",
	.attrs = stat_attrs,
};

XNL_BUS_SHOW(xen_version_show, buf)
{
	return sysfs_emit(buf, "%u.%u\n", xnl_hv.major, xnl_hv.minor);
}
static BUS_ATTR_RO(xen_version);

XNL_BUS_SHOW(event_abi_show, buf)
{
	return sysfs_emit(buf, "%s\n", xnl_guest.evtchn.ops->name);
}
static BUS_ATTR_RO(event_abi);

COUNT(spurious_events, READ_ONCE(xnl_guest.evtchn.spurious));
COUNT(grant_refs, READ_ONCE(xnl_guest.gnttab.nr_refs));
COUNT(grant_refs_deferred, READ_ONCE(xnl_guest.gnttab.nr_deferred));

static struct attribute *info_attrs[] = {
	&bus_attr_xen_version.attr,
	&bus_attr_event_abi.attr,
	&bus_attr_spurious_events.attr,
	&bus_attr_grant_refs.attr,
	&bus_attr_grant_refs_deferred.attr,
	NULL
};

static const struct attribute_group info_group = {
	.name = "info",
	.attrs = info_attrs,
};

const struct attribute_group *xnl_bus_groups[] = {
	&stat_group,
	&info_group,
	NULL
};
