// SPDX-License-Identifier: MIT
/*
 * A simulated Xen: guests, the hypercalls that need no file of their own, and
 * faults on demand. Called by the core through xn_hypercall_raw(), by tests
 * through host.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

struct host_guest *host_guests;

static __thread struct host_guest *current;
static __thread unsigned int current_vcpu;
static domid_t next_domid = 1;

static struct {
	struct {
		unsigned int left;	/* calls until the fault; 0: none */
		int err;
	} of[HOST_FAULT_COUNT];
	unsigned int nr, cmd;
	bool done;
} fault;

/* ---- exclusion, for tests with threads ---- */

static pthread_mutex_t big_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void host_lock(void)
{
	pthread_mutex_lock(&big_lock);
}

void host_unlock(void)
{
	pthread_mutex_unlock(&big_lock);
}

/* ---- faults ---- */

void host_fail(enum host_fault what, unsigned int nth, int err)
{
	fault.of[what].left = nth;
	fault.of[what].err = err;
	fault.done = false;
}

void host_fail_hypercall(unsigned int nth, int err)
{
	host_fail(HOST_FAULT_HYPERCALL, nth, err);
}

void host_fail_page(unsigned int nth)
{
	host_fail(HOST_FAULT_PAGE, nth, 0);
}

bool host_fault_done(void)
{
	return fault.done;
}

void host_fault_which(unsigned int *nr, unsigned int *cmd)
{
	*nr = fault.nr;
	*cmd = fault.cmd;
}

bool host_fault_due(enum host_fault what, unsigned int nr, unsigned int cmd,
		    int *err)
{
	if (!fault.of[what].left || --fault.of[what].left)
		return false;
	fault.done = true;
	fault.nr = nr;
	fault.cmd = cmd;
	if (err)
		*err = fault.of[what].err;
	return true;
}

static host_liar_fn liar;

void host_set_liar(host_liar_fn fn)
{
	liar = fn;
}

/* ---- hypercalls ---- */

static long hvm_op(struct host_guest *g, unsigned int cmd, void *arg)
{
	struct xen_hvm_evtchn_upcall_vector *vec = arg;
	struct xen_hvm_get_mem_type *type = arg;
	struct xen_hvm_param *p = arg;

	switch (cmd) {
	case HVMOP_get_param:
	case HVMOP_set_param:
		if (p->domid != DOMID_SELF || p->index >= HVM_NR_PARAMS)
			return -EINVAL;
		if (cmd == HVMOP_get_param)
			p->value = g->param[p->index];
		else if (p->index == HVM_PARAM_CALLBACK_IRQ ||
			 p->index == HVM_PARAM_STORE_EVTCHN ||
			 p->index == HVM_PARAM_CONSOLE_EVTCHN)
			g->param[p->index] = p->value;
		else
			return -EPERM;
		return 0;
	case HVMOP_get_mem_type:
		type->mem_type = host_ram(g, type->pfn) ||
				 host_kept(g, type->pfn) ?
				 HVMMEM_ram_rw : HVMMEM_mmio_dm;
		return type->domid == DOMID_SELF ? 0 : -EPERM;
	case HVMOP_set_evtchn_upcall_vector:
		if (vec->vector < 0x10)
			return -EINVAL;
		if (vec->vcpu >= g->cfg.nr_vcpus)
			return -ENOENT;
		g->vcpu[vec->vcpu].vector = vec->vector;
		g->vcpu[vec->vcpu].irq = true;
		return 0;
	default:
		return -ENOSYS;
	}
}

static long xen_version(unsigned int cmd)
{
	return cmd == XENVER_version ? 4 << 16 | 17 : -ENOSYS;
}

static long sched_op(unsigned int cmd)
{
	return cmd == SCHEDOP_yield ? 0 : -ENOSYS;
}

long xn_hypercall_raw(unsigned int nr, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct host_guest *g = current;
	long ret;
	int err;

	(void)a4;
	(void)a5;
	if (!g)
		host_bug("hypercall %u outside any guest", nr);
	host_lock();
	if (host_fault_due(HOST_FAULT_HYPERCALL, nr, a1, &err))
		ret = err;
	else if (nr == __HYPERVISOR_memory_op)
		ret = host_memory_op(g, a1, (void *)a2);
	else if (nr == __HYPERVISOR_event_channel_op)
		ret = host_evtchn_op(g, a1, (void *)a2);
	else if (nr == __HYPERVISOR_grant_table_op)
		ret = host_gnttab_op(g, a1, (void *)a2, a3);
	else if (nr == __HYPERVISOR_hvm_op)
		ret = hvm_op(g, a1, (void *)a2);
	else if (nr == __HYPERVISOR_vcpu_op)
		ret = host_vcpu_op(g, a1, a2, (void *)a3);
	else if (nr == __HYPERVISOR_vm_assist)
		ret = host_vm_assist(g, a1, a2);
	else if (nr == __HYPERVISOR_xen_version)
		ret = xen_version(a1);
	else if (nr == __HYPERVISOR_sched_op)
		ret = sched_op(a1);
	else
		ret = -ENOSYS;
	if (liar)
		liar(nr, a1, (void *)a2, a3, &ret);
	host_unlock();
	return ret;
}

/* ---- guests ---- */

void host_toolstack_build(struct host_guest *g)
{
	struct grant_entry_v1 *entry = host_grant_frame(g, 0);
	xen_pfn_t page = HOST_SPECIAL_GFN + g->special_first;
	evtchn_port_t port;

	g->store_port = host_evtchn_toolstack(g, &port);
	g->param[HVM_PARAM_STORE_PFN] = page;
	g->param[HVM_PARAM_STORE_EVTCHN] = port;
	entry[GNTTAB_RESERVED_XENSTORE].frame = page;
	entry[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;

	g->console_port = host_evtchn_toolstack(g, &port);
	g->param[HVM_PARAM_CONSOLE_PFN] = page + 1;
	g->param[HVM_PARAM_CONSOLE_EVTCHN] = port;
	entry[GNTTAB_RESERVED_CONSOLE].frame = page + 1;
	entry[GNTTAB_RESERVED_CONSOLE].flags = GTF_permit_access;
}

domid_t host_next_domid(void)
{
	return next_domid++;
}

struct host_guest *host_guest_create(const struct host_config *cfg)
{
	struct host_guest *g = calloc(1, sizeof(*g));

	if (!g)
		host_bug("out of memory");
	if (cfg)
		g->cfg = *cfg;
	if (!g->cfg.nr_vcpus)
		g->cfg.nr_vcpus = 1;
	if (!g->cfg.ram_pages)
		g->cfg.ram_pages = 4096;
	if (!g->cfg.max_pages)
		g->cfg.max_pages = g->cfg.ram_pages;
	if (!g->cfg.max_grant_frames)
		g->cfg.max_grant_frames = 64;
	if (!g->cfg.gnttab_version)
		g->cfg.gnttab_version = 1;
	if (!g->cfg.gnttab_max_version)
		g->cfg.gnttab_max_version = 2;
	if (!g->cfg.gnttab_wanted)
		g->cfg.gnttab_wanted = 1;
	if (!g->cfg.max_maps)
		g->cfg.max_maps = 1024;
	if (!g->cfg.tsc_khz)
		g->cfg.tsc_khz = 2500000;
	if (g->cfg.nr_vcpus > HOST_MAX_VCPUS)
		host_bug("too many vCPUs");
	g->domid = host_next_domid();
	host_memory_init(g);
	host_evtchn_init(g);
	host_gnttab_init(g);
	host_time_init(g);
	host_toolstack_build(g);
	g->next = host_guests;
	host_guests = g;
	host_guest_enter(g, 0);
	if (g->cfg.gnttab_version == 2) {
		struct gnttab_set_version v2 = { .version = 2 };

		host_gnttab_op(g, GNTTABOP_set_version, &v2, 1);
	}
	return g;
}

void host_guest_destroy(struct host_guest *g)
{
	struct host_guest **p;

	for (p = &host_guests; *p != g; p = &(*p)->next)
		;
	*p = g->next;
	if (current == g)
		current = NULL;
	while (g->steps) {
		struct host_step *s = g->steps;

		g->steps = s->next;
		free(s);
	}
	host_work_forget(g);
	host_evtchn_fini(g);
	host_gnttab_fini(g);
	host_memory_fini(g);
	free(g);
}

void host_reset(void)
{
	if (host_guests)
		host_bug("reset while there is a guest");
	next_domid = 1;
	memset(&fault, 0, sizeof(fault));
	liar = NULL;
	host_clock_reset();
	host_log_reset();
}

void host_guest_enter(struct host_guest *g, unsigned int vcpu)
{
	current = g;
	current_vcpu = vcpu;
}

struct host_guest *host_guest_current(void)
{
	return current;
}

struct host_guest *host_guest_find(domid_t domid)
{
	struct host_guest *g;

	for (g = host_guests; g && g->domid != domid; g = g->next)
		;
	return g;
}

domid_t host_guest_domid(const struct host_guest *g)
{
	return g->domid;
}

unsigned int xn_os_cpu_count(void)
{
	return current->cfg.nr_vcpus;
}

unsigned int host_cpu(void)
{
	return current_vcpu;
}

unsigned int host_guest_leaks(struct host_guest *g)
{
	return host_memory_leaks(g) + host_evtchn_leaks(g) +
	       host_gnttab_leaks(g) + host_time_leaks(g) + host_work_leaks(g);
}

void host_add_step(struct host_guest *g, bool (*step)(void *data), void *data)
{
	struct host_step *s = calloc(1, sizeof(*s));

	s->step = step;
	s->data = data;
	s->next = g->steps;
	g->steps = s;
}

void *host_store_page(struct host_guest *g)
{
	return host_special(g, g->special_first);
}

struct host_port *host_store_port(struct host_guest *g)
{
	return g->store_port;
}

void *host_console_page(struct host_guest *g)
{
	return host_special(g, g->special_first + 1);
}

struct host_port *host_console_port(struct host_guest *g)
{
	return g->console_port;
}
