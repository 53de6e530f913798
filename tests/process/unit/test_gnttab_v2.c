// SPDX-License-Identifier: MIT
/*
 * The grant table's versions: which one is chosen, what survives a change of
 * it, and what only version 2 has: status words for the use of pages, frame
 * numbers above 32 bits, parts of pages, and grants of others' grants.
 */
#include <pthread.h>

#include "gnttab.h"
#include "internal.h"

#define PER_FRAME	256u
#define MAX_FRAMES	20u

static int start(void **state)
{
	const struct host_config cfg = {
		.nr_vcpus = 2, .max_grant_frames = MAX_FRAMES,
		.gnttab_wanted = 2,
	};

	start_with(&cfg);
	assert_int_equal(gt->version, 2);
	return 0;
}

/* ---- versions ---- */

static void try_version(unsigned int left, unsigned int max,
			unsigned int wanted, unsigned int got)
{
	const struct host_config cfg = {
		.gnttab_version = left, .gnttab_max_version = max,
		.gnttab_wanted = wanted,
	};
	grant_ref_t ref;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	assert_int_equal(gt->version, got);
	assert_int_equal(host_gnttab_version(x.host), got);
	ref = alloc();
	if (got == 1) {
		assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, 1, 2, 3,
							  false), -EOPNOTSUPP);
		assert_int_equal(xn_gnttab_grant_transitive(gt, ref, 0, 1, 2,
							    false),
				 -EOPNOTSUPP);
		assert_int_equal(host_gnttab_flags(x.host, ref), 0);
	}
	xn_gnttab_free(gt, ref);
	host_xenion_unload(&x);
	assert_int_equal(host_gnttab_version(x.host), 1);
	assert_int_equal(host_xenion_stop(&x), 0);
}

static void test_choice(void **state)
{
	const struct host_config neither = { .gnttab_version = 3 };

	try_version(1, 2, 1, 1);
	try_version(1, 2, 2, 2);
	try_version(2, 2, 1, 1);
	try_version(2, 2, 2, 2);
	try_version(1, 1, 2, 1);
	assert_int_equal(host_xenion_start(&x, &neither, NULL), -ENODEV);
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* What the toolstack granted stays granted and mapped all the time. */
static void test_reserved(void **state)
{
	const grant_ref_t ref = GNTTAB_RESERVED_XENSTORE;
	const struct host_config cfg = { .gnttab_wanted = 2 };
	union grant_entry_v2 *e;

	x.host = host_guest_create(&cfg);
	host_gnttab_entry(x.host, ref)->flags |= GTF_reading | GTF_writing;
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_int_equal(gt->nr_kept, GNTTAB_NR_RESERVED_ENTRIES);
	e = host_gnttab_entry_v2(x.host, ref);
	assert_int_equal(e->hdr.flags, GTF_permit_access);
	assert_int_equal(e->full_page.frame, HOST_SPECIAL_GFN);
	assert_int_equal(*host_gnttab_status(x.host, ref),
			 GTF_reading | GTF_writing);
	host_xenion_unload(&x);
	assert_int_equal(host_gnttab_entry(x.host, ref)->flags,
			 GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(host_gnttab_entry(x.host, ref)->frame,
			 HOST_SPECIAL_GFN);
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* A page that stays mapped keeps the version, for the next user as well. */
static void test_stays(void **state)
{
	void *page = xn_os_page_alloc();
	grant_ref_t ref, k;
	unsigned int i;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_ptr_equal(host_gnttab_map(x.host, 0, ref, true), page);
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free),
			 -EBUSY);
	assert_int_equal(host_xenion_unload(&x), 1);
	assert_int_equal(host_log_count(XN_WARN), 2);
	assert_int_equal(host_gnttab_version(x.host), 2);

	x.host->cfg.gnttab_wanted = 1;
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_int_equal(gt->version, 2);
	assert_int_equal(gt->nr_kept, GNTTAB_NR_RESERVED_ENTRIES + 1);
	for (i = 0; i < 200; i++) {
		k = alloc();
		assert_int_not_equal(k, ref);
		xn_gnttab_free(gt, k);
	}
	host_gnttab_unmap(x.host, ref, true);
	xn_os_page_free(page);
	assert_int_equal(host_xenion_unload(&x), 0);
	assert_int_equal(host_gnttab_version(x.host), 1);
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_int_equal(gt->version, 1);
}

/* Xen reports a change of the version that it did not make. */
static void liar(unsigned int nr, unsigned int cmd, void *arg,
		 unsigned int count, long *ret)
{
	if (nr == __HYPERVISOR_grant_table_op && cmd == GNTTABOP_set_version)
		*ret = 0;
}

static void test_lie(void **state)
{
	const struct host_config cfg = {
		.gnttab_max_version = 1, .gnttab_wanted = 2,
	};

	host_set_liar(liar);
	assert_int_equal(host_xenion_start(&x, &cfg, NULL), -EINVAL);
	host_set_liar(NULL);
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* ---- growth ---- */

static void test_grows(void **state)
{
	static grant_ref_t ref[MAX_FRAMES * PER_FRAME];
	unsigned int i, n = MAX_FRAMES * PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES;

	assert_int_equal(gt->status.count, 3);
	for (i = 0; i < n; i++) {
		assert_int_equal(xn_gnttab_get(gt, &ref[i]), 0);
		xn_gnttab_grant(gt, ref[i], 3, 0x900000000 + i, true);
		assert_int_equal(gt->status.used,
				 gt->frames.used > 16 ? 3 :
				 gt->frames.used > 8 ? 2 : 1);
	}
	assert_int_equal(xn_gnttab_get(gt, &ref[0]), -ENOSPC);
	assert_int_equal(gt->frames.used, MAX_FRAMES);
	for (i = 0; i < n; i++) {
		assert_int_equal(host_gnttab_entry_v2(x.host, ref[i])->
				 full_page.frame, 0x900000000 + i);
		*host_gnttab_status(x.host, ref[i]) = GTF_reading;
		assert_int_equal(xn_gnttab_end(gt, ref[i]), -EBUSY);
		*host_gnttab_status(x.host, ref[i]) = 0;
		assert_int_equal(xn_gnttab_end(gt, ref[i]), 0);
		xn_gnttab_free(gt, ref[i]);
	}
}

/* The table's frame was added, but not its status frame: no new references. */
static void test_grows_later(void **state)
{
	assert_int_equal(xn_gnttab_reserve(gt, 8 * PER_FRAME - 8), 0);
	assert_int_equal(gt->frames.used, 8);
	host_fail_hypercall(2, -ENOMEM);
	assert_int_equal(xn_gnttab_reserve(gt, 9 * PER_FRAME - 8), -ENOMEM);
	assert_true(host_fault_done());
	assert_int_equal(gt->frames.used, 9);
	assert_int_equal(gt->status.used, 1);
	assert_int_equal(gt->nr_refs, 8 * PER_FRAME);
	assert_int_equal(xn_gnttab_reserve(gt, 9 * PER_FRAME - 8), 0);
	assert_int_equal(gt->frames.used, 9);
	assert_int_equal(gt->status.used, 2);
	assert_int_equal(gt->nr_refs, 9 * PER_FRAME);
}

/* ---- entries ---- */

static void test_large_gfn(void **state)
{
	grant_ref_t ref = alloc();

	xn_gnttab_grant(gt, ref, 5, 0x123456789abull, true);
	assert_int_equal(host_gnttab_entry_v2(x.host, ref)->full_page.frame,
			 0x123456789abull);
	assert_int_equal(host_gnttab_entry_v2(x.host, ref)->hdr.domid, 5);
	assert_int_equal(host_gnttab_flags(x.host, ref),
			 GTF_permit_access | GTF_readonly);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	xn_gnttab_free(gt, ref);
}

/* A domain that maps a page whose grant is ended gets no further access. */
static void test_end_while_mapped(void **state)
{
	void *page = xn_os_page_alloc();
	grant_ref_t ref;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, true, &ref), 0);
	assert_ptr_equal(host_gnttab_map(x.host, 0, ref, false), page);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	/* Without GTF_readonly, Xen would allow this. */
	assert_null(host_gnttab_map(x.host, 0, ref, true));
	assert_ptr_equal(host_gnttab_map(x.host, 0, ref, false), page);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	host_gnttab_unmap(x.host, ref, false);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	host_gnttab_unmap(x.host, ref, false);
	/* No longer mapped: Xen refuses it, even before it is ended again. */
	assert_null(host_gnttab_map(x.host, 0, ref, false));
	assert_int_equal(xn_gnttab_end(gt, ref), 0);

	/* Writable, with the same reference. */
	xn_gnttab_grant(gt, ref, 0, xn_os_gfn(page), false);
	assert_ptr_equal(host_gnttab_map(x.host, 0, ref, true), page);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	host_gnttab_unmap(x.host, ref, true);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	xn_gnttab_free(gt, ref);
	xn_os_page_free(page);
}

static void test_status_nonsense(void **state)
{
	grant_status_t *status;
	grant_ref_t ref = alloc();

	status = host_gnttab_status(x.host, ref);
	xn_gnttab_grant(gt, ref, 0, 0x123, false);
	*status = 0xffff;
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	*status = GTF_writing;
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	*status = (uint16_t)~(GTF_reading | GTF_writing);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	*status = 0;
	/* The host writes to flags that only the guest should write. */
	host_gnttab_entry_v2(x.host, ref)->hdr.flags = 0xffff;
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(host_gnttab_flags(x.host, ref) & GTF_type_mask, 0);
	xn_gnttab_free(gt, ref);
}

static void test_sub_page(void **state)
{
	char *page = xn_os_page_alloc(), buf[200];
	xen_pfn_t gfn = xn_os_gfn(page);
	grant_ref_t ref = alloc();
	struct host_guest *g = x.host;

	memset(page, 'x', XN_PAGE_SIZE);
	memcpy(page + 100, "hello", 5);
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 100, 5,
						  true), 0);
	assert_int_equal(host_gnttab_read(g, 0, ref, 100, buf, 5), 0);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(host_gnttab_read(g, 0, ref, 103, buf, 2), 0);
	assert_int_equal(host_gnttab_read(g, 0, ref, 99, buf, 2), -EACCES);
	assert_int_equal(host_gnttab_read(g, 0, ref, 100, buf, 6), -EACCES);
	assert_int_equal(host_gnttab_read(g, 0, ref, 0, buf, 5), -EACCES);
	assert_int_equal(host_gnttab_read(g, 1, ref, 100, buf, 5), -EACCES);
	assert_int_equal(host_gnttab_write(g, 0, ref, 100, buf, 5), -EACCES);
	assert_null(host_gnttab_map(g, 0, ref, false));
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(host_gnttab_read(g, 0, ref, 100, buf, 5), -EACCES);

	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 4000, 96,
						  false), 0);
	assert_int_equal(host_gnttab_write(g, 0, ref, 4000, buf, 96), 0);
	assert_int_equal(host_gnttab_write(g, 0, ref, 3999, buf, 1), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	/* The whole page and an empty part are valid parts. */
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 0, 4096,
						  false), 0);
	assert_int_equal(host_gnttab_write(g, 0, ref, 4000, buf, 96), 0);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 4096, 0,
						  false), 0);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);

	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 4096, 1,
						  false), -EINVAL);
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 1, 4096,
						  false), -EINVAL);
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, 2, ~0u,
						  false), -EINVAL);
	assert_int_equal(xn_gnttab_grant_sub_page(gt, ref, 0, gfn, ~0u, 2,
						  false), -EINVAL);
	xn_gnttab_free(gt, ref);
	xn_os_page_free(page);
}

/* @owner grants a page to the guest under test, and that to domain 0. */
static void test_transitive(void **state)
{
	struct host_guest *me = x.host, *owner = host_guest_create(NULL);
	struct grant_entry_v1 *e = host_gnttab_entry(owner, 9);
	grant_ref_t ref;
	char buf[6];
	char *page;

	page = xn_os_page_alloc();
	memcpy(page + 7, "theirs", 6);
	e->frame = xn_os_gfn(page);
	e->domid = host_guest_domid(me);
	e->flags = GTF_permit_access | GTF_readonly;

	host_guest_enter(me, 0);
	ref = alloc();
	assert_int_equal(xn_gnttab_grant_transitive(gt, ref, 0,
						    host_guest_domid(owner), 9,
						    false), 0);
	assert_int_equal(host_gnttab_read(me, 0, ref, 7, buf, 6), 0);
	assert_memory_equal(buf, "theirs", 6);
	assert_int_equal(host_gnttab_write(me, 0, ref, 7, buf, 6), -EACCES);
	assert_int_equal(host_gnttab_read(me, 5, ref, 7, buf, 6), -EACCES);
	assert_null(host_gnttab_map(me, 0, ref, false));
	assert_int_equal(host_gnttab_flags(me, ref), GTF_transitive);
	assert_int_equal(e->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(host_gnttab_read(me, 0, ref, 7, buf, 6), -EACCES);

	/* The first grant is writable, but not the transitive one. */
	e->flags = GTF_permit_access;
	assert_int_equal(xn_gnttab_grant_transitive(gt, ref, 0,
						    host_guest_domid(owner), 9,
						    true), 0);
	assert_int_equal(host_gnttab_read(me, 0, ref, 7, buf, 6), 0);
	assert_int_equal(host_gnttab_write(me, 0, ref, 7, buf, 6), -EACCES);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	xn_gnttab_free(gt, ref);
	host_guest_destroy(owner);
}

/* ---- races ---- */

static struct {
	grant_ref_t ref;
	bool used, done;
	unsigned int uses;
} backend;

static void *backend_thread(void *arg)
{
	unsigned int write = 0;

	while (!__atomic_load_n(&backend.done, __ATOMIC_SEQ_CST)) {
		write ^= 1;
		if (!host_gnttab_map(x.host, 0, backend.ref, write))
			continue;
		__atomic_store_n(&backend.used, true, __ATOMIC_SEQ_CST);
		backend.uses++;
		__atomic_store_n(&backend.used, false, __ATOMIC_SEQ_CST);
		host_gnttab_unmap(x.host, backend.ref, write);
	}
	return NULL;
}

/* At any moment: when ending succeeds, the page is not in use. */
static void test_race(void **state)
{
	void *page = xn_os_page_alloc();
	unsigned int i, busy = 0;
	pthread_t thread;

	memset(&backend, 0, sizeof(backend));
	backend.ref = alloc();
	assert_int_equal(pthread_create(&thread, NULL, backend_thread, NULL),
			 0);
	for (i = 0; i < 20000 || !backend.uses; i++) {
		xn_gnttab_grant(gt, backend.ref, 0, xn_os_gfn(page), false);
		while (xn_gnttab_end(gt, backend.ref))
			busy++;
		assert_false(__atomic_load_n(&backend.used, __ATOMIC_SEQ_CST));
	}
	__atomic_store_n(&backend.done, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_int_equal(host_stat_get(XN_STAT_GRANT_BUSY) >= busy, 1);
	assert_int_equal(xn_gnttab_end(gt, backend.ref), 0);
	xn_gnttab_free(gt, backend.ref);
	xn_os_page_free(page);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_reserved),
		T(stays), cmocka_unit_test(test_lie), T(grows), T(grows_later),
		T(large_gfn), T(end_while_mapped), T(status_nonsense),
		T(sub_page), T(transitive), T(race),
	};

	return cmocka_run_group_tests_name("gnttab v2", tests, NULL, NULL);
}
