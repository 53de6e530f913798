/* SPDX-License-Identifier: MIT */
/*
 * A simulated Xen in a plain process, for tests.
 *
 * It is deterministic: one thread, virtual time, and nothing happens except in
 * hypercalls and in host_pump(), host_run() or an xn_wait() of the core. The
 * guest's side calls <xenion/os.h> and xn_hypercall_raw(), for the guest that
 * was entered last (host_guest_enter()). The functions below do what other
 * domains do. They act for domain 0, unless they take a domain.
 *
 *   memory.c      the guest's frames, and what os.h says about memory
 *   mappings.c    the address space for them
 *   evtchn.c      event channels, 2-level and FIFO
 *   gnttab.c      grant tables, both versions, and the backend's use of them
 *   gnttab_op.c   the guest's operations: versions, other guests' grants
 *   time.c        the time that Xen reports to a guest, and timers
 *   hypervisor.c  guests, hypercalls, faults on demand
 *   os.c          the rest of os.h: locks, time, work, the log
 *   restore.c     a guest that goes on in a new domain
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
	unsigned int gnttab_version;	/* as a previous user left it; 0: 1 */
	unsigned int gnttab_max_version;	/* 0: 2 */
	unsigned int gnttab_wanted;	/* for xn_gnttab_init(); 0: 1 */
	unsigned int max_maps;		/* of others' grants; 0: 1024 */
	bool maps_own;			/* may map its own, as a PV guest may */
	bool no_fifo;			/* Xen knows the 2-level ABI only */
	unsigned int tsc_khz;		/* 0: 2500000 */
	bool etime;			/* Xen returns -ETIME, as before 4.17 */
	bool no_assists;		/* no runstate marks, as before 4.9 */
	bool raw_upcalls;		/* the kernel's: see host_raw() */
};

/* A new guest (@cfg may be NULL), which is entered on vCPU 0. */
struct host_guest *host_guest_create(const struct host_config *cfg);
void host_guest_destroy(struct host_guest *g);

/* The calling thread is this vCPU of this guest from now on. */
void host_guest_enter(struct host_guest *g, unsigned int vcpu);
struct host_guest *host_guest_current(void);
domid_t host_guest_domid(const struct host_guest *g);

/*
 * The guest is saved and restored, as by xl save and xl restore: it finds itself
 * in a new domain, with another number. Its RAM and its kept pages are as they
 * were; ports, grants, frames, timers and what others mapped are gone, and the
 * toolstack's pages and ports are new. The other ends of the guest's ports are
 * closed; a backend forgets what it has mapped (be_bus.h).
 */
void host_guest_restore(struct host_guest *g);

/*
 * Reset all to the program's start: the time, the next domain's number, the
 * log, faults and the liar. There must be no guest.
 */
void host_reset(void);

/* Set the function that is called for an upcall, instead of a vector. */
void host_guest_set_upcall(struct host_guest *g,
			   void (*fn)(void *data, unsigned int vcpu),
			   void *data);

/*
 * What the guest has not given back: pages, mappings, hole frames, ports that
 * the toolstack did not make, grants, timers, queued work. All are reported on
 * stderr. Returns: how many.
 */
unsigned int host_guest_leaks(struct host_guest *g);

/*
 * Is the calling thread in raw context from now on, like the interrupts of a
 * kernel whose xn_lock sleeps? Then what is not allowed there ends the program,
 * as it always does under a raw lock. Returns what was before.
 */
bool host_raw(bool on);

/* In between, as in an upcall and under a lock, the thread must not sleep. */
unsigned long host_upcalls_disable(void);
void host_upcalls_restore(unsigned long flags);

/* ---- time and progress ---- */

/* Run upcalls, notified backends, steps and due work until nothing is left. */
void host_pump(void);

/* As host_pump(), then let that much time pass, and run work as it is due. */
void host_run(uint64_t ns);

/* @step is called in each round of host_pump(); true: it did something. */
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
 * The @nth of these from now on fails; 0: none does. @err is the hypercall's
 * result, the operation's GNTST_*, or the request's error (0: no answer).
 */
void host_fail(enum host_fault what, unsigned int nth, int err);
void host_fail_hypercall(unsigned int nth, int err);
void host_fail_page(unsigned int nth);
/* Has the fault that was asked for come? */
bool host_fault_done(void);
/* Where the last fault was: hypercall and command, or XS_* and 0. */
void host_fault_which(unsigned int *nr, unsigned int *cmd);

/*
 * The liar is called after each hypercall, with its arguments and its result,
 * and may change both. NULL: there is none.
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

/* A guest in which the rooms below xenbus run, with upcalls. */
struct host_xenion {
	struct host_guest *host;
	struct xn_vcpus vcpus;
	struct xn_guest guest;
	bool restored, mapped, events;	/* as far as host_xenion_resume() got */
};

/*
 * Create a guest (@cfg may be NULL), map shared info, start the events (@ops as
 * for xn_evtchn_init()) and the grant table. Returns: 0 or a negative errno
 * value. On error all is undone, except x->host, for host_xenion_stop().
 */
int host_xenion_start(struct host_xenion *x, const struct host_config *cfg,
		      const struct xn_evtchn_ops *ops);

/* The same in an existing guest, like a module that is loaded again. */
int host_xenion_load(struct host_xenion *x, const struct xn_evtchn_ops *ops);
/* Returns: as xn_gnttab_fini(). */
unsigned int host_xenion_unload(struct host_xenion *x);

/* Prepare for a suspend, as an OS layer does. Returns: 0 or a negative errno value. */
int host_xenion_suspend(struct host_xenion *x);
/*
 * After it: in a new domain, if host_guest_restore() was called meanwhile, or in
 * the same one. Returns: 0 or a negative errno value; then it may be called again.
 */
int host_xenion_resume(struct host_xenion *x);

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

/* New ports get the lowest free number that is at least @first. */
void host_port_first(struct host_guest *g, evtchn_port_t first);
/* Ports that are open, the toolstack's two included. */
unsigned int host_ports_open(const struct host_guest *g);

/* ---- what the toolstack made ---- */

void *host_store_page(struct host_guest *g);
struct host_port *host_store_port(struct host_guest *g);
void *host_console_page(struct host_guest *g);
struct host_port *host_console_port(struct host_guest *g);

/* ---- the time that Xen reports ---- */

/* Xen updates a vCPU's time and counter. */
void host_time_update(struct host_guest *g, unsigned int vcpu);
/* From now on Xen reports that all counters are the same, or are not. */
void host_tsc_stable(struct host_guest *g, unsigned int vcpu, bool stable);
/* A vCPU's counter is @cycles ahead of the value that Xen reports. */
void host_tsc_skew(struct host_guest *g, unsigned int vcpu, int64_t cycles);
/* @fn is called whenever the guest reads a counter; NULL: none is. */
void host_tsc_hook(struct host_guest *g, void (*fn)(void *data), void *data);
/* The time of day when system time was 0; at first a billion seconds. */
void host_wallclock_set(struct host_guest *g, uint64_t sec, uint32_t nsec);
/* From now on a vCPU is in this state (RUNSTATE_*). At first it runs. */
void host_runstate_set(struct host_guest *g, unsigned int vcpu, int state);

/* ---- memory that comes and goes ---- */

/*
 * Set how many pages Xen has left to give, and how many extents a hypercall
 * that changes the reservation serves; neither has a limit at first.
 */
void host_memory_quota(struct host_guest *g, unsigned int free_pages,
		       unsigned int per_call);
/* Set what such hypercalls return, whatever they did; 0: the truth again. */
void host_memory_lie(struct host_guest *g, long answer);
/* How many pages have no memory. */
unsigned int host_pages_gone(const struct host_guest *g);

/* ---- grants, the other end ---- */

/*
 * Map a page that the guest granted to @dom. NULL if Xen would refuse: there is
 * no such grant, or it is for another domain or read-only. Sets GTF_reading and
 * GTF_writing as Xen does. Undo with host_gnttab_unmap().
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
/* How many entries are in use, without the toolstack's two. */
unsigned int host_gnttab_active(const struct host_guest *g);

#endif /* XENION_HOST_H */
