/* SPDX-License-Identifier: MIT */
/* A client of 9P2000.L with one file open, on top of os/bare/dev/9p.c. */
#ifndef SESSION_H
#define SESSION_H

#include "devices.h"

#define SESSION_MSIZE	4096
#define SESSION_READ_AT	11	/* where a reply to a read has the data */

struct session {
	struct bare_9p p9;
	uint32_t len;
	uint8_t msg[128], reply[SESSION_MSIZE];
};

/*
 * Version and attach; walk to a file; open, read and clunk it. Each returns the
 * reply's length; -ENOENT for an error of the server, another negative errno
 * value for one of the transport.
 */
int session_begin(struct session *s);
int session_walk(struct session *s, const char *name);
int session_open(struct session *s);
/* Returns: the number of bytes in the reply, from SESSION_READ_AT on. */
int session_read(struct session *s, uint64_t offset);
int session_clunk(struct session *s);

#endif /* SESSION_H */
