// SPDX-License-Identifier: MIT
/*
 * The grant table in both versions (xen-public/grant_table.h). Xen notes in the
 * entries, or in the status words of version 2, that a page is in use; other
 * domains map and copy pages, map them again and keep them. A page that is
 * noted as in use is not used for anything else, no matter who wrote the note;
 * a page whose grant has ended cannot be reached.
 *
 * Input: which version, then what the guest and the other domains do.
 */
#include "fuzz.h"

#define NR_SLOTS	24u
#define NR_MAPS		24u
#define NR_WAITERS	3u
#define IN_USE		(GTF_reading | GTF_writing)

enum op {
	OP_ALLOC, OP_GRANT, OP_SUB_PAGE, OP_END, OP_FREE, OP_END_PAGE,
	OP_TAKE_ALL, OP_WAIT, OP_CANCEL,
	OP_MAP, OP_UNMAP, OP_COPY, OP_NOTE, OP_UNNOTE, OP_FLAGS,
	OP_TIME, OP_NO_PAGE,
	NR_OPS
};

struct slot {
	bool allocated, granted, readonly, sub;
	/* deferred: the table keeps the page until it is released. */
	bool deferred, released;
	grant_ref_t ref;
	void *page;
};

static struct {
	struct host_xenion x;
	struct xn_gnttab *gt;
	struct slot slot[NR_SLOTS];
	struct {
		grant_ref_t ref;
		bool write;
		struct slot *slot;
	} map[NR_MAPS];
	unsigned int nr_maps;
	struct xn_gnttab_waiter waiter[NR_WAITERS];
	bool waits[NR_WAITERS];
	grant_ref_t taken[512];
	unsigned int nr_taken;
} t;

/* ---- what is noted ---- */

static uint16_t *notes(grant_ref_t ref)
{
	return t.gt->version == 2 ? host_gnttab_status(t.x.host, ref) :
				    &host_gnttab_entry(t.x.host, ref)->flags;
}

static bool in_use(const struct slot *s)
{
	return *notes(s->ref) & IN_USE;
}

static bool mapped(const struct slot *s)
{
	unsigned int i;

	for (i = 0; i < t.nr_maps; i++)
		if (t.map[i].slot == s)
			return true;
	return false;
}

/* ---- the guest ---- */

static void page_back(void *page)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &t.slot[i];

		if (!s->allocated || s->page != page)
			continue;
		assert_true(s->deferred && !s->released);
		assert_false(mapped(s));
		s->released = true;
		xn_os_page_free(page);
		return;
	}
	host_bug("a page was released that nobody handed over");
}

static void slot_done(struct slot *s)
{
	memset(s, 0, sizeof(*s));
}

static void alloc(struct slot *s)
{
	if (s->allocated || xn_gnttab_get(t.gt, &s->ref))
		return;
	s->allocated = true;
	assert_true(s->ref >= GNTTAB_NR_RESERVED_ENTRIES);
	assert_int_equal(t.x.host->pins[s->ref].readers, 0);
	s->page = xn_os_page_alloc();
}

static void grant(struct slot *s, bool sub)
{
	bool readonly = fuzz_below(2);

	if (!s->allocated || s->granted || s->deferred || !s->page)
		return;
	s->readonly = readonly;
	s->sub = sub && t.gt->version == 2;
	if (s->sub)
		assert_int_equal(xn_gnttab_grant_sub_page(t.gt, s->ref, 0,
				xn_os_gfn(s->page), 16, 32, readonly), 0);
	else if (sub)
		assert_int_equal(xn_gnttab_grant_transitive(t.gt, s->ref, 0, 7,
							    9, readonly),
				 -EOPNOTSUPP);
	if (!s->sub)
		xn_gnttab_grant(t.gt, s->ref, 0, xn_os_gfn(s->page), readonly);
	s->granted = true;
}

static void end(struct slot *s)
{
	bool used = in_use(s);
	int err = xn_gnttab_end(t.gt, s->ref);

	assert_int_equal(err, used ? -EBUSY : 0);
	if (err)
		return;
	s->granted = false;
	assert_null(host_gnttab_map(t.x.host, 0, s->ref, false));
}

static void end_page(struct slot *s)
{
	bool used = in_use(s);
	int err;

	s->deferred = true;
	err = xn_gnttab_end_page(t.gt, s->ref, s->page, page_back);
	assert_int_equal(err, used ? -EBUSY : 0);
	assert_int_equal(s->released, !used);
	s->granted = false;
}

static void waited(struct xn_gnttab_waiter *w)
{
	unsigned int i = w - t.waiter;

	assert_true(t.waits[i]);
	t.waits[i] = false;
}

/* Takes up to all references, so that waiters wait, or gives some back. */
static void take_all(void)
{
	unsigned int n = fuzz_u16() % 512;

	while (t.nr_taken > n)
		xn_gnttab_free(t.gt, t.taken[--t.nr_taken]);
	while (t.nr_taken < n && !xn_gnttab_alloc(t.gt, &t.taken[t.nr_taken]))
		t.nr_taken++;
}

static void wait_op(enum op op)
{
	/* At most as many as there are when all are free. */
	unsigned int i = fuzz_below(NR_WAITERS), need = fuzz_below(200);

	if (op == OP_CANCEL) {
		xn_gnttab_wait_cancel(t.gt, &t.waiter[i]);
		t.waits[i] = false;
	} else if (!t.waits[i]) {
		t.waits[i] = true;
		xn_gnttab_wait(t.gt, &t.waiter[i], need);
	}
}

static void free_slot(struct slot *s)
{
	xn_gnttab_free(t.gt, s->ref);
	xn_os_page_free(s->page);
	slot_done(s);
}

static void guest_op(enum op op)
{
	struct slot *s = &t.slot[fuzz_below(NR_SLOTS)];

	switch (op) {
	case OP_ALLOC:
		alloc(s);
		break;
	case OP_GRANT:
		grant(s, false);
		break;
	case OP_SUB_PAGE:
		grant(s, true);
		break;
	case OP_END:
		if (s->granted)
			end(s);
		break;
	case OP_FREE:
		if (s->allocated && !s->granted && !s->deferred)
			free_slot(s);
		break;
	case OP_END_PAGE:
		if (s->granted)
			end_page(s);
		break;
	case OP_TAKE_ALL:
		take_all();
		break;
	default:
		wait_op(op);
		break;
	}
}

/* ---- the other domains ---- */

/* A reference that is not granted. */
static void map_any(grant_ref_t ref)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++)
		if (t.slot[i].allocated && t.slot[i].ref == ref)
			return;
	assert_null(host_gnttab_map(t.x.host, 0, ref, false));
}

static void map(struct slot *s)
{
	bool write = fuzz_below(2);
	void *page;

	if (!s->allocated)
		map_any(fuzz_u16() % 1024);
	if (t.nr_maps == NR_MAPS || !s->allocated)
		return;
	page = host_gnttab_map(t.x.host, 0, s->ref, write);
	if (!page)
		return;
	assert_true(!s->released && (s->granted || s->deferred));
	assert_true(!write || !s->readonly);
	assert_ptr_equal(page, s->page);
	assert_false(s->sub);
	t.map[t.nr_maps].slot = s;
	t.map[t.nr_maps].ref = s->ref;
	t.map[t.nr_maps++].write = write;
}

static void unmap(unsigned int i)
{
	host_gnttab_unmap(t.x.host, t.map[i].ref, t.map[i].write);
	t.map[i] = t.map[--t.nr_maps];
}

static void copy(struct slot *s)
{
	unsigned int at = fuzz_below(64);
	uint8_t byte = 1;
	int err;

	if (!s->allocated)
		return;
	err = host_gnttab_write(t.x.host, 0, s->ref, at, &byte, 1);
	assert_true(err || (!s->released && (s->granted || s->deferred) &&
			    !s->readonly));
	assert_true(err || !s->sub || (at >= 16 && at < 48));
}

/* Notes a use that does not exist, as only Xen could, or removes it. */
static void note(struct slot *s, bool set)
{
	if (!s->granted && !s->deferred)
		return;
	if (s->released || mapped(s))
		return;
	if (set)
		*notes(s->ref) |= 1u << (_GTF_reading + fuzz_below(2));
	else
		*notes(s->ref) &= ~IN_USE;
}

/* Other bits: cache attributes, and bits without a meaning. */
static void flags(struct slot *s)
{
	uint16_t bits = fuzz_u16() & ~(GTF_type_mask | IN_USE | GTF_readonly |
				       GTF_sub_page);

	if (!s->granted)
		return;
	if (t.gt->version == 2)
		host_gnttab_entry_v2(t.x.host, s->ref)->hdr.flags ^= bits;
	else
		host_gnttab_entry(t.x.host, s->ref)->flags ^= bits;
}

static void dom0_op(enum op op)
{
	unsigned int i = fuzz_u8();
	struct slot *s = &t.slot[i % NR_SLOTS];

	switch (op) {
	case OP_MAP:
		map(s);
		break;
	case OP_UNMAP:
		if (t.nr_maps)
			unmap(i % t.nr_maps);
		break;
	case OP_COPY:
		copy(s);
		break;
	case OP_FLAGS:
		flags(s);
		break;
	case OP_TIME:
		host_run(1000ull << i % 28);
		break;
	case OP_NO_PAGE:
		host_fail_page(i % 8);
		break;
	default:
		note(s, op == OP_NOTE);
		break;
	}
}

/* ---- one run ---- */

/* Slots whose pages were released are free again. */
static void reap(void)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++)
		if (t.slot[i].released)
			slot_done(&t.slot[i]);
	assert_in_range(t.gt->nr_deferred, 0, NR_SLOTS);
}

static void start(void)
{
	unsigned int how = fuzz_u8(), i;
	const struct host_config cfg = {
		.ram_pages = 256, .no_fifo = true, .max_maps = 1,
		.max_grant_frames = how & 2 ? 2 : 1,
		.gnttab_wanted = how & 1 ? 2 : 1,
	};

	memset(&t, 0, sizeof(t));
	assert_int_equal(host_xenion_start(&t.x, &cfg, NULL), 0);
	t.gt = &t.x.guest.gnttab;
	fuzz_watch_rounds(t.x.host);
	for (i = 0; i < NR_WAITERS; i++)
		t.waiter[i].fn = waited;
	for (i = 0; i < 4; i++) {
		alloc(&t.slot[i]);
		grant(&t.slot[i], false);
	}
}

static void stop(void)
{
	unsigned int i;

	fuzz_bound();
	host_fail_page(0);
	while (t.nr_maps)
		unmap(0);
	for (i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &t.slot[i];

		note(s, false);
		if (s->granted)
			end(s);
		if (s->allocated && !s->granted && !s->deferred)
			free_slot(s);
	}
	while (t.nr_taken)
		xn_gnttab_free(t.gt, t.taken[--t.nr_taken]);
	host_run(10 * XN_NSEC_PER_SEC);
	reap();
	for (i = 0; i < NR_SLOTS; i++)
		assert_false(t.slot[i].allocated);
	for (i = 0; i < NR_WAITERS; i++)
		assert_false(t.waits[i]);
	assert_int_equal(xn_gnttab_used(t.gt), 0);
	assert_int_equal(t.gt->nr_deferred, 0);
	assert_int_equal(host_log_count(XN_ERR) + host_log_count(XN_WARN), 0);
	assert_int_equal(host_xenion_stop(&t.x), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	start();
	while (fuzz_left()) {
		enum op op = fuzz_below(NR_OPS);

		fuzz_bound();
		if (op < OP_MAP)
			guest_op(op);
		else
			dom0_op(op);
		reap();
	}
	stop();
	return 0;
}
