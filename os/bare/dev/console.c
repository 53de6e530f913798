// SPDX-License-Identifier: MIT
/*
 * The PV console for programs, on top of frontends/console/ring.c. In a PV
 * guest the kernel's log may go to it, too (boot/x86/early_pv.c).
 */
#include "devices.h"

/* How long a line of the log waits for room. */
#define PATIENCE_NS	(5 * XN_NSEC_PER_SEC)

static struct bare_console console;

static void console_event(void *data, evtchn_port_t port)
{
	struct bare_console *c = data;

	xn_console_event(&c->con);
	xn_console_report(&c->con);
	xn_wake(&c->wait);
}

/* Called by the log and by programs' threads. */
static int console_write(struct bare_console *c, const char *s,
			 unsigned int len)
{
	unsigned long flags = xn_lock(&c->lock);
	int n = xn_console_write(&c->con, s, len);

	xn_unlock(&c->lock, flags);
	return n;
}

/* Does not sleep: the context may be any. Text without room in time is lost. */
static void write_words(const char *s, unsigned int len)
{
	uint64_t until = bare_deadline(console.stuck ? 0 : PATIENCE_NS);
	int n;

	for (;;) {
		n = console_write(&console, s, len);
		console.stuck = n <= 0 && xn_os_now() >= until;
		if (n < 0 || (unsigned int)n == len || console.stuck)
			break;
		s += n;
		len -= n;
		xn_hc_sched(SCHEDOP_yield, NULL);
	}
}

static int console_open(struct bare_console *c,
			const struct xn_boot_channel *where)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	void *page;
	int err;

	if (!where->gpa)
		return -ENODEV;
	page = xn_os_map(where->gpa >> XN_PAGE_SHIFT, 1);
	if (!page)
		return -ENOMEM;
	err = xn_evtchn_adopt(t, where->port, console_event, c);
	if (err) {
		xn_os_unmap(page, 1);
		return err;
	}
	xn_console_init(&c->con, page, where->port);
	xn_console_open(&c->con, t);
	xn_evtchn_unmask(t, where->port);
	xn_early_console(write_words);
	return 0;
}

static void console_close(struct bare_console *c)
{
	xn_early_console(NULL);
	xn_console_close(&c->con);
	xn_evtchn_unbind(&bare_guest.evtchn, c->con.port);
	xn_os_unmap(c->con.intf, 1);
}

/* What is not read when the ring's page is saved is read twice: here, and there. */
static void console_suspend(struct bare_resume *r)
{
	struct bare_console *c = xn_container_of(r, struct bare_console, again);

	(void)xn_wait(&c->wait, c->con.broken || xn_console_room(&c->con) ==
				sizeof(c->con.intf->out), PATIENCE_NS);
}

static void console_lost(struct bare_resume *r)
{
	console_close(xn_container_of(r, struct bare_console, again));
}

static void console_resume(struct bare_resume *r,
			   const struct xn_boot_channel *where)
{
	struct bare_console *c = xn_container_of(r, struct bare_console, again);
	int err = console_open(c, where);

	if (err)
		bare_panic("bare: no console in the new domain (error %d)", err);
}

struct bare_console *bare_console_get(void)
{
	struct bare_console *c = &console;

	if (!c->users) {
		xn_waitq_init(&c->wait);
		xn_lock_init(&c->lock);
		if (console_open(c, &bare_info->console))
			return NULL;
		c->again.suspend = console_suspend;
		c->again.lost = console_lost;
		c->again.resume = console_resume;
		bare_resume_register(&c->again);
	}
	c->users++;
	return c;
}

void bare_console_put(struct bare_console *c)
{
	if (--c->users)
		return;
	bare_resume_unregister(&c->again);
	console_close(c);
}

int bare_console_write(struct bare_console *c, const char *s, unsigned int len,
		       uint64_t timeout_ns)
{
	uint64_t until = bare_deadline(timeout_ns);
	unsigned int done = 0;

	while (done < len) {
		int n = console_write(c, s + done, len - done);
		uint64_t now = xn_os_now();

		if (n < 0) {
			xn_console_report(&c->con);
			return n;
		}
		done += n;
		if (done < len &&
		    (now >= until ||
		     !xn_wait(&c->wait, c->con.broken ||
			      xn_console_room(&c->con), until - now)))
			break;
	}
	return done;
}

int bare_console_read(struct bare_console *c, char *s, unsigned int size,
		      uint64_t timeout_ns)
{
	int n = 0;

	(void)xn_wait(&c->wait, (n = xn_console_read(&c->con, s, size)),
		      timeout_ns);
	if (n < 0)
		xn_console_report(&c->con);
	return n;
}
