/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: the input, read as a program for the host, and a
 * bound on what the guest may do in answer to one step of it.
 *
 * A target depends on its input alone: fuzz_begin() resets everything to the
 * state in which the process began. Targets assert as unit tests do; a failed
 * assertion ends the process, and libFuzzer keeps the input.
 */
#ifndef XENION_FUZZ_H
#define XENION_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"
#include "internal.h"
#include "xenstore.h"

/*
 * Limits of what the guest may do after one step: see fuzz_bound(). A target may set its
 * own.
 */
#define FUZZ_CALLS	20000u
#ifndef FUZZ_ROUNDS
#define FUZZ_ROUNDS	20000u
#endif

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* Each input makes a guest: do not keep much freed memory in quarantine. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=4:detect_leaks=0";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* A failed assertion aborts; it does not jump to a test's end. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	return 0;
}

/* ---- the input ---- */

static struct {
	const uint8_t *at, *end;
	unsigned int calls, rounds;
} fuzz;

static inline size_t fuzz_left(void)
{
	return fuzz.end - fuzz.at;
}

/* Past the end of the input, reads return 0. */
static inline uint8_t fuzz_u8(void)
{
	return fuzz.at < fuzz.end ? *fuzz.at++ : 0;
}

static inline uint16_t fuzz_u16(void)
{
	uint16_t low = fuzz_u8();

	return low | fuzz_u8() << 8;
}

static inline uint32_t fuzz_u32(void)
{
	uint32_t low = fuzz_u16();

	return low | (uint32_t)fuzz_u16() << 16;
}

static inline uint64_t fuzz_u64(void)
{
	uint64_t low = fuzz_u32();

	return low | (uint64_t)fuzz_u32() << 32;
}

static inline unsigned int fuzz_below(unsigned int n)
{
	return fuzz_u8() % n;
}

/* One byte gives a small number or one near a power of two; else any number. */
static inline uint32_t fuzz_number(void)
{
	uint8_t b = fuzz_u8();

	if (b < 0x80)
		return b;
	if (b < 0xa0)
		return 1u << (b & 31);
	if (b < 0xc0)
		return (1u << (b & 31)) - 1;
	if (b < 0xe0)
		return -(b & 31u);
	return fuzz_u32();
}

/* Up to @max bytes as they are. */
static inline const uint8_t *fuzz_bytes(size_t max, size_t *len)
{
	const uint8_t *at = fuzz.at;

	*len = max < fuzz_left() ? max : fuzz_left();
	fuzz.at += *len;
	return at;
}

/* ---- work is bounded ---- */

static inline void fuzz_call(unsigned int nr, unsigned int cmd, void *arg,
			     unsigned int count, long *ret)
{
	if (++fuzz.calls > FUZZ_CALLS)
		host_bug("hypercalls without end: %u, command %u", nr, cmd);
}

static inline bool fuzz_round(void *data)
{
	if (++fuzz.rounds > FUZZ_ROUNDS)
		host_bug("the guest does not come to rest");
	return false;
}

/* Called before each step of the host: each one has limits of its own. */
static inline void fuzz_bound(void)
{
	fuzz.calls = 0;
	fuzz.rounds = 0;
}

static inline void fuzz_begin(const uint8_t *data, size_t size)
{
	host_reset();
	fuzz.at = data;
	fuzz.end = data + size;
	fuzz_bound();
	host_set_liar(fuzz_call);
}

/* Call this after the guest was created. */
static inline void fuzz_watch_rounds(struct host_guest *g)
{
	host_add_step(g, fuzz_round, NULL);
}

#endif /* XENION_FUZZ_H */
