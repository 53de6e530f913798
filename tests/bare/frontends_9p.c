// SPDX-License-Identifier: MIT
/*
 * A file system of dom0's (xen-public/io/9pfs.h): a program that speaks 9P2000.L
 * itself (version, attach, walk, lopen, read, clunk) reads one file, which is
 * longer than a message, and finds what dom0 (domu.dom0.sh) has written. A file
 * that is not there is an error of the server's, and no fault of the transport.
 */
#include "devices.h"
#include "selftest.h"

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

#define MSIZE		4096
#define FILE_BYTES	10000
#define READ_AT		11	/* where a reply to a read has the data */

static struct bare_9p p9;
static uint8_t msg[128], reply[MSIZE];
static uint32_t msg_len;

static void msg_put(uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		msg[msg_len++] = value;
		value >>= 8;
	}
}

static void msg_put_string(const char *s)
{
	msg_put(strlen(s), 2);
	while (*s)
		msg_put(*s++, 1);
}

static void msg_begin(uint8_t type, uint16_t tag)
{
	msg_len = 4;
	msg_put(type, 1);
	msg_put(tag, 2);
}

/* Returns: the length of an answer that is no error. */
static int msg_call(void)
{
	uint32_t len = msg_len;
	int got;

	msg_len = 0;
	msg_put(len, 4);
	got = bare_9p_call(&p9, msg, len, reply, sizeof(reply));
	if (got > 0 && reply[4] == XN_9P_RLERROR)
		return -ENOENT;
	return got;
}

static int session_begin(void)
{
	int got;

	msg_begin(P9_TVERSION, P9_NOTAG);
	msg_put(MSIZE, 4);
	msg_put_string("9P2000.L");
	got = msg_call();
	if (got < 0)
		return got;
	msg_begin(P9_TATTACH, 0);
	msg_put(FID_ROOT, 4);
	msg_put(P9_NOFID, 4);
	msg_put_string("root");
	msg_put_string("");
	msg_put(0, 4);
	return msg_call();
}

static int file_walk(const char *name)
{
	msg_begin(P9_TWALK, 0);
	msg_put(FID_ROOT, 4);
	msg_put(FID_FILE, 4);
	msg_put(1, 2);
	msg_put_string(name);
	return msg_call();
}

static int file_open(void)
{
	msg_begin(P9_TLOPEN, 0);
	msg_put(FID_FILE, 4);
	msg_put(0, 4);
	return msg_call();
}

/* Returns: how many bytes lie in the reply from READ_AT on. */
static int file_read(uint64_t offset)
{
	int got;

	msg_begin(P9_TREAD, 1);
	msg_put(FID_FILE, 4);
	msg_put(offset, 8);
	msg_put(MSIZE - 64, 4);
	got = msg_call();
	return got < 0 ? got : got - READ_AT;
}

static int fid_clunk(uint32_t fid)
{
	msg_begin(P9_TCLUNK, 0);
	msg_put(fid, 4);
	return msg_call();
}

/* dom0 has written the letters in their order, again and again. */
static bool is_alphabet(const uint8_t *p, uint32_t len, uint32_t offset)
{
	while (len--)
		if (*p++ != 'a' + offset++ % 26)
			return false;
	return true;
}

static void file_check(void)
{
	uint32_t offset = 0;
	bool good = true;
	int got;

	while (good && (got = file_read(offset)) > 0) {
		good = is_alphabet(reply + READ_AT, got, offset);
		offset += got;
	}
	CHECK(good && offset == FILE_BYTES, "its %u bytes (%u)", FILE_BYTES,
	      offset);
}

SELFTEST(frontends, 9p, NEEDS_STORE | NEEDS_DOM0)
{
	unsigned int refs = xn_gnttab_used(&bare_guest.gnttab);
	struct xn_xs *xs = &bare_guest.xs;
	char word[64];
	int err;

	if (xn_xs_read(xs, XN_XS_NOTXN, "device/9pfs/0/tag", "", word,
		       sizeof(word)) < 0) {
		selftest_skip("this guest has no 9P file system");
		return;
	}
	while (xn_xs_read(xs, XN_XS_NOTXN, "data/dom0", "", word,
			  sizeof(word)) == -ENOENT)
		bare_sleep(100 * XN_NSEC_PER_MSEC);
	memset(&p9, 0, sizeof(p9));
	err = bare_9p_open(&p9, 0);
	REQUIRE(!err, "connected (error %d)", err);
	CHECK(!strcmp(p9.p9.info.tag, "bare"), "its tag");
	err = session_begin();
	CHECK(err > 0, "a session (%d)", err);
	CHECK(file_walk("nosuch") == -ENOENT, "a file that is not there");
	err = file_walk("file");
	CHECK(err > 0, "one that is (%d)", err);
	err = file_open();
	CHECK(err > 0, "it is opened (%d)", err);
	file_check();
	CHECK(fid_clunk(FID_FILE) > 0, "it is closed");
	CHECK(!p9.p9.fe.refused, "nothing was refused");
	bare_9p_close(&p9);
	CHECK(bare_9p_call(&p9, msg, 11, reply, sizeof(reply)) == -ENODEV,
	      "closed: -ENODEV");
	CHECK(xn_gnttab_used(&bare_guest.gnttab) == refs,
	      "no grant reference was left behind");
}
