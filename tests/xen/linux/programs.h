/* SPDX-License-Identifier: MIT */
/*
 * What programs.c and programs_store.c need of each other.
 */
#ifndef XENION_TESTS_PROGRAMS_H
#define XENION_TESTS_PROGRAMS_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE	"/dev/xen/xenbus"
#define EVTCHN	"/dev/xen/evtchn"
#define ALLOC	"/dev/xen/gntalloc"

#define PAGE	4096

extern int failures;

#define expect(what) do {						\
	if (!(what)) {							\
		printf("# line %d: not so: %s (errno %d)\n", __LINE__,	\
		       #what, errno);					\
		failures++;						\
	}								\
} while (0)

/* Without this, the program has nothing to go on with. */
#define need(what) do {							\
	int before = failures;						\
									\
	expect(what);							\
	if (failures > before)						\
		exit(1);						\
} while (0)

int must_open(const char *path);
int fails(int ret, int err);
void set_nonblock(int fd, int on);

/* Pages for another domain; NULL: errno says why. */
struct ioctl_gntalloc_alloc_gref *alloc(int fd, unsigned int count,
					unsigned int domid, int flags);
/* A port that the domain may connect to, or -1. */
int bind_port(int fd, unsigned int domid);
void notify(int fd, uint32_t port);
/* Wait for the port's event, for a minute at most, and let the next one come. */
void hear(int fd, uint32_t port);

/* programs_map.c */
void share(unsigned int domid);
void map(uint16_t domid, uint32_t port, char **refs);
void lend(unsigned int domid);
void map_before(uint32_t ref);
void map_after(int anew);

/* programs_vchan.c */
void vchan_server(unsigned int domid, const char *path);
void vchan_client(unsigned int domid, const char *path);

/* programs_store.c */
void store(void);
void store_before(void);
void store_after(int anew);

#endif /* XENION_TESTS_PROGRAMS_H */
