// SPDX-License-Identifier: MIT
/*
 * Event channels (xen-public/event_channel.h): the cost of sending and of
 * taking an event, alone and with many that wait.
 *
 * An upcall's own cost is that of xn_evtchn_upcall(), called with upcalls
 * disabled when the events are pending. The whole cost is from the enabling of
 * upcalls to the last event's function, with the interrupt and all that Xen
 * does.
 */
#include "bench.h"

#define MAX_PORTS	10000u
#define MAX_UPCALLS	100u

static struct {
	unsigned int count, last;
	uint64_t at;		/* time of event number @last */
	struct xn_waitq wait;
} seen;

static evtchn_port_t *ports;

static void event(void *data, evtchn_port_t port)
{
	if (__atomic_add_fetch(&seen.count, 1, __ATOMIC_SEQ_CST) !=
	    seen.last)
		return;
	seen.at = xn_cycles();
	xn_wake(&seen.wait);
}

static void answer(void *data, evtchn_port_t port)
{
	xn_evtchn_send(*(evtchn_port_t *)data);
}

static void expect(unsigned int n)
{
	seen.last = n;
	__atomic_store_n(&seen.count, 0, __ATOMIC_SEQ_CST);
}

static bool come(void)
{
	return xn_wait(&seen.wait,
		       __atomic_load_n(&seen.count, __ATOMIC_SEQ_CST) ==
		       seen.last, 10 * XN_NSEC_PER_SEC);
}

/* ---- one event ---- */

BENCH(ipi_self, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int run, good = 0;
	uint64_t begin, end;
	evtchn_port_t port;
	int err;

	err = xn_evtchn_bind_ipi(t, 0, event, NULL, &port);
	REQUIRE(!err, "a port (error %d)", err);
	xn_evtchn_unmask(t, port);
	for (run = 0; run < BENCH_RUNS; run++) {
		expect(1);
		begin = xn_cycles();
		xn_evtchn_send(port);
		end = xn_cycles();
		good += come() && end > seen.at;
		bench_row(seen.at - begin, 1, "ipi-self-to");
		bench_row(end - begin, 1, "ipi-self");
	}
	CHECK(good == BENCH_RUNS, "each came before the send returned");
	xn_evtchn_unbind(t, port);
}

BENCH(ipi_other, NEEDS_CPUS)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	evtchn_port_t port, back;
	unsigned int run, good = 0;
	uint64_t begin;
	int err;

	err = xn_evtchn_bind_ipi(t, 0, event, NULL, &back);
	if (!err)
		err = xn_evtchn_bind_ipi(t, 1, answer, &back, &port);
	REQUIRE(!err, "two ports (error %d)", err);
	xn_evtchn_unmask(t, port);
	xn_evtchn_unmask(t, back);
	for (run = 0; run < BENCH_RUNS; run++) {
		expect(1);
		begin = xn_cycles();
		xn_evtchn_send(port);
		good += come();
		bench_row(seen.at - begin, 1, "ipi-other");
	}
	CHECK(good == BENCH_RUNS, "each was answered");
	xn_evtchn_unbind(t, port);
	xn_evtchn_unbind(t, back);
}

BENCH(interdomain, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int run, good = 0;
	evtchn_port_t here, there;
	uint64_t begin;
	int err;

	err = xn_evtchn_bind_unbound(t, DOMID_SELF, event, NULL, &here);
	if (!err)
		err = xn_evtchn_bind_interdomain(t, DOMID_SELF, here, answer,
						 &there, &there);
	REQUIRE(!err, "a channel to ourselves (error %d)", err);
	xn_evtchn_unmask(t, here);
	xn_evtchn_unmask(t, there);
	for (run = 0; run < BENCH_RUNS; run++) {
		expect(1);
		begin = xn_cycles();
		xn_evtchn_send(here);
		good += come();
		bench_row(seen.at - begin, 1, "interdomain");
	}
	CHECK(good == BENCH_RUNS, "each was answered");
	xn_evtchn_unbind(t, there);
	xn_evtchn_unbind(t, here);
}

/* ---- many ---- */

static const char *abi(void)
{
	return bare_guest.evtchn.ops == &xn_evtchn_fifo ? "fifo" : "2l";
}

static void send_all(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		xn_evtchn_send(ports[i]);
}

static bool measure(unsigned int n)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned long flags;
	uint64_t begin, end;
	unsigned int i;

	expect(n);
	flags = bare_upcalls_disable();
	begin = xn_cycles();
	send_all(n);
	end = xn_cycles();
	bench_row(end - begin, n, "send-%s-%u", abi(), n);
	begin = xn_cycles();
	/* Several upcalls if there are more events than one may handle. */
	for (i = 0; i < MAX_UPCALLS && seen.count < n; i++)
		xn_evtchn_upcall(t, 0);
	end = xn_cycles();
	bare_upcalls_restore(flags);
	bench_row(end - begin, 1, "upcall-%s-%u", abi(), n);
	if (!come())
		return false;

	expect(n);
	flags = bare_upcalls_disable();
	send_all(n);
	begin = xn_cycles();
	bare_upcalls_restore(flags);
	if (!come())
		return false;
	bench_row(seen.at - begin, 1, "upcall-whole-%s-%u", abi(), n);
	return true;
}

static int bind_up_to(unsigned int from, unsigned int to)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err = 0;

	for (; from < to && !err; from++) {
		err = xn_evtchn_bind_ipi(t, 0, event, NULL, &ports[from]);
		if (!err)
			xn_evtchn_unmask(t, ports[from]);
		else
			ports[from] = 0;
	}
	return err;
}

BENCH(upcall, 0)
{
	static const unsigned int numbers[] = { 1, 64, 1000, MAX_PORTS };
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int i, run, bound = 0;
	bool good = true;
	int err = 0;

	ports = bare_pages(MAX_PORTS * sizeof(*ports) / XN_PAGE_SIZE + 1, 1);
	REQUIRE(ports, "memory for the numbers");
	for (i = 0; i < XN_ARRAY_SIZE(numbers) && !err && good; i++) {
		err = bind_up_to(bound, numbers[i]);
		if (err)
			break;
		bound = numbers[i];
		for (run = 0; run < BENCH_RUNS && good; run++)
			good = measure(bound);
	}
	CHECK(good && (!err || err == -ENOSPC),
	      "all events came, with up to %u ports (error %d)", bound, err);
	for (i = 0; i < MAX_PORTS && ports[i]; i++)
		xn_evtchn_unbind(t, ports[i]);
}
