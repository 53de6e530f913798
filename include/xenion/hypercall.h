/* SPDX-License-Identifier: MIT */
/*
 * hypercall/: hypercalls by name. Each wrapper is one call; its result is 0 or
 * a positive count, or a negative errno value of this system. Xen's own errno
 * numbers (xen-public/errno.h) are translated here and nowhere else.
 *
 * Arguments live in guest memory that Xen reads by virtual address. Context:
 * raw, unless the operation says otherwise.
 */
#ifndef XENION_HYPERCALL_H
#define XENION_HYPERCALL_H

#include <xenion/decls.h>
#include <xenion/os.h>
#include <xen-public/event_channel.h>
#include <xen-public/hvm/hvm_op.h>
#include <xen-public/hvm/params.h>
#include <xen-public/memory.h>
#include <xen-public/sched.h>
#include <xen-public/vcpu.h>
#include <xen-public/version.h>
#include <xen-public/grant_table.h>

XN_DECLS_BEGIN

/**
 * xn_errno - translate a failed hypercall's result
 * @ret: a negative value, -XEN_Exxx (xen-public/errno.h)
 *
 * Context: any.
 * Return: the -Exxx of this system; -EIO for a number that Xen does not have.
 */
long xn_errno(long ret);

/**
 * xn_gntst_errno - translate one grant operation's status
 * @status: what Xen wrote there, GNTST_* (xen-public/grant_table.h)
 *
 * GNTST_general_error becomes -EACCES: Xen reports nothing more specific when
 * it refuses an access.
 *
 * Context: any.
 * Return: 0 or a negative errno value of this system; -EIO for a number that is
 * no status.
 */
int xn_gntst_errno(int status);

static inline long xn_hypercall(unsigned int nr, unsigned long a1,
				unsigned long a2, unsigned long a3,
				unsigned long a4, unsigned long a5)
{
	long ret;

	xn_stat_inc(XN_STAT_HYPERCALL);
	ret = xn_hypercall_raw(nr, a1, a2, a3, a4, a5);
	return __builtin_expect(ret < 0, 0) ? xn_errno(ret) : ret;
}

static inline long xn_hc_memory(unsigned int cmd, void *arg)
{
	return xn_hypercall(__HYPERVISOR_memory_op, cmd, (unsigned long)arg,
			    0, 0, 0);
}

static inline long xn_hc_evtchn(unsigned int cmd, void *arg)
{
	return xn_hypercall(__HYPERVISOR_event_channel_op, cmd,
			    (unsigned long)arg, 0, 0, 0);
}

static inline long xn_hc_grant_table(unsigned int cmd, void *arg,
				     unsigned int count)
{
	return xn_hypercall(__HYPERVISOR_grant_table_op, cmd,
			    (unsigned long)arg, count, 0, 0);
}

static inline long xn_hc_hvm(unsigned int cmd, void *arg)
{
	return xn_hypercall(__HYPERVISOR_hvm_op, cmd, (unsigned long)arg,
			    0, 0, 0);
}

static inline long xn_hc_vcpu(unsigned int cmd, unsigned int vcpu, void *arg)
{
	return xn_hypercall(__HYPERVISOR_vcpu_op, cmd, vcpu,
			    (unsigned long)arg, 0, 0);
}

static inline long xn_hc_vm_assist(unsigned int cmd, unsigned int type)
{
	return xn_hypercall(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static inline long xn_hc_sched(unsigned int cmd, void *arg)
{
	return xn_hypercall(__HYPERVISOR_sched_op, cmd, (unsigned long)arg,
			    0, 0, 0);
}

static inline long xn_hc_xen_version(unsigned int cmd, void *arg)
{
	return xn_hypercall(__HYPERVISOR_xen_version, cmd, (unsigned long)arg,
			    0, 0, 0);
}

/**
 * xn_hvm_param_get - read one HVM_PARAM_* of this domain
 * @index: HVM_PARAM_* (xen-public/hvm/params.h)
 * @value: where to put it
 *
 * Context: any.
 * Return: 0 or a negative errno value.
 */
static inline int xn_hvm_param_get(unsigned int index, uint64_t *value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };
	long ret = xn_hc_hvm(HVMOP_get_param, &p);

	*value = ret ? 0 : p.value;
	return ret;
}

/**
 * xn_hvm_param_set - write one HVM_PARAM_* of this domain
 * @index: HVM_PARAM_* that a guest may set
 * @value: what to write
 *
 * Context: any.
 * Return: 0 or a negative errno value.
 */
static inline int xn_hvm_param_set(unsigned int index, uint64_t value)
{
	struct xen_hvm_param p = {
		.domid = DOMID_SELF, .index = index, .value = value,
	};

	return xn_hc_hvm(HVMOP_set_param, &p);
}

/**
 * xn_evtchn_give_back - close a port that the table of event channels does not have
 * @port: one of this domain's
 *
 * EVTCHNOP_close. The log says if Xen refuses.
 *
 * Context: any.
 */
void xn_evtchn_give_back(evtchn_port_t port);

/**
 * xn_domid - this domain's number
 * @domid: filled in
 *
 * For the few places where Xen does not take DOMID_SELF: the domain that may
 * access a page (xn_gnttab_grant()), and the domain whose page is mapped
 * (xn_gntmap_map()). Makes a port to the domain itself for a moment, because
 * Xen reports the domain's number for such a port.
 * Returns: 0 or a negative errno value. Context: any.
 */
int xn_domid(domid_t *domid);

XN_DECLS_END

#endif /* XENION_HYPERCALL_H */
