// SPDX-License-Identifier: MIT
/*
 * The simulated Xen and dom0 of os/host in User-Mode Linux: in place of
 * os/host/os.c and guest.c, since here the kernel is the OS and brings up the
 * rooms itself. Called by kernel.c with interrupts off, because a guest does
 * not interrupt Xen.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <xenion/console.h>

#include "internal.h"
#include "dom0.h"

struct host_guest *um_guest;
struct host_xs *um_store;

uint64_t host_stat[XN_STAT_COUNT];

_Noreturn void host_bug(const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	um_die("%s", text);
}

void um_failed(const char *file, int line, const char *what)
{
	um_fail("%s:%d: not true: %s", file, line, what);
}

/* ---- the rest of what os/host needs from its OS ---- */

unsigned long host_upcalls_disable(void)
{
	return 0;
}

void host_upcalls_restore(unsigned long flags)
{
}

void host_clock_reset(void)
{
}

void host_log_reset(void)
{
}

unsigned int host_work_leaks(struct host_guest *g)
{
	return 0;
}

void host_work_forget(struct host_guest *g)
{
}

/* ---- for kernel.c ---- */

static void upcall(void *data, unsigned int vcpu)
{
	um_raise(vcpu);
}

void um_host_start(void)
{
	static const struct host_config cfg = { .max_grant_frames = 64 };

	um_guest = host_guest_create(&cfg);
	um_store = host_xs_create(um_guest);
	host_guest_set_upcall(um_guest, upcall, NULL);
	um_console_start();
}

unsigned int um_host_stop(void)
{
	unsigned int leaks = host_guest_leaks(um_guest);

	host_guest_destroy(um_guest);
	host_xs_destroy(um_store);
	um_guest = NULL;
	return leaks;
}

long um_host_hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5)
{
	return xn_hypercall_raw(nr, a1, a2, a3, a4, a5);
}

int um_host_pump(void)
{
	bool progress = host_evtchn_pump(um_guest);
	struct host_step *s;

	for (s = um_guest->steps; s; s = s->next)
		progress |= s->step(s->data);
	return progress;
}

void um_store_write(const char *path, const char *value)
{
	host_xs_write(um_store, path, value);
}

const char *um_store_read(const char *path)
{
	const char *value = host_xs_read(um_store, path);

	return value ? value : "";
}

void um_plug(const char *type, unsigned int id)
{
	host_xs_plug(um_store, type, id);
}

void um_unplug(const char *type, unsigned int id)
{
	host_xs_unplug(um_store, type, id);
}

void um_store_mute(int mute)
{
	host_xs_lies(um_store)->mute = mute;
}

/* ---- ports ---- */

struct um_port {
	struct host_port *p;
	unsigned int events;
};

static void port_event(void *data, struct host_port *p)
{
	((struct um_port *)data)->events++;
}

struct um_port *um_port_offer(void)
{
	struct um_port *p = calloc(1, sizeof(*p));

	p->p = host_port_offer(um_guest, port_event, p);
	return p;
}

struct um_port *um_port_connect(unsigned int port)
{
	struct um_port *p = calloc(1, sizeof(*p));

	p->p = host_port_connect(um_guest, port, port_event, p);
	if (!p->p)
		um_fail("port %u is not there for dom0", port);
	return p;
}

unsigned int um_port_number(const struct um_port *p)
{
	return host_port_number(p->p);
}

unsigned int um_port_events(const struct um_port *p)
{
	return p->events;
}

void um_port_notify(struct um_port *p)
{
	host_port_notify(p->p);
}

void um_port_close(struct um_port *p)
{
	host_port_close(p->p);
	free(p);
}

unsigned int um_ports_open(void)
{
	return host_ports_open(um_guest);
}

/* ---- the console: xenconsoled reads all output ---- */

struct xencons_interface *um_console(void)
{
	return host_console_page(um_guest);
}

static void console_event(void *data, struct host_port *p)
{
	struct xencons_interface *intf = um_console();

	if (intf->out_prod - intf->out_cons <= sizeof(intf->out))
		intf->out_cons = intf->out_prod;
	host_port_notify(p);
}

void um_console_start(void)
{
	host_port_set_handler(host_console_port(um_guest), console_event,
			      NULL);
}
