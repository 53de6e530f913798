// SPDX-License-Identifier: MIT
/*
 * The directory of ports: what belongs to each (struct xn_evtchn_port), and the
 * function that is called for its event. The lowest file of this room: the code
 * of an ABI finds an event, and dispatches it here. Nothing here is specified
 * by Xen. Called by all other files of this room.
 */
#include "port.h"

#define PORTS_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct xn_evtchn_port))
#define PAGES_PER_DIR	(XN_PAGE_SIZE / sizeof(void *))

_Static_assert(PORTS_PER_PAGE * PAGES_PER_DIR * XN_EVTCHN_DIR_PAGES >=
	       XN_EVTCHN_MAX_PORTS, "the directory holds all ports");

static void **directory_slot(struct xn_evtchn_table *t, evtchn_port_t port)
{
	unsigned int page = port / PORTS_PER_PAGE;
	void **dir;

	dir = __atomic_load_n(&t->dir[page / PAGES_PER_DIR], __ATOMIC_ACQUIRE);
	return dir ? &dir[page % PAGES_PER_DIR] : NULL;
}

struct xn_evtchn_port *xn_evtchn_port(struct xn_evtchn_table *t,
				      evtchn_port_t port)
{
	struct xn_evtchn_port *page = NULL;
	void **slot;

	if (port >= t->max_ports)
		return NULL;
	slot = directory_slot(t, port);
	if (slot)
		page = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	return page ? page + port % PORTS_PER_PAGE : NULL;
}

int xn_evtchn_fill(struct xn_evtchn_table *t, void **slot)
{
	unsigned long flags;
	void *page;

	if (__atomic_load_n(slot, __ATOMIC_ACQUIRE))
		return 0;
	page = xn_os_page_alloc();
	if (!page)
		return -ENOMEM;
	flags = xn_raw_lock(&t->lock);
	if (!*slot) {
		__atomic_store_n(slot, page, __ATOMIC_RELEASE);
		page = NULL;
	}
	xn_raw_unlock(&t->lock, flags);
	xn_os_page_free(page);
	return 0;
}

int xn_evtchn_table_grow(struct xn_evtchn_table *t, evtchn_port_t port)
{
	unsigned int dir = port / PORTS_PER_PAGE / PAGES_PER_DIR;
	int err = xn_evtchn_fill(t, &t->dir[dir]);

	return err ? err : xn_evtchn_fill(t, directory_slot(t, port));
}

void xn_evtchn_table_free(struct xn_evtchn_table *t)
{
	unsigned int d, i;

	for (d = 0; d < XN_EVTCHN_DIR_PAGES; d++) {
		void **dir = t->dir[d];

		for (i = 0; dir && i < PAGES_PER_DIR; i++)
			xn_os_page_free(dir[i]);
		xn_os_page_free(dir);
		t->dir[d] = NULL;
	}
}

void xn_evtchn_dispatch(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	uint32_t gen = p ? __atomic_load_n(&p->gen, __ATOMIC_ACQUIRE) : 0;
	xn_evtchn_fn fn = NULL;
	void *data = NULL;

	if (gen & 1) {
		fn = XN_READ_ONCE(p->fn);
		data = XN_READ_ONCE(p->data);
		xn_rmb();
	}
	/* The port is unbound, or about to be: the event has no handler. */
	if (!fn || XN_READ_ONCE(p->gen) != gen) {
		__atomic_fetch_add(&t->spurious, 1, __ATOMIC_RELAXED);
		return;
	}
	xn_stat_inc(XN_STAT_EVENT);
	fn(data, port);
}
