// SPDX-License-Identifier: MIT
/*
 * Every fault in the life of a file system, as of any device: sweep_device.h.
 * Each request is completed once.
 */
/* A small guest: it is made thousands of times. */
#define GUEST_PAGES	2048

#include "9p_backend.h"
#include "sweep_resume.h"

#define NR_IO		6u
#define T_READ		116

static struct io ios[NR_IO];
static bool submitted[NR_IO];

static const struct xn_9p_config one = {
	.max_rings = 1, .max_ring_order = ORDER,
};

static const struct xn_9p_config two = {
	.max_rings = 2, .max_ring_order = ORDER,
};

/* ---- requests ---- */

/* The requests just fit the ring, even if the backend does not read it. */
static void io_begin(void)
{
	static const uint32_t lens[NR_IO] = {
		21, XN_9P_HEADER, 4096, 100, 3000, 900,
	};
	unsigned int i;

	for (i = 0; i < NR_IO; i++)
		submitted[i] = !t_submit(&ios[i], T_READ, i, lens[i]);
}

static bool io_waits(void)
{
	unsigned int i;

	for (i = 0; i < NR_IO; i++)
		if (submitted[i] && !ios[i].done)
			return true;
	return false;
}

/* t_complete() checks that no request is completed twice. */
static void io_check(bool all_well)
{
	unsigned int i;

	for (i = 0; i < NR_IO; i++) {
		if (all_well)
			assert_true(submitted[i]);
		if (submitted[i])
			assert_true(ios[i].done);
		if (all_well)
			assert_true(io_is_answered(&ios[i]));
		submitted[i] = false;
	}
}

/* ---- the file system ---- */

static void p9_begin(const void *config)
{
	t_setup(NULL);
	memset(submitted, 0, sizeof(submitted));
}

static int p9_attach(const void *config)
{
	return t_init(config);
}

static void p9_detach(void)
{
	xn_9p_fini(&t.p9);
}

static bool p9_is_up(void)
{
	return t.p9.fe.phase == XN_FRONTEND_CONNECTED;
}

static void p9_wake(void)
{
	unsigned int i;

	for (i = 0; i < t.b.nr_rings; i++)
		be_run(&t.b.ring[i]);
}

static const struct sweep_device device = {
	.begin = p9_begin,
	.attach = p9_attach,
	.detach = p9_detach,
	.traffic = io_begin,
	.waits = io_waits,
	.check = io_check,
	.is_up = p9_is_up,
	.fe = &t.p9.fe,
	.wake = p9_wake,
};

static const struct sweep_scenario scenarios[] = {
	{ "9p", sweep_life, &one },
	{ "9p-rings", sweep_life, &two },
	{ "9p-return", sweep_return, &two },
	{ "9p-plug", sweep_plug, &one },
	{ "9p-pull", sweep_pull, &two },
	{ "9p-restore", sweep_restore, &two },
	{ "9p-restore-twice", sweep_restore_twice, &two },
	{ "9p-cancel", sweep_cancel, &two },
};

int main(void)
{
	return sweep_all("sweep-9p", scenarios, XN_ARRAY_SIZE(scenarios));
}
