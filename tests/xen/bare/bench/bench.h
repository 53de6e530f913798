/* SPDX-License-Identifier: MIT */
/*
 * What the library costs, in instructions: each benchmark is a selftest of
 * the room "bench" that prints lines
 *
 *	#= NAME VALUE
 *
 * one for each repetition, which tests/xen/bench/bench-guest evaluates. The
 * unit is one instruction, of this guest, of Xen or of another domain that runs
 * in between: under QEMU's instruction counter each takes 2 ns, and the
 * processor's counter counts ns.
 */
#ifndef BENCH_H
#define BENCH_H

#include "selftest.h"

#define BENCH(name, needs)	SELFTEST(bench, name, needs)

#define BENCH_RUNS		5
#define BENCH_CYCLES		2	/* of the counter, per instruction */

/* The cost of two successive readings of the counter. */
extern uint64_t bench_overhead;

/* Print a figure: @cycles between two readings, for @count operations. */
void bench_row(uint64_t cycles, unsigned int count, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- devices.c: devices, opened when first used ---- */

/* Read the disk's first block. */
bool bench_disk_read(void);

/* Ask dom0 for its hardware address, and wait for the answer. */
bool bench_net_ask(void);

/* ---- boot.c: the linker wraps these functions ---- */

void __real_xn_start_pvh(uint32_t start_info);
void __wrap_xn_start_pvh(uint32_t start_info);
void __real_xn_start_pv(uint64_t start_info, uint64_t entry_cycles);
void __wrap_xn_start_pv(uint64_t start_info, uint64_t entry_cycles);
void __real_xn_start(const struct xn_boot_info *info);
void __wrap_xn_start(const struct xn_boot_info *info);
int __real_xn_evtchn_init(struct xn_evtchn_table *t,
			  const struct xn_vcpus *vcpus,
			  const struct xn_evtchn_ops *ops);
int __wrap_xn_evtchn_init(struct xn_evtchn_table *t,
			  const struct xn_vcpus *vcpus,
			  const struct xn_evtchn_ops *ops);
void __real_bare_cpus_init(void);
void __wrap_bare_cpus_init(void);
int __real_xn_gnttab_init(struct xn_gnttab *gt, unsigned int version);
int __wrap_xn_gnttab_init(struct xn_gnttab *gt, unsigned int version);
void __real_bare_main(void);
void __wrap_bare_main(void);

#endif /* BENCH_H */
