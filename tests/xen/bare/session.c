// SPDX-License-Identifier: MIT
/*
 * The messages of 9P2000.L that are needed to read a file: version, attach,
 * walk, lopen, read, clunk.
 */
#include "session.h"

#define P9_TLOPEN	12
#define P9_TVERSION	100
#define P9_TATTACH	104
#define P9_TWALK	110
#define P9_TREAD	116
#define P9_TCLUNK	120

#define P9_NOTAG	0xffff
#define P9_NOFID	0xffffffff
#define FID_ROOT	1
#define FID_FILE	2

static void msg_put(struct session *s, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		s->msg[s->len++] = value;
		value >>= 8;
	}
}

static void msg_put_string(struct session *s, const char *text)
{
	msg_put(s, strlen(text), 2);
	while (*text)
		msg_put(s, *text++, 1);
}

static void msg_begin(struct session *s, uint8_t type, uint16_t tag)
{
	s->len = 4;
	msg_put(s, type, 1);
	msg_put(s, tag, 2);
}

static int msg_call(struct session *s)
{
	uint32_t len = s->len;
	int got;

	s->len = 0;
	msg_put(s, len, 4);
	got = bare_9p_call(&s->p9, s->msg, len, s->reply, sizeof(s->reply));
	if (got > 0 && s->reply[4] == XN_9P_RLERROR)
		return -ENOENT;
	return got;
}

int session_begin(struct session *s)
{
	int got;

	msg_begin(s, P9_TVERSION, P9_NOTAG);
	msg_put(s, SESSION_MSIZE, 4);
	msg_put_string(s, "9P2000.L");
	got = msg_call(s);
	if (got < 0)
		return got;
	msg_begin(s, P9_TATTACH, 0);
	msg_put(s, FID_ROOT, 4);
	msg_put(s, P9_NOFID, 4);
	msg_put_string(s, "root");
	msg_put_string(s, "");
	msg_put(s, 0, 4);
	return msg_call(s);
}

int session_walk(struct session *s, const char *name)
{
	msg_begin(s, P9_TWALK, 0);
	msg_put(s, FID_ROOT, 4);
	msg_put(s, FID_FILE, 4);
	msg_put(s, 1, 2);
	msg_put_string(s, name);
	return msg_call(s);
}

int session_open(struct session *s)
{
	msg_begin(s, P9_TLOPEN, 0);
	msg_put(s, FID_FILE, 4);
	msg_put(s, 0, 4);
	return msg_call(s);
}

int session_read(struct session *s, uint64_t offset)
{
	int got;

	msg_begin(s, P9_TREAD, 1);
	msg_put(s, FID_FILE, 4);
	msg_put(s, offset, 8);
	msg_put(s, SESSION_MSIZE - 64, 4);
	got = msg_call(s);
	return got < 0 ? got : got - SESSION_READ_AT;
}

int session_clunk(struct session *s)
{
	msg_begin(s, P9_TCLUNK, 0);
	msg_put(s, FID_FILE, 4);
	return msg_call(s);
}
