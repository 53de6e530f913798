/* SPDX-License-Identifier: MIT */
/*
 * What programs.c and programs_store.c need of each other.
 */
#ifndef XENION_TESTS_PROGRAMS_H
#define XENION_TESTS_PROGRAMS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STORE	"/dev/xen/xenbus"

extern int failures;

#define expect(what) do {						\
	if (!(what)) {							\
		printf("# line %d: not so: %s (errno %d)\n", __LINE__,	\
		       #what, errno);					\
		failures++;						\
	}								\
} while (0)

int must_open(const char *path);
int fails(int ret, int err);
void set_nonblock(int fd, int on);

/* programs_store.c */
void store(void);
void store_before(void);
void store_after(int anew);

#endif /* XENION_TESTS_PROGRAMS_H */
