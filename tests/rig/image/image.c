// SPDX-License-Identifier: MIT
/*
 * The rig's test image: a guest that prints its ramdisk and then ends as the
 * last word of its command line says: poweroff, reboot, crash, fault, or hang.
 * It does not use the library.
 */
#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen-public/xen.h>
#include <xen-public/event_channel.h>
#include <xen-public/sched.h>
#include <xen-public/io/console.h>
#include <xen-public/arch-x86/hvm/start_info.h>

#define DEBUG_PORT	0xe9

static const char *cmdline = "";
static const char *ramdisk;
static unsigned long ramdisk_size;

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

#ifdef __x86_64__

static long hypercall(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a" (ret), "+D" (a), "+S" (b), "+d" (c)
			 : "a" (nr) : "rcx", "r11", "memory");
	return ret;
}

static struct xencons_interface *console;
static evtchn_port_t console_port;

static void starts(const struct start_info *info)
{
	uint64_t *m2p = (uint64_t *)MACH2PHYS_VIRT_START;

	cmdline = (const char *)info->cmd_line;
	ramdisk = (const char *)info->mod_start;
	ramdisk_size = info->mod_len;
	if (info->flags & SIF_INITDOMAIN)
		return;
	console_port = info->console.domU.evtchn;
	console = (void *)(m2p[info->console.domU.mfn] << 12);
}

/* Wait until the console's ring has @room bytes free (all: it is empty). */
static void wait_console(unsigned int room)
{
	volatile XENCONS_RING_IDX *cons = &console->out_cons;
	struct evtchn_send send = { .port = console_port };

	while (console->out_prod - *cons > sizeof(console->out) - room) {
		hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
			  (long)&send, 0);
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
	}
}

static void put_else(const char *s, size_t n)
{
	for (; n; n--) {
		wait_console(1);
		console->out[console->out_prod % sizeof(console->out)] = *s++;
		__asm__ volatile("" : : : "memory");
		console->out_prod++;
	}
}

static void finish_console(void)
{
	if (console)
		wait_console(sizeof(console->out));
}

#else

static long hypercall(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("vmmcall"
			 : "=a" (ret), "+b" (a), "+c" (b), "+d" (c)
			 : "a" (nr) : "memory");
	return ret;
}

static void starts(const struct hvm_start_info *info)
{
	const struct hvm_modlist_entry *module =
		(const void *)(uintptr_t)info->modlist_paddr;

	if (info->magic != XEN_HVM_START_MAGIC_VALUE)
		return;
	if (info->nr_modules) {
		ramdisk = (const char *)(uintptr_t)module->paddr;
		ramdisk_size = module->size;
	}
	if (info->cmdline_paddr) {
		cmdline = (const char *)(uintptr_t)info->cmdline_paddr;
	} else if (info->nr_modules) {
		/* HVM: the module has both, the command line first. */
		cmdline = ramdisk;
		ramdisk += length(cmdline) + 1;
		ramdisk_size -= length(cmdline) + 1;
	}
}

static void put_else(const char *s, size_t n)
{
	for (; n; n--, s++)
		__asm__ volatile("outb %0, %1" : : "a" (*s),
				 "Nd" ((uint16_t)DEBUG_PORT));
}

static void finish_console(void)
{
}

#endif

/* dom0 writes to Xen's console; for other domains, Xen refuses that. */
static void put(const char *s, size_t n)
{
	if (hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, n, (long)s) < 0)
		put_else(s, n);
}

static void put_line(const char *s)
{
	put(s, length(s));
	put("\n", 1);
}

static void shut_down(unsigned int reason)
{
	struct sched_shutdown how = { .reason = reason };

	hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (long)&how, 0);
}

/* Is this the last word of the command line? */
static int told(const char *word)
{
	size_t have = length(cmdline), want = length(word);

	if (have < want || (have > want && cmdline[have - want - 1] != ' '))
		return 0;
	for (size_t i = 0; i < want; i++)
		if (cmdline[have - want + i] != word[i])
			return 0;
	return 1;
}

/* Called by entry.S. */
void image_main(const void *start_info)
{
	starts(start_info);
	put_line("# the rig's image");
	put_line(cmdline);
	for (size_t i = 0, n; i < ramdisk_size; i += n + 1) {
		n = 0;
		while (i + n < ramdisk_size && ramdisk[i + n] != '\n')
			n++;
		put(ramdisk + i, n);
		put("\n", 1);
	}
	finish_console();
	if (told("poweroff"))
		shut_down(SHUTDOWN_poweroff);
	if (told("reboot"))
		shut_down(SHUTDOWN_reboot);
	if (told("crash"))
		shut_down(SHUTDOWN_crash);
	if (told("fault"))
		__asm__ volatile("ud2");
	for (;;)
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
}
