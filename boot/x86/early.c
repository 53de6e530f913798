// SPDX-License-Identifier: MIT
/*
 * Output before the console is up, and at a crash. First choice is Xen's
 * console by CONSOLEIO_write (xen-public/xen.h), which only the hardware domain
 * and guests of a debug Xen may use. Otherwise PVH and HVM guests write to I/O
 * port 0xe9, which Xen logs as guest_loglvl allows, and PV guests to their
 * console's ring (early_pv.c). Called by the OS layer's xn_os_log() and the
 * entry points' C code.
 */
#include <xenion/hypercall.h>
#include <xenion/x86/port.h>
#include "x86.h"

#define DEBUG_PORT	0xe9

/* Xen has refused CONSOLEIO_write, and always will. */
static bool refused;

static bool write_hypercall(const char *s, unsigned int len)
{
	if (refused)
		return false;
	refused = xn_hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, len,
			       (unsigned long)s, 0, 0) < 0;
	return !refused;
}

static void write_port(const char *s, unsigned int len)
{
	for (; len; s++, len--)
		xn_outb(*s, DEBUG_PORT);
}

void (*xn_early_other)(const char *s, unsigned int len) = write_port;
void (*xn_early_owner)(const char *s, unsigned int len);

void xn_early_console(void (*write)(const char *s, unsigned int len))
{
	xn_early_owner = write;
}

void xn_early_write(const char *s, unsigned int len)
{
	if (!write_hypercall(s, len))
		xn_early_other(s, len);
}

void xn_early_stop(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	xn_hc_sched(SCHEDOP_shutdown, &op);
	for (;;)
		__asm__ volatile("cli; hlt");
}
