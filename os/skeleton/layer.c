// SPDX-License-Identifier: MIT
/*
 * The out-of-line half of the OS contract (include/xenion/os.h) in its simplest
 * correct form, for a PVH guest whose entry code leaves an identity map of the
 * first 4 GiB. Copy it to begin an OS layer. docs/porting.md says what each
 * function must do for its callers.
 */
#include <stdarg.h>
#include <xenion/format.h>
#include <xenion/x86/boot.h>
#include <xenion/hypercall.h>

#define POOL_PAGES	512		/* 2 MiB */
#define HOLE_PAGES	320		/* shared info, the largest grant table */
#define STACK_WORDS	2048
/* Address minus physical address of this image: not 0 in the upper half. */
#ifndef IMAGE_OFFSET
#define IMAGE_OFFSET	0ul
#endif
#define IDENTITY_END	(1ull << (32 - XN_PAGE_SHIFT))	/* frames, 4 GiB */

uint64_t layer_stat[XN_STAT_COUNT];
void (*layer_upcall)(void);

/* ---- memory ---- */

static uint8_t pool[POOL_PAGES][XN_PAGE_SIZE]
	__attribute__((aligned(XN_PAGE_SIZE)));
static uint8_t holes[HOLE_PAGES][XN_PAGE_SIZE]
	__attribute__((aligned(XN_PAGE_SIZE)));
static unsigned int pool_used, holes_used, holes_empty;
static void **free_pages;	/* a list through the pages' first words */

void *xn_os_page_alloc(void)
{
	void *page = free_pages;

	if (page)
		free_pages = *free_pages;
	else if (pool_used < POOL_PAGES)
		page = pool[pool_used++];
	return page ? memset(page, 0, XN_PAGE_SIZE) : NULL;
}

void xn_os_page_free(void *page)
{
	if (!page)
		return;
	*(void **)page = free_pages;
	free_pages = page;
}

xen_pfn_t xn_os_gfn(const void *va)
{
	return ((uintptr_t)va - IMAGE_OFFSET) >> XN_PAGE_SHIFT;
}

void *xn_os_map(xen_pfn_t gfn, unsigned int count)
{
	if (gfn >= IDENTITY_END || count > IDENTITY_END - gfn)
		return NULL;
	return (void *)(gfn << XN_PAGE_SHIFT);
}

void xn_os_unmap(void *va, unsigned int count)
{
	(void)va;
	(void)count;
}

/* Our own frames, whose RAM is given to Xen so that nothing else is there. */
int xn_os_hole_get(unsigned int count, xen_pfn_t *gfn)
{
	if (count > HOLE_PAGES - holes_used)
		return -ENOSPC;
	while (holes_empty < holes_used + count) {
		xen_pfn_t frame = xn_os_gfn(holes[holes_empty]);
		struct xen_memory_reservation r = {
			.nr_extents = 1, .domid = DOMID_SELF,
		};

		set_xen_guest_handle(r.extent_start, &frame);
		if (xn_hc_memory(XENMEM_decrease_reservation, &r) != 1)
			return -ENOSPC;
		holes_empty++;
	}
	*gfn = xn_os_gfn(holes[holes_used]);
	holes_used += count;
	return 0;
}

/* Only the newest hole can be used again. */
void xn_os_hole_put(xen_pfn_t gfn, unsigned int count)
{
	if (gfn + count == xn_os_gfn(holes[0]) + holes_used)
		holes_used -= count;
}

/* ---- time and CPUs ---- */

uint64_t xn_os_now(void)
{
	static uint64_t hz;
	struct xn_hv_info hv;
	uint64_t tsc;

	if (!hz) {
		/* If Xen does not report the rate, time has a wrong speed. */
		xn_hv_probe(&hv);
		hz = hv.tsc_khz ? hv.tsc_khz * 1000ull : XN_NSEC_PER_SEC;
	}
	tsc = xn_cycles();
	return tsc / hz * XN_NSEC_PER_SEC + tsc % hz * XN_NSEC_PER_SEC / hz;
}

unsigned int xn_os_cpu_count(void)
{
	return 1;
}

unsigned int xn_os_cpu(void)
{
	return 0;
}

/* ---- waiting, and work ---- */

/*
 * Work may sleep, so it runs on a stack of its own: each of the two stacks runs
 * while the other one waits.
 */
static uintptr_t stack[STACK_WORDS] __attribute__((aligned(16)));
static struct xn_work *works, *running;
void *layer_other;	/* stack pointer of the stack that does not run */

__asm__(".text\n"
	"layer_switch:\n\t"
	"push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n\t"
	"xchg %rsp, layer_other(%rip)\n\t"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n\t"
	"ret\n");

static bool work_dequeue(struct xn_work *w)
{
	struct xn_work **at;

	for (at = &works; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			w->queued = false;
			return true;
		}
	return false;
}

static void work_main(void)
{
	for (;;) {
		struct xn_work *w = works;

		while (w && w->due > xn_os_now())
			w = w->next;
		if (w) {
			work_dequeue(w);
			running = w;
			w->fn(w);	/* it may be freed in there */
			running = NULL;
		}
		layer_switch();
	}
}

uint64_t layer_deadline(uint64_t timeout_ns)
{
	uint64_t now = xn_os_now();

	return timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;
}

bool layer_idle(uint64_t deadline)
{
	if (xn_os_now() >= deadline)
		return false;
	if (!layer_other) {
		/* As layer_switch() expects: six registers, return address. */
		stack[STACK_WORDS - 2] = (uintptr_t)work_main;
		layer_other = stack + STACK_WORDS - 8;
	}
	if (layer_upcall)
		layer_upcall();
	layer_switch();
	xn_hc_sched(SCHEDOP_yield, NULL);
	return true;
}

void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w))
{
	*w = (struct xn_work){ .fn = fn };
}

/* Append the work: one that schedules itself must let the others run. */
void xn_work_schedule(struct xn_work *w, uint64_t delay_ns)
{
	struct xn_work **at = &works;

	if (w->queued)
		return;
	while (*at)
		at = &(*at)->next;
	*at = w;
	w->next = NULL;
	w->queued = true;
	w->due = layer_deadline(delay_ns);
}

void xn_work_cancel(struct xn_work *w)
{
	while (work_dequeue(w) || running == w)
		layer_idle(UINT64_MAX);
}

/* ---- the log ---- */

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	char line[256];
	unsigned int len;
	va_list ap;

	if (level == XN_DEBUG)
		return;
	va_start(ap, fmt);
	len = xn_vformat(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[len++] = '\n';
	xn_early_write(line, len);
}
