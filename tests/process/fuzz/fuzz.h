/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: the input, read as a program for the host; a
 * bound on what the guest may do in answer to one step of it; memory of the
 * guest's of which each byte is known; grants that the other side holds.
 *
 * A target is a function of its input alone: fuzz_begin() makes all as it was
 * when the process began. What must hold is asserted as in a unit test; a
 * failed assertion ends the process, and libFuzzer keeps the input.
 */
#ifndef XENION_FUZZ_H
#define XENION_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"
#include "internal.h"
#include "xenstore.h"

/* What the guest may do until it comes to rest: see fuzz_bound(). */
#define FUZZ_CALLS	20000u
#define FUZZ_ROUNDS	20000u

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* Guests come and go: what they had need not be kept for long. */
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
	/* A failed assertion is the end, not a jump to a test's end. */
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

/* Behind the end of the input there are zeroes. */
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

/* Mostly a small number or one at an edge, by one byte; else any. */
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

/* A step of the host's: what follows of it has its own bound. */
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

/* Once there is a guest. */
static inline void fuzz_watch_rounds(struct host_guest *g)
{
	host_add_step(g, fuzz_round, NULL);
}

#endif /* XENION_FUZZ_H */
