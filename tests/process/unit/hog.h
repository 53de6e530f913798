/* SPDX-License-Identifier: MIT */
/* A small grant table, and a user who takes most of it: for test_*_refs.c. */
#ifndef XENION_TEST_HOG_H
#define XENION_TEST_HOG_H

#define TABLE		2048u

static const struct host_config small_table = {
	.ram_pages = GUEST_PAGES, .max_grant_frames = 4,
};

static struct xn_gnttab *const gt = &t.x.guest.gnttab;

/* References in use until unhog() frees them. */
static grant_ref_t hogged[TABLE];
static unsigned int nr_hogged;

static inline void hog(unsigned int leave)
{
	grant_ref_t ref;

	while (xn_gnttab_unused(gt) > leave && !xn_gnttab_get(gt, &ref))
		hogged[nr_hogged++] = ref;
}

static inline void unhog(unsigned int n)
{
	while (n-- && nr_hogged)
		xn_gnttab_free(gt, hogged[--nr_hogged]);
}

#endif /* XENION_TEST_HOG_H */
