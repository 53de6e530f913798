/* SPDX-License-Identifier: MIT */
/*
 * A simulated Xen in a plain process, for tests.
 *
 * It is deterministic: one thread, virtual time, nothing happens but in
 * hypercalls and in host_pump(), host_run() or an xn_wait() of the core. What
 * the guest side asks goes through <xenion/os.h> and xn_hypercall_raw() and
 * belongs to the guest that was entered last (host_guest_enter()). What other
 * domains do is done by the functions below. They all act for domain 0, unless
 * they take a domain.
 *
 *   memory.c      the guest's frames, and what os.h says about memory
 *   mappings.c    where they are
 *   evtchn.c      event channels, 2-level and FIFO
 *   gnttab.c      grant tables, both versions, and the backend's use of them
 *   gnttab_op.c   the guest's operations: versions, other guests' grants
 *   time.c        what a guest is told of the time
 *   hypervisor.c  guests, hypercalls, faults on demand
 *   os.c          the rest of os.h: locks, time, work, the log
 *   guest.c       the core's rooms brought up in a guest, as a kernel does it
 *
 * Errors are Xen's: negative -EXEN numbers, which are those of Linux.
 */
#ifndef XENION_HOST_H
#define XENION_HOST_H

#include <xenion/guest.h>
#include <xenion/time.h>

/* ---- guests ---- */

struct host_guest;

struct host_config {
	unsigned int nr_vcpus;		/* 0: one */
	unsigned int ram_pages;		/* 0: 4096 */
	unsigned int max_pages;		/* reservation, 0: @ram_pages */
	unsigned int max_grant_frames;	/* 0: 64 */
	unsigned int gnttab_version;	/* as a user before left it; 0: 1 */
	unsigned int gnttab_max_version;	/* 0: 2 */
	unsigned int gnttab_wanted;	/* for xn_gnttab_init(); 0: 1 */
	unsigned int max_maps;		/* of others' grants; 0: 1024 */
	bool maps_own;			/* and its own, as a PV guest may */
	bool no_fifo;			/* Xen knows the 2-level ABI only */
	unsigned int tsc_khz;		/* 0: 2500000 */
	bool etime;			/* Xen answers so, as before 4.17 */
	bool no_assists;		/* nor runstate marks: before 4.9 */
};

/* A new guest (@cfg may be NULL), which is entered on vCPU 0. */
struct host_guest *host_guest_create(const struct host_config *cfg);
void host_guest_destroy(struct host_guest *g);

/* The calling thread is this vCPU of this guest from now on. */
void host_guest_enter(struct host_guest *g, unsigned int vcpu);
struct host_guest *host_guest_current(void);
domid_t host_guest_domid(const struct host_guest *g);

/*
 * All is as when the program began: the time, the next domain's number, the
 * log, no faults, no liar. There is no guest now.
 */
void host_reset(void);

/* What is called for an upcall, in place of an interrupt vector. */
void host_guest_set_upcall(struct host_guest *g,
			   void (*fn)(void *data, unsigned int vcpu),
			   void *data);

/*
 * What the guest has not given back: pages, mappings, hole frames, ports that
 * the toolstack did not make, grants, timers, queued work. Each is told on stderr.
 * Returns: how many.
 */
unsigned int host_guest_leaks(struct host_guest *g);

/* ---- time and progress ---- */

/* Upcalls, notified backends, step functions and due work, until all is quiet. */
void host_pump(void);

/* As host_pump(), then let that much time pass, with the work that falls due. */
void host_run(uint64_t ns);

/* Called in each round of host_pump(); true: has done something, go on. */
void host_add_step(struct host_guest *g, bool (*step)(void *data), void *data);

/* ---- faults and figures ---- */

/* What can be made to fail. */
enum host_fault {
	HOST_FAULT_HYPERCALL,	/* a hypercall, which is not done */
	HOST_FAULT_PAGE,	/* xn_os_page_alloc() or xn_os_map(): NULL */
	HOST_FAULT_HOLE,	/* xn_os_hole_get(): -ENOSPC */
	HOST_FAULT_GRANT,	/* one operation of a GNTTABOP_* on others' grants */
	HOST_FAULT_STORE,	/* a xenstore request, which is not done */
	HOST_FAULT_COUNT
};

/*
 * The @nth of these from now on fails; 0: none. @err is the hypercall's answer,
 * the operation's GNTST_* or the request's error (then 0: it gets no answer).
 */
void host_fail(enum host_fault what, unsigned int nth, int err);
void host_fail_hypercall(unsigned int nth, int err);
void host_fail_page(unsigned int nth);
/* Has the fault that was asked for come? */
bool host_fault_done(void);
/* Of the last one: the hypercall and its command, or XS_* and 0. */
void host_fault_which(unsigned int *nr, unsigned int *cmd);

/*
 * Called after each hypercall, with its arguments and what it is to return,
 * both of which it may change; NULL: nobody.
 */
typedef void (*host_liar_fn)(unsigned int nr, unsigned int cmd, void *arg,
			     unsigned int count, long *ret);
void host_set_liar(host_liar_fn fn);

uint64_t host_stat_get(enum xn_stat stat);
unsigned int host_pages(const struct host_guest *g);

/* Lines logged at that level since host_log_reset(), and the last of them. */
unsigned int host_log_count(enum xn_log_level level);
const char *host_log_last(void);
void host_log_reset(void);

/* ---- the core in a guest ---- */

/* A guest with the rooms below xenbus at work, upcalls and all. */
struct host_xenion {
	struct host_guest *host;
	struct xn_vcpus vcpus;
	struct xn_guest guest;
};

/*
 * Create a guest (@cfg may be NULL), map shared info, start the events (@ops as
 * for xn_evtchn_init()) and the grant table. 0, or a negative errno value: then
 * all that was set up is undone, but x->host is left for host_xenion_stop().
 */
int host_xenion_start(struct host_xenion *x, const struct host_config *cfg,
		      const struct xn_evtchn_ops *ops);

/* All that again in a guest that is there: as a module that is loaded again. */
int host_xenion_load(struct host_xenion *x, const struct xn_evtchn_ops *ops);
/* Returns: what xn_gnttab_fini() does. */
unsigned int host_xenion_unload(struct host_xenion *x);

/* Unload and destroy the guest. Returns: host_guest_leaks() before that. */
unsigned int host_xenion_stop(struct host_xenion *x);

/* ---- event channels, the other end ---- */

struct host_port;

/* The guest has notified @p. May do anything that this file offers. */
typedef void (*host_port_fn)(void *data, struct host_port *p);

/* An unbound port that the guest may bind to, by host_port_number(). */
struct host_port *host_port_offer(struct host_guest *g, host_port_fn fn,
				  void *data);
/* Bind to a port that the guest has left unbound; NULL: there is none. */
struct host_port *host_port_connect(struct host_guest *g, evtchn_port_t port,
				    host_port_fn fn, void *data);
void host_port_set_handler(struct host_port *p, host_port_fn fn, void *data);
evtchn_port_t host_port_number(const struct host_port *p);
/* The guest's end, 0: not connected. */
evtchn_port_t host_port_guest_end(const struct host_port *p);
void host_port_notify(struct host_port *p);
void host_port_close(struct host_port *p);

void host_virq(struct host_guest *g, unsigned int virq, unsigned int vcpu);

/* New ports get numbers from here on (except this, the lowest free one). */
void host_port_first(struct host_guest *g, evtchn_port_t first);
/* Ports that are open, the toolstack's two included. */
unsigned int host_ports_open(const struct host_guest *g);

/* ---- what the toolstack made ---- */

void *host_store_page(struct host_guest *g);
struct host_port *host_store_port(struct host_guest *g);
void *host_console_page(struct host_guest *g);
struct host_port *host_console_port(struct host_guest *g);

/* ---- the time that the guest is told ---- */

/* Xen tells a vCPU anew where its counter stands. */
void host_time_update(struct host_guest *g, unsigned int vcpu);
/* From now on Xen says that all counters are one, or that they are not. */
void host_tsc_stable(struct host_guest *g, unsigned int vcpu, bool stable);
/* A vCPU's counter is so far ahead of what Xen believes. */
void host_tsc_skew(struct host_guest *g, unsigned int vcpu, int64_t cycles);
/* Called whenever the guest reads a counter; @fn NULL: no more. */
void host_tsc_hook(struct host_guest *g, void (*fn)(void *data), void *data);
/* The time of day when system time was 0; at first a billion seconds. */
void host_wallclock_set(struct host_guest *g, uint64_t sec, uint32_t nsec);
/* A vCPU, which has run so far, is in a state (RUNSTATE_*) from now on. */
void host_runstate_set(struct host_guest *g, unsigned int vcpu, int state);

/* ---- memory that comes and goes ---- */

/*
 * Xen has so many pages left to give, and serves so many extents in one
 * hypercall that changes the reservation; at first as many as there may be.
 */
void host_memory_quota(struct host_guest *g, unsigned int free_pages,
		       unsigned int per_call);
/* What such hypercalls answer, whatever they have done; 0: the truth again. */
void host_memory_lie(struct host_guest *g, long answer);
/* Pages without memory. */
unsigned int host_pages_gone(const struct host_guest *g);

/* ---- grants, the other end ---- */

/*
 * Map a page that the guest granted to @dom. NULL when Xen would refuse: no
 * such grant, for another domain, or read-only. GTF_reading and GTF_writing
 * are kept as Xen keeps them. Undo with host_gnttab_unmap().
 */
void *host_gnttab_map(struct host_guest *g, domid_t dom, grant_ref_t ref,
		      bool write);
void host_gnttab_unmap(struct host_guest *g, grant_ref_t ref, bool write);

/* GNTTABOP_copy to and from a granted page. 0, or -EACCES, -EINVAL. */
int host_gnttab_read(struct host_guest *g, domid_t dom, grant_ref_t ref,
		     unsigned int offset, void *to, unsigned int len);
int host_gnttab_write(struct host_guest *g, domid_t dom, grant_ref_t ref,
		      unsigned int offset, const void *from, unsigned int len);

/* Xen's own view of an entry, for tests that lie; NULL: no such entry. */
struct grant_entry_v1 *host_gnttab_entry(struct host_guest *g,
					 grant_ref_t ref);
union grant_entry_v2 *host_gnttab_entry_v2(struct host_guest *g,
					   grant_ref_t ref);
grant_status_t *host_gnttab_status(struct host_guest *g, grant_ref_t ref);
/* GTF_* of an entry of either version, GTF_reading and GTF_writing included. */
uint16_t host_gnttab_flags(struct host_guest *g, grant_ref_t ref);
unsigned int host_gnttab_version(const struct host_guest *g);
/* Entries in use, the two of the toolstack's not counted. */
unsigned int host_gnttab_active(const struct host_guest *g);

#endif /* XENION_HOST_H */
