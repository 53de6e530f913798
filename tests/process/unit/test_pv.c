// SPDX-License-Identifier: MIT
/*
 * A PV guest's memory with a simulated Xen (pv_xen.h) that checks updates as
 * the real one does: lists that disagree, mapping all of RAM, updates that are
 * refused in the middle, new tables, Xen's frames, ballooning.
 */
#include "pv_xen.h"

static struct xn_pv pv;
static const struct xn_frame_ops *hvm;

static int setup(void **state)
{
	build();
	memset(&pv, 0, sizeof(pv));
	host_log_reset();
	xn_frame_ops = hvm;
	return 0;
}

/* Initialise, and map all of memory. */
static int start(const struct xn_boot_pv *how)
{
	int err = xn_pv_init(&pv, how, RAM_START);

	return err ? err : xn_pv_map(&pv, RAM_PAGES);
}

static int setup_running(void **state)
{
	setup(state);
	return start(&boot);
}

static bool is_writable(unsigned long pfn)
{
	const uint64_t *e = walk(RAM_START + (pfn << 12), 1);

	return e && (*e & XN_PTE_PRESENT) && (*e & XN_PTE_WRITE);
}

static bool is_mapped_right(unsigned long pfn)
{
	const uint64_t *e = walk(RAM_START + (pfn << 12), 1);

	return e && (*e & XN_PTE_PRESENT) &&
	       (*e & XN_PTE_FRAME) >> 12 == frame_of(pfn);
}

/* All of memory is mapped, and only the tables are read-only. */
static void test_map_all(void **state)
{
	unsigned long pfn;

	assert_int_equal(start(&boot), 0);
	assert_ptr_not_equal(xn_frame_ops, hvm);
	for (pfn = 0; pfn < RAM_PAGES; pfn++) {
		bool table = pfn >= ROOT_PAGE && pfn < ROOM_PAGE + NR_ROOM;

		assert_true(is_mapped_right(pfn));
		assert_int_equal(is_writable(pfn), !table);
		assert_int_equal(!!xen.level[pfn], table);
	}
	assert_int_equal(host_log_count(XN_ERR), 0);
}

/* Piece by piece: only the tables that are needed, each one once. */
static void test_map_some(void **state)
{
	unsigned long first = boot.tables >> 12, pfn;
	unsigned int calls;

	assert_int_equal(xn_pv_init(&pv, &boot, RAM_START), 0);
	calls = xen.calls[__HYPERVISOR_mmu_update];
	assert_int_equal(xn_pv_map(&pv, first), 0);
	assert_int_equal(xen.calls[__HYPERVISOR_mmu_update], calls);
	for (pfn = first + 1; is_mapped_right(pfn); pfn++)
		;
	assert_int_equal(xn_pv_map(&pv, pfn + 1), 0);
	assert_in_range(xen.calls[__HYPERVISOR_mmu_update] - calls, 1, 3);
	calls = xen.calls[__HYPERVISOR_mmu_update];
	assert_true(is_mapped_right(pfn));
	assert_false(is_mapped_right(RAM_PAGES - 1));
	assert_int_equal(xn_pv_map(&pv, pfn + 2), 0);
	assert_int_equal(xn_pv_map(&pv, 0), 0);
	assert_int_equal(xen.calls[__HYPERVISOR_mmu_update], calls);
	assert_int_equal(xn_pv_map(&pv, RAM_PAGES + 1), -EINVAL);

	/* A refused update has used up its tables. */
	xen.fail_in = 2;
	assert_int_equal(xn_pv_map(&pv, RAM_PAGES), -ENOMEM);
	assert_true(is_mapped_right(pfn));
	assert_int_equal(xn_pv_map(&pv, RAM_PAGES), -ENOSPC);
}

/* A list with holes: nothing is mapped there. */
static void test_map_holes(void **state)
{
	unsigned long pfn;

	for (pfn = 3000; pfn < 3600; pfn++)
		p2m()[pfn] = XN_NO_FRAME;
	assert_int_equal(start(&boot), 0);
	for (pfn = 2990; pfn < 3610; pfn++)
		assert_int_equal(is_mapped_right(pfn),
				 pfn < 3000 || pfn >= 3600);
	assert_int_equal(xn_pv_mfn(&pv, page_at(3000)), XN_NO_FRAME);
}

static void test_map_refused(void **state)
{
	struct xn_boot_pv small = boot;
	unsigned int i;

	/* Each update fails in turn. */
	for (i = 1; i <= 2 * NR_ROOM; i++) {
		setup(state);
		xen.fail_in = i;
		assert_int_equal(start(&boot), -ENOMEM);
		assert_int_equal(host_log_count(XN_ERR), 1);
	}
	setup(state);
	small.nr_tables--;
	assert_int_equal(start(&small), -ENOSPC);
	assert_int_equal(host_log_count(XN_ERR), 1);
	/* The room for tables is not mapped when it is needed. */
	setup(state);
	small.nr_tables = NR_ROOM;
	small.tables = (uint64_t)(RAM_PAGES - 100) << 12;
	assert_int_equal(start(&small), -ENOSPC);
}

static void init_fails(void)
{
	host_log_reset();
	assert_true(xn_pv_init(&pv, &boot, RAM_START) < 0);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_ptr_equal(xn_frame_ops, hvm);
	build();
}

static void test_bad_m2p(void **state)
{
	xen.mapping.max_mfn = 0;
	init_fails();
	xen.mapping.max_mfn = NR_FRAMES;
	init_fails();
	xen.mapping.max_mfn = ~0ul;
	init_fails();
	xen.mapping.v_start -= 4096;
	init_fails();
	xen.mapping.v_end += 4096;
	init_fails();
	xen.mapping.v_end = xen.mapping.v_start;
	init_fails();
	/* The lists do not match for the root. */
	xen.m2p[frame_of(ROOT_PAGE)]++;
	init_fails();
	p2m()[ROOT_PAGE] = ~0ul - 1;
	init_fails();
}

static void test_lists(void **state)
{
	assert_int_equal(xn_pv_mfn(&pv, page_at(7)), frame_of(7));
	assert_int_equal(xn_pv_mfn(&pv, (char *)page_at(7) + 4095),
			 frame_of(7));
	assert_int_equal(xn_pv_mfn(&pv, page_at(RAM_PAGES)), XN_NO_FRAME);
	assert_int_equal(xn_pv_mfn(&pv, (char *)page_at(0) - 1), XN_NO_FRAME);
	assert_ptr_equal(xn_pv_page(&pv, frame_of(7)), page_at(7));
	assert_null(xn_pv_page(&pv, NR_FRAMES));
	assert_null(xn_pv_page(&pv, XN_NO_FRAME));
	assert_null(xn_pv_page(&pv, SHARED_FRAME));
	/* The two lists disagree. */
	xen.m2p[frame_of(7)] = 8;
	assert_null(xn_pv_page(&pv, frame_of(7)));
	xen.m2p[frame_of(7)] = RAM_PAGES;
	assert_null(xn_pv_page(&pv, frame_of(7)));
	xen.m2p[SHARED_FRAME] = 7;
	assert_null(xn_pv_page(&pv, SHARED_FRAME));
}

/* Tables whose frames are not in Xen's list are not followed. */
static void test_walk(void **state)
{
	const void *last = page_at(RAM_PAGES - 1);
	uint64_t ptr, above;
	unsigned int l;

	for (l = 1; l <= 4; l++) {
		const uint64_t *e = xn_pv_entry(&pv, last, l, &ptr);

		assert_ptr_equal(e, walk((uintptr_t)last, l));
		assert_ptr_equal(page_at(pfn_of(ptr >> 12)),
				 (uintptr_t)e & ~4095ul);
		assert_int_equal(ptr & 4095, (uintptr_t)e & 4095);
	}
	assert_null(xn_pv_entry(&pv, (void *)0x1000, 3, NULL));
	assert_non_null(xn_pv_entry(&pv, (void *)0x1000, 4, NULL));
	assert_null(xn_pv_entry(&pv, (void *)(1ul << 47), 4, NULL));
	assert_null(xn_pv_entry(&pv, (void *)~0ul, 4, NULL));
	above = *xn_pv_entry(&pv, last, 2, NULL);
	xen.m2p[(above & XN_PTE_FRAME) >> 12]++;
	assert_null(xn_pv_entry(&pv, last, 1, NULL));
	assert_non_null(xn_pv_entry(&pv, last, 2, NULL));
}

static void test_batch(void **state)
{
	struct xn_mmu_batch b = { 0 };
	uint64_t ptr[XN_MMU_BATCH + 1];
	unsigned int i, calls = xen.calls[__HYPERVISOR_mmu_update];

	for (i = 0; i <= XN_MMU_BATCH; i++) {
		xn_pv_entry(&pv, page_at(3000 + i), 1, &ptr[i]);
		assert_int_equal(xn_mmu_queue(&b, ptr[i], 0), 0);
	}
	assert_int_equal(xen.calls[__HYPERVISOR_mmu_update], calls + 1);
	assert_int_equal(b.done, XN_MMU_BATCH);
	assert_int_equal(b.count, 1);
	assert_int_equal(xn_mmu_flush(&b), 0);
	assert_int_equal(b.done, 1);
	for (i = 0; i <= XN_MMU_BATCH; i++)
		assert_false(is_mapped_right(3000 + i));
	/* An empty batch needs no hypercall. */
	assert_int_equal(xn_mmu_flush(&b), 0);
	assert_int_equal(xen.calls[__HYPERVISOR_mmu_update], calls + 2);
}

static void test_batch_refused(void **state)
{
	struct xn_mmu_batch b = { 0 };
	uint64_t ptr;
	unsigned int i;

	for (i = 0; i < XN_MMU_BATCH; i++) {
		xn_pv_entry(&pv, page_at(3000 + i), 1, &ptr);
		assert_int_equal(xn_mmu_queue(&b, ptr, i == 5 ? ~0ull : 0), 0);
	}
	/* The next one does not fit: the batch is flushed, and fails. */
	assert_int_equal(xn_mmu_queue(&b, ptr, 0), -EINVAL);
	assert_int_equal(b.done, 5);
	assert_int_equal(b.count, 0);
	for (i = 0; i < XN_MMU_BATCH; i++)
		assert_int_equal(is_mapped_right(3000 + i), i >= 5);
	assert_int_equal(xn_mmu_flush(&b), 0);
}

static void test_pin(void **state)
{
	uint64_t *table = page_at(3000);

	assert_int_equal(xn_pv_pin(&pv, table, 1), -EBUSY);
	assert_int_equal(xn_pv_protect(&pv, table, true), 0);
	assert_false(is_writable(3000));
	assert_int_equal(xn_pv_pin(&pv, table, 1), 0);
	assert_int_equal(xn_pv_protect(&pv, table, false), -EBUSY);
	assert_int_equal(xn_pv_unpin(&pv, table), 0);
	assert_int_equal(xn_pv_unpin(&pv, table), -EINVAL);
	assert_int_equal(xn_pv_protect(&pv, table, false), 0);
	assert_true(is_writable(3000));
	assert_int_equal(xn_pv_pin(&pv, table, 0), -EINVAL);
	assert_int_equal(xn_pv_pin(&pv, table, 5), -EINVAL);
	assert_int_equal(xn_pv_pin(&pv, page_at(RAM_PAGES), 1), -EINVAL);
	assert_int_equal(xn_pv_unpin(&pv, page_at(RAM_PAGES)), -EINVAL);
	assert_int_equal(xn_pv_protect(&pv, page_at(RAM_PAGES), true), -EINVAL);
}

/* Addresses elsewhere need three tables; the second time, none. */
static void test_extend(void **state)
{
	char *va = (char *)0x123456789000;

	assert_int_equal(xn_pv_extend(&pv, va, 1), 0);
	assert_int_equal(xen.pages, 13);
	assert_non_null(xn_pv_entry(&pv, va, 1, NULL));
	assert_int_equal(xn_pv_extend(&pv, va, 1), 0);
	assert_int_equal(xen.pages, 13);
	/* Across the edge of a table of level 1. */
	assert_int_equal(xn_pv_extend(&pv, (void *)0x1234567ff000, 2), 0);
	assert_int_equal(xen.pages, 12);
	assert_non_null(xn_pv_entry(&pv, (void *)0x123456800000, 1, NULL));
	assert_int_equal(xn_pv_extend(&pv, (void *)(1ul << 47), 1), -EINVAL);
	assert_int_equal(xn_pv_extend(&pv, (void *)((1ul << 47) - 4096), 2),
			 -EINVAL);
	assert_int_equal(xn_pv_extend(&pv, (void *)~0xffful, 2), -EINVAL);
	assert_int_equal(xen.pages, 12);
}

static void test_extend_fails(void **state)
{
	void *va = (void *)0x123456789000;
	unsigned int i;

	xen.pages = 2;
	assert_int_equal(xn_pv_extend(&pv, va, 1), -ENOMEM);
	assert_null(xn_pv_entry(&pv, va, 1, NULL));
	/* The tables that it got are used by the next try. */
	xen.pages = 3;
	assert_int_equal(xn_pv_extend(&pv, va, 1), 0);
	assert_non_null(xn_pv_entry(&pv, va, 1, NULL));
	assert_int_equal(xen.pages, 2);

	/* Either update is refused: the page goes back to the OS layer. */
	for (i = 1; i <= 2; i++) {
		setup_running(state);
		xen.fail_in = i;
		assert_int_equal(xn_pv_extend(&pv, va, 1), -ENOMEM);
		assert_int_equal(xen.pages, 16);
		assert_true(is_writable(RAM_PAGES - 16));
		assert_int_equal(xn_pv_extend(&pv, va, 1), 0);
	}
}

static void test_xen_frames(void **state)
{
	char *hole = (char *)0x123456789000;
	unsigned int i;

	assert_int_equal(xn_pv_extend(&pv, hole, 16), 0);
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_shared_info, 0, 0, hole),
			 0);
	assert_int_equal(*walk((uintptr_t)hole, 1) >> 12 & 0xffffff,
			 SHARED_FRAME);
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_shared_info, 1, 0, hole),
			 -EINVAL);
	for (i = 0; i < MAX_GRANT; i++)
		assert_int_equal(xn_frame_ops->add(XENMAPSPACE_grant_table, i,
						   0, hole + (i << 12)), 0);
	assert_int_equal(*walk((uintptr_t)hole + 0x3000, 1) >> 12 & 0xffffff,
			 GRANT_FRAME + 3);
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_grant_table, i, 0, hole),
			 -ENOSPC);
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_grant_table, 512, 0,
					   hole), -ENOSPC);
	assert_int_equal(xn_frame_ops->add(XN_MAPSPACE_GRANT_STATUS, 1, 0,
					   hole), 0);
	assert_int_equal(*walk((uintptr_t)hole, 1) >> 12 & 0xffffff,
			 STATUS_FRAME + 1);
	assert_int_equal(xn_frame_ops->add(77, 0, 0, hole), -EINVAL);
	assert_int_equal(xn_frame_ops->remove(0, hole), 0);
	assert_int_equal(*walk((uintptr_t)hole, 1), 0);
	assert_int_equal(xn_frame_ops->grant_addr(5, hole), (uintptr_t)hole);
}

static void test_xen_frames_lie(void **state)
{
	char *hole = (char *)0x123456789000;

	assert_int_equal(xn_pv_extend(&pv, hole, 1), 0);
	xen.grant_frame = ~0ul;
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_grant_table, 0, 0, hole),
			 -EIO);
	xen.grant_frame = 1ul << 41;
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_grant_table, 0, 0, hole),
			 -EIO);
	assert_int_equal(*walk((uintptr_t)hole, 1), 0);
	xen.grant_status = GNTST_no_device_space;
	assert_int_equal(xn_frame_ops->add(XENMAPSPACE_grant_table, 0, 0, hole),
			 -ENOSPC);
	assert_int_equal(xn_frame_ops->add(XN_MAPSPACE_GRANT_STATUS, 0, 0,
					   hole), -ENOSPC);
	/* There are no tables for this address. */
	assert_true(xn_frame_ops->add(XENMAPSPACE_shared_info, 0, 0,
				      (void *)0x5000) < 0);
}

static void test_balloon(void **state)
{
	void *page = page_at(3000);
	xen_pfn_t frame;

	assert_int_equal(xn_frame_ops->ram_gfn(page), 3000);
	assert_int_equal(xn_frame_ops->ram_out(page, &frame), 0);
	assert_int_equal(frame, frame_of(3000));
	assert_int_equal(xn_pv_mfn(&pv, page), XN_NO_FRAME);
	assert_false(is_mapped_right(3000));
	assert_null(xn_pv_page(&pv, frame));
	assert_int_equal(xn_frame_ops->ram_out(page, &frame), -EINVAL);

	/* Invalid frames in return. */
	assert_int_equal(xn_frame_ops->ram_in(page, XN_NO_FRAME), -EIO);
	assert_int_equal(xn_frame_ops->ram_in(page, frame_of(3001)), -EIO);
	assert_int_equal(xn_frame_ops->ram_in(page_at(RAM_PAGES), frame), -EIO);
	xen.fail_in = 1;
	assert_int_equal(xn_frame_ops->ram_in(page, frame), -ENOMEM);
	assert_int_equal(xn_pv_mfn(&pv, page), XN_NO_FRAME);
	assert_int_equal(xn_frame_ops->ram_in(page, frame), 0);
	assert_true(is_mapped_right(3000));
	assert_ptr_equal(xn_pv_page(&pv, frame), page);
	/* The page already has a frame. */
	assert_int_equal(xn_frame_ops->ram_in(page, frame), -EIO);

	/* A page that cannot be unmapped stays as it is. */
	xen.fail_in = 1;
	assert_int_equal(xn_frame_ops->ram_out(page, &frame), -ENOMEM);
	assert_int_equal(xn_pv_mfn(&pv, page), frame);
}

/* ---- a guest that is saved ---- */

/* The list of pages, where the toolstack finds it in the guest's own tables. */
static void test_publish(void **state)
{
	static struct shared_info shared;
	uint64_t va;

	memset(&shared, 0xff, sizeof(shared));
	xn_pv_publish(&pv, &shared);
	assert_int_equal(shared.arch.max_pfn, RAM_PAGES);
	assert_int_equal(shared.arch.pfn_to_mfn_frame_list_list, ~0ul);
	assert_int_equal(shared.arch.p2m_cr3 >> 12, frame_of(ROOT_PAGE));
	assert_int_equal(shared.arch.p2m_generation, 0);
	for (va = shared.arch.p2m_vaddr;
	     va < shared.arch.p2m_vaddr + RAM_PAGES * sizeof(xen_pfn_t);
	     va += XN_PAGE_SIZE)
		assert_int_equal(*walk(va, 1) >> 12 & 0xffffff,
				 frame_of(P2M_PAGE + (va - shared.arch.p2m_vaddr) /
						      XN_PAGE_SIZE));
	assert_int_equal(shared.arch.p2m_vaddr, (uintptr_t)p2m());
}

/* The new domain: page n has the frame that page n + 1 had. */
static void frames_change(void)
{
	unsigned long pfn;

	for (pfn = 0; pfn < RAM_PAGES; pfn++) {
		p2m()[pfn] = frame_of((pfn + 1) % RAM_PAGES);
		xen.m2p[p2m()[pfn]] = pfn;
	}
}

static void test_suspend(void **state)
{
	struct start_info *si = (struct start_info *)page_at(START_PAGE);
	struct xn_boot_channel store = { 7 << 12, 1 }, console = { 9 << 12, 2 };

	assert_int_equal(xn_pv_suspend(&pv, &store, &console), 0);
	assert_int_equal(xen.suspends, 1);
	assert_int_equal(xen.start_info, frame_of(START_PAGE));
	assert_int_equal(si->store_mfn, 7);
	assert_int_equal(si->console.domU.mfn, 9);

	frames_change();
	si->shared_info = GRANT_FRAME << 12;
	si->store_mfn = p2m()[17];
	si->store_evtchn = 3;
	si->console.domU.mfn = p2m()[19];
	si->console.domU.evtchn = 4;
	assert_int_equal(xn_pv_resume(&pv, &store, &console), 0);
	assert_int_equal(store.gpa, 17 << 12);
	assert_int_equal(store.port, 3);
	assert_int_equal(console.gpa, 19 << 12);
	assert_int_equal(console.port, 4);
	assert_int_equal(pv.shared_info, GRANT_FRAME << 12);
	assert_int_equal(xn_pv_mfn(&pv, page_at(100)), frame_of(101));
}

/* What the new start info says is checked as what the first one said. */
static void test_resume_lies(void **state)
{
	struct start_info *si = (struct start_info *)page_at(START_PAGE);
	struct xn_boot_channel store, console;

	si->shared_info = SHARED_FRAME << 12;
	si->store_mfn = SHARED_FRAME;	/* not ours */
	si->store_evtchn = 3;
	si->console.domU.mfn = p2m()[19];
	si->console.domU.evtchn = 0;
	assert_int_equal(xn_pv_resume(&pv, &store, &console), 0);
	assert_int_equal(store.gpa, 0);
	assert_int_equal(console.gpa, 0);
	si->shared_info++;
	assert_int_equal(xn_pv_resume(&pv, &store, &console), -EINVAL);
	si->shared_info = 0;
	assert_int_equal(xn_pv_resume(&pv, &store, &console), -EINVAL);
	assert_int_equal(pv.shared_info, SHARED_FRAME << 12);
	si->shared_info = SHARED_FRAME << 12;
	p2m()[ROOT_PAGE] = frame_of(3);
	assert_int_equal(xn_pv_resume(&pv, &store, &console), -EINVAL);
}

/* Frames of Xen's leave the page tables, whether the domain is a new one or not. */
static void test_frames_go(void **state)
{
	char *hole = (char *)0x123456789000;
	struct xn_physmap pm = {
		.va = hole, .space = XENMAPSPACE_grant_table, .count = 3,
	};
	unsigned int anew;

	assert_int_equal(xn_pv_extend(&pv, hole, 3), 0);
	assert_int_equal(xn_physmap_add(&pm), 0);
	assert_int_equal(xn_physmap_add(&pm), 0);
	for (anew = 0; anew < 2; anew++) {
		xn_physmap_suspend(&pm);
		assert_int_equal(*walk((uintptr_t)hole, 1), 0);
		assert_int_equal(*walk((uintptr_t)hole + 0x1000, 1), 0);
		assert_int_equal(xn_physmap_resume(&pm, anew), 0);
		assert_int_equal(*walk((uintptr_t)hole + 0x1000, 1) >> 12 &
				 0xffffff, GRANT_FRAME + 1);
		assert_int_equal(*walk((uintptr_t)hole + 0x2000, 1), 0);
	}
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)
#define R(name) cmocka_unit_test_setup(test_##name, setup_running)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(map_all), T(map_some), T(map_holes), T(map_refused), T(bad_m2p), R(lists),
		R(walk), R(batch), R(batch_refused), R(pin), R(extend),
		R(extend_fails), R(xen_frames), R(xen_frames_lie), R(balloon),
		R(publish), R(suspend), R(resume_lies), R(frames_go),
	};
	void *ram = mmap((void *)RAM_START, (size_t)RAM_PAGES << 12,
			 PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED_NOREPLACE, -1, 0);

	hvm = xn_frame_ops;
	if (ram != (void *)RAM_START)
		return 1;
	return cmocka_run_group_tests_name("PV memory", tests, NULL, NULL);
}
