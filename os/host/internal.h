/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated Xen share. Tests that play a hostile host
 * may look in here; others use host.h.
 */
#ifndef XENION_HOST_INTERNAL_H
#define XENION_HOST_INTERNAL_H

#include "host.h"

/* gcc defines __SANITIZE_ADDRESS__, clang has a feature test. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)		((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n)	((void)(p), (void)(n))
#endif

#define HOST_MAX_VCPUS		(XN_MAX_VCPUS + 1)
#define HOST_RAM_GFN		0x100u
#define HOST_HOLE_GFN		0xf0000u
#define HOST_HOLE_PAGES		1024u
#define HOST_SPECIAL_GFN	0xfeff8u	/* xenstore, console */
#define HOST_NR_SPECIAL		4u	/* two, and two others after a restore */
#define HOST_KEPT_GFN		0xfeff0u	/* they outlast a kernel */
#define HOST_NR_KEPT		XN_KEPT_PAGES
#define HOST_ARRAY_PAGES	(EVTCHN_FIFO_NR_CHANNELS / HOST_ARRAY_WORDS)
#define HOST_ARRAY_WORDS	(XN_PAGE_SIZE / sizeof(event_word_t))
#define HOST_NR_REFS(frames)	((frames) * (XN_PAGE_SIZE / \
					     sizeof(struct grant_entry_v1)))
#define HOST_NR_REFS_V2(frames)	((frames) * (XN_PAGE_SIZE / \
					     sizeof(union grant_entry_v2)))
#define HOST_NR_STATUS(frames)	(((frames) + 7) / 8)	/* version 2 */
#define HOST_FRAME_NONE		(-1)	/* nothing in that frame of the hole */
#define HOST_FRAME_GRANTED	(-2)	/* a page that was granted */

/* One port of the guest. */
struct host_chan {
	uint32_t state;			/* EVTCHNSTAT_* */
	uint32_t vcpu;
	domid_t remote;
	uint32_t virq;
	struct host_port *peer;
	bool toolstack;
	bool pending;			/* no event word yet */
	uint8_t priority;
	uint8_t last_priority;
	uint8_t last_vcpu;
};

/* A port of another domain. */
struct host_port {
	struct host_guest *guest;
	evtchn_port_t number;
	evtchn_port_t guest_end;
	host_port_fn fn;
	void *data;
	bool pending;
	bool closed;
	struct host_port *next;
};

struct host_vcpu {
	bool irq;			/* the vector is raised */
	uint8_t vector;
	struct vcpu_info *info;		/* NULL: Xen's dummy */
	xen_pfn_t info_gfn;		/* if it was registered */
	xen_pfn_t control_gfn;
	struct evtchn_fifo_control_block *control;
	evtchn_port_t tail[EVTCHN_FIFO_MAX_QUEUES];
	int64_t tsc_skew;
	bool tsc_unstable;
	uint64_t singleshot;		/* when it is due, or UINT64_MAX */
	uint64_t tick, period;		/* the same for the periodic timer */
	struct vcpu_runstate_info runstate;
	struct vcpu_runstate_info *runstate_area;
};

/* What may be done by a grant. */
struct host_access {
	struct host_guest *owner;
	xen_pfn_t gfn;			/* of the owner's */
	unsigned int offset, len;	/* in that page */
	bool sub;			/* part of a page: must not be mapped */
	/* Of the owner, if the page is not the granter's own. */
	grant_ref_t owner_ref;
};

/* Uses of one granted page by others. */
struct host_pin {
	uint32_t readers, writers;
	domid_t domid;
	struct host_access access;
};

/* What a guest mapped: the handle is the index. */
struct host_map {
	struct host_guest *granter;	/* NULL: free */
	grant_ref_t ref;
	xen_pfn_t gfn;			/* where */
	bool write;
};

struct host_step {
	bool (*step)(void *data);
	void *data;
	struct host_step *next;
};

struct host_guest {
	domid_t domid;
	struct host_config cfg;
	struct host_guest *next;

	/* memory.c */
	uint8_t *ram;
	uint8_t *page_used;		/* per page of RAM */
	uint8_t *page_gone;		/* per page: Xen has its memory */
	unsigned int nr_gone;
	unsigned int free_pages;	/* that Xen has left to give */
	unsigned int per_call;		/* extents that one hypercall serves */
	long lie;			/* its result; 0: the truth */
	uint32_t *page_queue;		/* free ones, first in first out */
	unsigned int queue_head, queue_len;
	unsigned int nr_pages;		/* allocated now */
	int ram_fd;
	int xen_fd;			/* Xen's frames: shared info, grants */
	uint8_t *xen;			/* Xen's own view of them */
	unsigned int nr_xen;
	uint8_t *hole;			/* the guest's view */
	uint8_t hole_used[HOST_HOLE_PAGES];
	uint8_t hole_mapped[HOST_HOLE_PAGES];
	/* Xen's frame there, or HOST_FRAME_* */
	int hole_frame[HOST_HOLE_PAGES];
	unsigned int special_mapped;
	unsigned int special_first;	/* the pair in use */
	bool kept[HOST_NR_KEPT];	/* populated */

	/* evtchn.c */
	struct shared_info *shared;
	struct host_vcpu vcpu[HOST_MAX_VCPUS];
	struct host_chan *chan;
	evtchn_port_t first_port;
	evtchn_port_t top_port;		/* no higher one was ever used */
	evtchn_port_t next_remote;
	bool fifo;
	xen_pfn_t array_gfn[HOST_ARRAY_PAGES];
	event_word_t *array[HOST_ARRAY_PAGES];
	unsigned int nr_array;
	struct host_port *ports;
	void (*upcall)(void *data, unsigned int vcpu);
	void *upcall_data;

	/* gnttab.c */
	unsigned int gnttab_version;
	unsigned int nr_grant_frames, nr_status_frames;
	struct host_pin *pins;
	unsigned int nr_pinned;		/* of these, with readers */
	struct host_map *maps;

	/* time.c */
	void (*tsc_hook)(void *data);
	void *tsc_data;
	uint64_t assists;		/* 1 << VMASST_TYPE_* */

	/* hypervisor.c */
	uint64_t param[HVM_NR_PARAMS];
	struct host_step *steps;
	struct host_port *store_port, *console_port;
};

extern struct host_guest *host_guests;

/* Serialises hypercalls, for tests with threads. Recursive. */
void host_lock(void);
void host_unlock(void);

/* The guest broke a rule: say which, and end the program. */
_Noreturn void host_bug(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* hypervisor.c */
void host_toolstack_build(struct host_guest *g);
domid_t host_next_domid(void);
struct host_guest *host_guest_find(domid_t domid);
/* Must this call fail? @nr and @cmd are for host_fault_which(). */
bool host_fault_due(enum host_fault what, unsigned int nr, unsigned int cmd,
		    int *err);
unsigned int host_cpu(void);

/* mappings.c: true: these are of a guest that has ended, its RAM poisoned */
bool host_mappings_get(struct host_guest *g);
void host_mappings_put(struct host_guest *g);

/* memory.c */
void host_memory_init(struct host_guest *g);
void host_memory_fini(struct host_guest *g);
unsigned int host_memory_leaks(struct host_guest *g);
long host_memory_op(struct host_guest *g, unsigned int cmd, void *arg);
void *host_ram(struct host_guest *g, xen_pfn_t gfn);
void *host_special(struct host_guest *g, unsigned int i);
/* A page of the kept frames; NULL: it was not populated. */
void *host_kept(struct host_guest *g, xen_pfn_t gfn);
void *host_grant_frame(struct host_guest *g, unsigned int i);
void *host_status_frame(struct host_guest *g, unsigned int i);
void host_hole_drop_status(struct host_guest *g);
/* Nothing is mapped in the hole any more. */
void host_hole_empty(struct host_guest *g);
bool host_hole_map(struct host_guest *g, xen_pfn_t gfn,
		   const struct host_access *page, bool write);
void host_hole_unmap(struct host_guest *g, xen_pfn_t gfn);

/* evtchn.c */
void host_evtchn_init(struct host_guest *g);
void host_evtchn_fini(struct host_guest *g);
unsigned int host_evtchn_leaks(struct host_guest *g);
bool host_evtchn_uses(struct host_guest *g, xen_pfn_t gfn);
long host_evtchn_op(struct host_guest *g, unsigned int cmd, void *arg);
/* As in a domain that was just built; the other ends lead nowhere. */
void host_evtchn_restore(struct host_guest *g);
void host_evtchn_raise(struct host_guest *g, unsigned int vcpu);
bool host_evtchn_pump(struct host_guest *g);
struct host_port *host_evtchn_toolstack(struct host_guest *g,
					evtchn_port_t *port);
event_word_t *host_event_word(struct host_guest *g, evtchn_port_t port);

/* gnttab.c */
void host_gnttab_init(struct host_guest *g);
void host_gnttab_fini(struct host_guest *g);
unsigned int host_gnttab_leaks(struct host_guest *g);
bool host_gnttab_uses(struct host_guest *g, xen_pfn_t gfn);
int host_gnttab_grow(struct host_guest *g, unsigned int frames);
int host_gnttab_grow_status(struct host_guest *g, unsigned int frames);
unsigned int host_gnttab_refs(const struct host_guest *g);
/* Returns: GNTST_*; undone by host_gnttab_unpin(). */
int16_t host_gnttab_pin(struct host_guest *g, domid_t dom, grant_ref_t ref,
			bool write, bool map, struct host_access *access);
void host_gnttab_unpin(struct host_guest *g, grant_ref_t ref, bool write);
void host_gnttab_restore(struct host_guest *g);

/* gnttab_op.c */
long host_gnttab_op(struct host_guest *g, unsigned int cmd, void *arg,
		    unsigned int count);
unsigned int host_gnttab_maps(const struct host_guest *g);
/* Undo what the guest has mapped of others. */
void host_gnttab_maps_drop(struct host_guest *g);

/* time.c */
void host_time_init(struct host_guest *g);
unsigned int host_time_leaks(const struct host_guest *g);
bool host_time_uses(const struct host_guest *g, const void *page);
uint64_t host_time_next(void);
void host_runstate_show(const struct host_guest *g, unsigned int vcpu);
bool host_time_pump(struct host_guest *g);
long host_vcpu_op(struct host_guest *g, unsigned int cmd, unsigned int vcpu,
		  void *arg);
long host_vm_assist(struct host_guest *g, unsigned int cmd, unsigned int type);

/* os.c */
/* Ends the program where only raw locks may be taken. */
void host_not_raw(const char *what);
void host_clock_reset(void);
unsigned int host_work_leaks(struct host_guest *g);
bool host_work_run_due(void);
void host_work_forget(struct host_guest *g);

#endif /* XENION_HOST_INTERNAL_H */
