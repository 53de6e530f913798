// SPDX-License-Identifier: MIT
/*
 * A file system of dom0's (xen-public/io/9pfs.h): a program that speaks
 * 9P2000.L itself (version, attach, walk, lopen, read, clunk) reads a file,
 * which is longer than a message, and finds what dom0 (domu.dom0.sh) has
 * written. A missing file is an error of the server, not of the transport.
 */
#include "selftest.h"
#include "session.h"

#define FILE_BYTES	10000

static struct session session;

/* dom0 has written the alphabet repeatedly. */
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

	while (good && (got = session_read(&session, offset)) > 0) {
		good = is_alphabet(session.reply + SESSION_READ_AT, got,
				   offset);
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
	memset(&session, 0, sizeof(session));
	err = bare_9p_open(&session.p9, 0);
	REQUIRE(!err, "connected (error %d)", err);
	CHECK(!strcmp(session.p9.p9.info.tag, "bare"), "its tag");
	err = session_begin(&session);
	CHECK(err > 0, "a session (%d)", err);
	CHECK(session_walk(&session, "nosuch") == -ENOENT, "a file that is not there");
	err = session_walk(&session, "file");
	CHECK(err > 0, "one that is (%d)", err);
	err = session_open(&session);
	CHECK(err > 0, "it is opened (%d)", err);
	file_check();
	CHECK(session_clunk(&session) > 0, "it is closed");
	CHECK(!session.p9.p9.fe.refused, "nothing was refused");
	bare_9p_close(&session.p9);
	CHECK(session_clunk(&session) == -ENODEV,
	      "closed: -ENODEV");
	CHECK(xn_gnttab_used(&bare_guest.gnttab) == refs,
	      "no grant reference was left behind");
}
