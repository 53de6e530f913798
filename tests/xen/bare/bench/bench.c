// SPDX-License-Identifier: MIT
/*
 * The calibration of the benchmarks' clock, and the costs that are part of all
 * others: a hypercall that does nothing (XENVER_version in
 * xen-public/version.h) and a read of the clock.
 */
#include <xenion/format.h>
#include <xen-public/version.h>
#include "bench.h"

#define LOOP		1000000u
#define TOLERANCE	(LOOP / 100)
#define CALLS		100u

uint64_t bench_overhead;

void bench_row(uint64_t cycles, unsigned int count, const char *fmt, ...)
{
	uint64_t tenths;
	char name[40];
	va_list ap;

	va_start(ap, fmt);
	xn_vformat(name, sizeof(name), fmt, ap);
	va_end(ap);
	cycles = cycles > bench_overhead ? cycles - bench_overhead : 0;
	tenths = cycles * 10 / BENCH_CYCLES / count;
	bare_print("#= %s %lu.%lu\n", name, tenths / 10, tenths % 10);
}

/* Two instructions per round. */
static uint64_t loop(void)
{
	uint64_t begin = xn_cycles();
	uint32_t n = LOOP / 2;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r" (n) : : "cc");
	return xn_cycles() - begin;
}

/* Runs before all others except boot, by its name: they need the overhead. */
BENCH(calibration, 0)
{
	uint64_t least = UINT64_MAX, begin, took;
	unsigned int i;

	bench_overhead = UINT64_MAX;
	for (i = 0; i < CALLS; i++) {
		begin = xn_cycles();
		took = xn_cycles() - begin;
		if (took < bench_overhead)
			bench_overhead = took;
	}
	for (i = 0; i < BENCH_RUNS; i++) {
		took = loop();
		bench_row(took, 1, "calibration");
		if (took < least)
			least = took;
	}
	least /= BENCH_CYCLES;
	/* In at least one run, nothing else ran meanwhile. */
	CHECK(least >= LOOP - TOLERANCE && least <= LOOP + TOLERANCE,
	      "a loop of %u instructions reads %lu", LOOP, least);
}

BENCH(hypercall, 0)
{
	unsigned int run, i;
	uint64_t begin, end;
	long version = 0;

	for (run = 0; run < BENCH_RUNS; run++) {
		begin = xn_cycles();
		for (i = 0; i < CALLS; i++)
			version = xn_hypercall(__HYPERVISOR_xen_version,
					       XENVER_version, 0, 0, 0, 0);
		end = xn_cycles();
		bench_row(end - begin, CALLS, "hypercall");
		begin = xn_cycles();
		for (i = 0; i < CALLS; i++)
			xn_os_now();
		end = xn_cycles();
		bench_row(end - begin, CALLS, "clock");
	}
	CHECK(version > 0, "Xen %lu.%lu answers", version >> 16,
	      version & 0xffff);
}
