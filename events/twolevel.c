// SPDX-License-Identifier: MIT
/*
 * The 2-level event-channel ABI: a pending and a mask bit per port in shared
 * info, and a selector word per vCPU that says in which words of them to look
 * (struct shared_info and struct vcpu_info in xen-public/xen.h). Called by
 * table.c.
 *
 * The bits do not say which vCPU a port belongs to, so we record it: only a
 * port's takers may take its event. These are the port's vCPU and, after a
 * move, also the previous ones. A send that began before the move may set the
 * pending bit after it, and signals the previous vCPU, alone: if that left the
 * event, nobody would take it, and Xen signals no further event of a port that
 * is pending. So a move ends with the first event that is taken when no such
 * send can be under way any more (tests/process/model/move.pml).
 */
#include "port.h"

#define WORD_BITS	(8 * sizeof(xen_ulong_t))

/* Longer than any send lasts, also if Xen is itself a guest. */
#define SETTLE_NS	(100 * XN_NSEC_PER_MSEC)

/* The vCPUs that may take one port's events. */
struct takers {
	uint64_t word[XN_MAX_VCPUS / 64];	/* bitmap */
	/*
	 * Until this time a send that began before the last move may be under
	 * way. 0: one vCPU takes all events.
	 */
	uint64_t until;
};

#define TAKERS_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct takers))
#define TAKERS_PAGES	(EVTCHN_2L_NR_CHANNELS / TAKERS_PER_PAGE + 1)

struct twolevel {
	struct takers *page[TAKERS_PAGES];	/* NULL: no port in it yet */
};

_Static_assert(sizeof(struct twolevel) <= XN_PAGE_SIZE, "fits a page");

/* ---- the bits in shared info ---- */

static xen_ulong_t twolevel_bit(evtchn_port_t port)
{
	return (xen_ulong_t)1 << port % WORD_BITS;
}

static xen_ulong_t *pending_word(struct xn_evtchn_table *t, evtchn_port_t port)
{
	return &t->vcpus->shared->evtchn_pending[port / WORD_BITS];
}

static xen_ulong_t *mask_word(struct xn_evtchn_table *t, evtchn_port_t port)
{
	return &t->vcpus->shared->evtchn_mask[port / WORD_BITS];
}

static bool twolevel_test(const xen_ulong_t *word, evtchn_port_t port)
{
	return XN_READ_ONCE(*word) & twolevel_bit(port);
}

static bool twolevel_set(xen_ulong_t *word, evtchn_port_t port)
{
	return __atomic_fetch_or(word, twolevel_bit(port), __ATOMIC_SEQ_CST) &
	       twolevel_bit(port);
}

static bool twolevel_reset(xen_ulong_t *word, evtchn_port_t port)
{
	return __atomic_fetch_and(word, ~twolevel_bit(port), __ATOMIC_SEQ_CST) &
	       twolevel_bit(port);
}

void xn_evtchn_twolevel_mask_all(struct shared_info *shared)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(shared->evtchn_mask); i++)
		XN_WRITE_ONCE(shared->evtchn_mask[i], ~(xen_ulong_t)0);
}

/* ---- begin, grow, end ---- */

static int twolevel_init(struct xn_evtchn_table *t)
{
	/*
	 * An invalid page on purpose: Xen looks it up, and fails, only if a
	 * previous kernel has left the FIFO ABI on.
	 */
	struct evtchn_expand_array x = { .array_gfn = ~(uint64_t)0 };
	int err = xn_hc_evtchn(EVTCHNOP_expand_array, &x);

	if (err == -EINVAL || err == -ENOSPC)
		return -EEXIST;
	t->priv = xn_os_page_alloc();
	return t->priv ? 0 : -ENOMEM;
}

static int twolevel_fini(struct xn_evtchn_table *t)
{
	struct twolevel *l = t->priv;
	unsigned int i;

	for (i = 0; i < TAKERS_PAGES; i++)
		xn_os_page_free(l->page[i]);
	xn_os_page_free(l);
	t->priv = NULL;
	return 0;
}

/* Nobody takes an event of a port before place() is called for it. */
static int twolevel_resume(struct xn_evtchn_table *t)
{
	struct twolevel *l = t->priv;
	unsigned int i;

	for (i = 0; i < TAKERS_PAGES; i++)
		if (l->page[i])
			memset(l->page[i], 0, XN_PAGE_SIZE);
	return 0;
}

static int twolevel_grow(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct twolevel *l = t->priv;

	return xn_evtchn_fill(t, (void **)&l->page[port / TAKERS_PER_PAGE]);
}

/* ---- takers ---- */

/* Returns: NULL if neither the port nor one near it was ever bound. */
static struct takers *takers_of(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct twolevel *l = t->priv;
	struct takers *page = __atomic_load_n(&l->page[port / TAKERS_PER_PAGE],
					      __ATOMIC_ACQUIRE);

	return page ? page + port % TAKERS_PER_PAGE : NULL;
}

/* Leave the port's vCPU as the only one. The table's lock is held. */
static void takers_settle(struct xn_evtchn_table *t, evtchn_port_t port)
{
	unsigned int vcpu = xn_evtchn_port(t, port)->vcpu;
	struct takers *takers = takers_of(t, port);
	unsigned int i;

	XN_WRITE_ONCE(takers->until, 0);
	for (i = 0; i < XN_ARRAY_SIZE(takers->word); i++)
		__atomic_store_n(&takers->word[i],
				 i == vcpu / 64 ? 1ull << vcpu % 64 : 0,
				 __ATOMIC_SEQ_CST);
}

static void twolevel_move(struct xn_evtchn_table *t, evtchn_port_t port,
			  unsigned int vcpu)
{
	struct takers *takers = takers_of(t, port);

	/* The move has not ended yet. */
	XN_WRITE_ONCE(takers->until, ~0ull);
	__atomic_fetch_or(&takers->word[vcpu / 64], 1ull << vcpu % 64,
			  __ATOMIC_SEQ_CST);
}

static void twolevel_moved(struct xn_evtchn_table *t, evtchn_port_t port)
{
	XN_WRITE_ONCE(takers_of(t, port)->until, xn_os_now() + SETTLE_NS);
}

/* An event was taken after @until: the move ends, unless another has begun. */
static void takers_leave(struct xn_evtchn_table *t, evtchn_port_t port,
			 uint64_t until)
{
	unsigned long flags = xn_raw_lock(&t->lock);

	if (takers_of(t, port)->until == until)
		takers_settle(t, port);
	xn_raw_unlock(&t->lock, flags);
}

/* ---- one port ---- */

static void twolevel_clear(struct xn_evtchn_table *t, evtchn_port_t port)
{
	twolevel_reset(pending_word(t, port), port);
}

static bool twolevel_is_pending(struct xn_evtchn_table *t, evtchn_port_t port)
{
	return twolevel_test(pending_word(t, port), port);
}

static void twolevel_set_pending(struct xn_evtchn_table *t, evtchn_port_t port)
{
	twolevel_set(pending_word(t, port), port);
}

static void twolevel_mask(struct xn_evtchn_table *t, evtchn_port_t port)
{
	twolevel_set(mask_word(t, port), port);
}

static bool twolevel_is_masked(struct xn_evtchn_table *t, evtchn_port_t port)
{
	return twolevel_test(mask_word(t, port), port);
}

static void twolevel_unmask(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct evtchn_unmask x = { .port = port };

	if (!twolevel_is_pending(t, port)) {
		twolevel_reset(mask_word(t, port), port);
		if (!twolevel_is_pending(t, port))
			return;
		/*
		 * An event came in between; Xen may have seen the port masked.
		 * Or the event was handled, its function masked the port, and
		 * the next event came.
		 */
		if (twolevel_set(mask_word(t, port), port))
			return;
	}
	/* Xen makes an upcall only if it clears the mask bit itself. */
	xn_hc_evtchn(EVTCHNOP_unmask, &x);
}

/* ---- upcall ---- */

static unsigned int twolevel_take(struct xn_evtchn_table *t, evtchn_port_t port,
				  unsigned int vcpu)
{
	struct takers *takers = takers_of(t, port);
	uint64_t until;
	bool last;

	if (!takers)
		return 0;
	if (!(__atomic_load_n(&takers->word[vcpu / 64], __ATOMIC_SEQ_CST) &
	      1ull << vcpu % 64))
		return 0;
	/*
	 * Before the event is cleared: afterwards, one may be pending that was
	 * signalled to another taker while we looked at the time.
	 */
	until = __atomic_load_n(&takers->until, __ATOMIC_SEQ_CST);
	last = until && xn_os_now() > until;
	if (!twolevel_reset(pending_word(t, port), port))
		return 0;
	if (last)
		takers_leave(t, port, until);
	xn_evtchn_dispatch(t, port);
	return 1;
}

/*
 * A single pass handles each port at most once, so it is bounded, and a port
 * that fires constantly cannot starve the others. An event that arrives after
 * its word was read sets the selector again and makes a new upcall.
 */
static unsigned int twolevel_upcall(struct xn_evtchn_table *t,
				    unsigned int vcpu, bool *more)
{
	struct vcpu_info *vi = t->vcpus->info[vcpu];
	unsigned int n = 0;
	xen_ulong_t sel;

	sel = __atomic_exchange_n(&vi->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; sel; sel &= sel - 1) {
		unsigned int word = __builtin_ctzll(sel);
		evtchn_port_t first = word * WORD_BITS;
		xen_ulong_t events = XN_READ_ONCE(*pending_word(t, first)) &
				     ~XN_READ_ONCE(*mask_word(t, first));

		for (; events; events &= events - 1)
			n += twolevel_take(t, first + __builtin_ctzll(events),
					   vcpu);
	}
	return n;
}

const struct xn_evtchn_ops xn_evtchn_twolevel = {
	.name		= "2-level",
	.init		= twolevel_init,
	.fini		= twolevel_fini,
	.resume		= twolevel_resume,
	.grow		= twolevel_grow,
	.place		= takers_settle,
	.move		= twolevel_move,
	.moved		= twolevel_moved,
	.clear		= twolevel_clear,
	.is_pending	= twolevel_is_pending,
	.set_pending	= twolevel_set_pending,
	.mask		= twolevel_mask,
	.is_masked	= twolevel_is_masked,
	.unmask		= twolevel_unmask,
	.upcall		= twolevel_upcall,
};
