// SPDX-License-Identifier: MIT
/*
 * What the reference kernel needs only in a PV guest: entry points in ring 3
 * for Xen's exceptions and upcalls (boot/x86/entries_pv.c), a mask of upcalls
 * in shared memory, and page tables that Xen writes (<xenion/x86/pv.h>).
 */
#include <xenion/x86/pv.h>
#include "bare.h"
#include "entry.h"

#define STUB_SIZE	32
#define NR_EXCEPTIONS	32
#define TI_DPL_KERNEL	1	/* int n is allowed */
#define TI_MASK_EVENTS	4

_Static_assert(BARE_STACK == 16384, "bare_arch.h");
_Static_assert(offsetof(struct vcpu_info, evtchn_upcall_pending) == 0 &&
	       offsetof(struct vcpu_info, evtchn_upcall_mask) == 1,
	       "bare_arch.h");

struct xn_pv bare_pv;

/* Until the shared page is mapped, no upcall can come. */
static volatile uint8_t masked[2] = { 0, 1 };
volatile uint8_t *bare_upcall_bytes[XN_MAX_VCPUS] = { masked };

/* ---- exceptions and upcalls ---- */

static struct trap_info traps[NR_EXCEPTIONS + 1];

static const struct xn_pv_entries entries = {
	.traps = traps, .event = bare_upcall_entry,
	.failsafe = bare_failsafe_entry,
};

void bare_arch_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < NR_EXCEPTIONS; i++)
		traps[i] = (struct trap_info){
			.vector = i, .flags = TI_MASK_EVENTS | TI_DPL_KERNEL,
			.cs = FLAT_KERNEL_CS,
			.address = (uintptr_t)bare_stubs + i * STUB_SIZE,
		};
	err = xn_pv_entries(&entries);
	if (!err)
		err = xn_pv_init(&bare_pv, bare_info->pv, 0);
	/* Unmap page 0, so that a NULL pointer faults. */
	if (!err)
		err = xn_pv_set(NULL, 0);
	if (err)
		bare_panic("bare: no exceptions, or no memory (error %d)", err);
}

/* Upcalls come by the callback that bare_arch_init() has registered. */
int bare_arch_upcalls(unsigned int cpu)
{
	struct vcpu_info *v = bare_vcpus.info[cpu];

	v->evtchn_upcall_mask = 1;
	bare_upcall_bytes[cpu] = (volatile uint8_t *)v;
	if (!cpu)
		xn_pv_publish(&bare_pv, bare_shared);
	return 0;
}

const char *bare_arch_callback(void)
{
	return "pv";
}

void bare_upcall_force(void)
{
	/* Any hypercall will do: Xen checks for events when it returns. */
	xn_hc_xen_version(XENVER_version, NULL);
}

void bare_idle(void)
{
	/* This enables upcalls. */
	xn_hc_sched(SCHEDOP_block, NULL);
	(void)bare_upcalls_disable();
}

/* ---- a guest that is suspended ---- */

static struct xn_boot_channel store_now, console_now;

void bare_arch_suspend(void)
{
	if (!store_now.gpa) {
		store_now = bare_info->store;
		console_now = bare_info->console;
	}
	/* The shared page goes, and Xen's byte in it stays as it is. */
	bare_upcall_bytes[0] = masked;
	xn_gnttab_unmap(&bare_guest.gnttab);
	xn_vcpus_suspend(&bare_vcpus);
	xn_pv_suspend(&bare_pv, &store_now, &console_now);
}

int bare_arch_resume(bool anew)
{
	int err = anew ? xn_pv_resume(&bare_pv, &store_now, &console_now) : 0;

	if (!err)
		err = xn_vcpus_resume(&bare_vcpus, anew);
	if (err)
		return err;
	if (anew)
		xn_early_ring(&console_now);
	return bare_arch_upcalls(0);
}

void bare_arch_channels(struct xn_boot_channel *store,
			struct xn_boot_channel *console)
{
	*store = store_now;
	*console = console_now;
}

/* ---- CPUs ---- */

int bare_arch_cpu_start(unsigned int cpu, void *stack_top)
{
	bare_arch_upcalls(cpu);
	return xn_pv_vcpu_start(cpu, (void (*)(void *))(void *)bare_cpu_main,
				(void *)(uintptr_t)cpu, stack_top,
				bare_pv.p2m[bare_pv.root], &entries);
}

/* ---- memory ---- */

unsigned int bare_arch_address_bits(void)
{
	return 47;
}

bool bare_arch_memory(uint64_t end)
{
	return !xn_pv_map(&bare_pv, (end + XN_PAGE_SIZE - 1) >> XN_PAGE_SHIFT);
}

/* The tables stay once they are made: Xen decides what lies there. */
void *bare_arch_map(xen_pfn_t gfn, unsigned int count)
{
	void *va = (void *)(gfn << XN_PAGE_SHIFT);

	return xn_pv_extend(&bare_pv, va, count) ? NULL : va;
}

void bare_arch_unmap(void *va, unsigned int count)
{
}

xen_pfn_t bare_arch_gfn(const void *va)
{
	return xn_pv_mfn(&bare_pv, va);
}
