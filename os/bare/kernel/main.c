// SPDX-License-Identifier: MIT
/*
 * Bring-up, from xn_start(), which the entry code calls (<xenion/boot.h>), to
 * bare_main(): one room after the other, each after those that it needs.
 * docs/porting.md explains the order.
 */
#include <xenion/store.h>
#include "bare.h"

/* A longer command line is refused, not cut. */
#define CMDLINE_SIZE	1024

struct xn_guest bare_guest;
const struct xn_boot_info *bare_info;
struct shared_info *bare_shared;
struct xn_vcpus bare_vcpus;
bool bare_has_store;

static char cmdline[CMDLINE_SIZE];

/* ---- the command line ---- */

/* Can we read this memory? */
static bool in_reach(uint64_t gpa, uint64_t size)
{
	return gpa && gpa + size > gpa && gpa + size <= BARE_REACH;
}

const void *bare_module(unsigned int i, uint64_t *size)
{
	const struct xn_boot_module *m = &bare_info->module[i];

	if (i >= bare_info->nr_modules || !in_reach(m->start, m->size) ||
	    !bare_arch_memory(m->start + m->size))
		return NULL;
	if (size)
		*size = m->size;
	return (const void *)m->start;
}

static void copy_cmdline(const struct xn_boot_info *info)
{
	const char *s = (const char *)info->cmdline;
	unsigned int i;

	if (!s)
		return;
	if (!in_reach(info->cmdline, CMDLINE_SIZE))
		bare_panic("bare: the command line at 0x%lx is out of reach",
			   info->cmdline);
	for (i = 0; i < CMDLINE_SIZE; i++) {
		cmdline[i] = s[i];
		if (!s[i])
			return;
	}
	bare_panic("bare: the command line has more than %u characters: shorten it",
		   CMDLINE_SIZE - 1);
}

const char *bare_option(const char *name, unsigned int *len)
{
	unsigned int n = strlen(name), size;
	const char *word = cmdline;

	while (*word) {
		for (size = 0; word[size] && word[size] != ' '; size++)
			;
		if (size >= n && !memcmp(word, name, n) &&
		    (size == n || word[n] == '=')) {
			word += n;
			size -= n;
			if (size) {
				word++;
				size--;
			}
			if (len)
				*len = size;
			return word;
		}
		word += size;
		while (*word == ' ')
			word++;
	}
	return NULL;
}

bool bare_option_is(const char *name, const char *value)
{
	unsigned int len;
	const char *is = bare_option(name, &len);

	return is && len == strlen(value) && !memcmp(is, value, len);
}

/* ---- rooms ---- */

static const struct xn_evtchn_ops *events_wanted(void)
{
	if (!bare_option("events", NULL))
		return NULL;
	if (bare_option_is("events", "2l"))
		return &xn_evtchn_twolevel;
	if (bare_option_is("events", "fifo"))
		return &xn_evtchn_fifo;
	bare_panic("bare: events= is 2l or fifo");
}

static unsigned int gnttab_wanted(void)
{
	if (!bare_option("gnttab", NULL) || bare_option_is("gnttab", "1"))
		return 1;
	if (bare_option_is("gnttab", "2"))
		return 2;
	bare_panic("bare: gnttab= is 1 or 2");
}

static void shared_init(void)
{
	int err = xn_vcpus_init(&bare_vcpus, bare_info->nr_vcpus);

	if (err)
		bare_panic("bare: no shared info (error %d)", err);
	bare_shared = bare_vcpus.shared;
}

static void events_init(void)
{
	int err = xn_evtchn_init(&bare_guest.evtchn, &bare_vcpus,
				 events_wanted());

	if (!err)
		err = bare_arch_upcalls(0);
	if (err)
		bare_panic("bare: no event channels (error %d)", err);
}

static void store_init(void)
{
	int err = xn_store_start(&bare_guest, &bare_info->store, NULL);

	if (err && err != -ENODEV)
		xn_os_log(XN_WARN, "bare: no xenstore (error %d)", err);
	bare_has_store = !err;
}

void xn_start(const struct xn_boot_info *info)
{
	int err;

	bare_info = info;
	copy_cmdline(info);
	bare_arch_init();
	bare_memory_init(info);
	bare_threads_init();
	shared_init();
	bare_clock_init(&bare_vcpus);
	events_init();
	bare_upcalls_enable();
	bare_timer_init(&bare_guest.evtchn);
	bare_workers_init();
	bare_cpus_init();
	err = xn_gnttab_init(&bare_guest.gnttab, gnttab_wanted());
	if (err)
		bare_panic("bare: no grant table (error %d)", err);
	store_init();
	bare_main();
}

void bare_upcall(void)
{
	xn_evtchn_upcall(&bare_guest.evtchn, xn_os_cpu());
}

void bare_sleep(uint64_t ns)
{
	struct xn_waitq nobody;

	xn_waitq_init(&nobody);
	(void)xn_wait(&nobody, false, ns);
}

/* ---- exceptions ---- */

bool (*bare_trap_hook)(struct bare_frame *f);

void bare_trap(struct bare_frame *f)
{
	if (bare_trap_hook && bare_trap_hook(f))
		return;
	bare_panic("bare: exception %lu, error 0x%lx, at 0x%lx on CPU %u\n"
		   "bare: rsp 0x%lx rax 0x%lx rdi 0x%lx rsi 0x%lx",
		   f->vector, f->error, f->rip, xn_os_cpu(), f->rsp, f->rax,
		   f->rdi, f->rsi);
}
