// SPDX-License-Identifier: MIT
/*
 * The reference kernel with devices whose backends lie, one after the other
 * (backend.h). The node data/lie has the name of the lie while there is a
 * device for it, "gone" in between, and "end" at last. The guest uses each
 * device as long as it is there.
 */
#include "devices.h"
#include "selftest.h"
#include "session.h"

#define XVDB	51728
#define VIF	7
#define FILES	0
#define LEN	(64u * 1024)
#define CANARY	256u			/* pages */

static char lie[64];
static struct bare_disk disk;
static struct bare_net net;
static struct session session;
static char *data;

static void read_lie(char *word, unsigned int size)
{
	int len = xn_xs_read(&bare_guest.xs, XN_XS_NOTXN, "data/lie", "", word,
			     size);

	if (len < 0)
		word[0] = '\0';
}

static bool lasts(void)
{
	char now[sizeof(lie)];

	read_lie(now, sizeof(now));
	return !strcmp(now, lie);
}

static void use_disk(void)
{
	memset(&disk, 0, sizeof(disk));
	if (bare_disk_open(&disk, XVDB, NULL))
		return;
	/* Use the disk in spite of errors. */
	while (disk.connected && lasts()) {
		bare_disk_io(&disk, XN_BLK_READ, 0, data, LEN);
		bare_disk_io(&disk, XN_BLK_READ, 0, data, 4096);
		bare_disk_io(&disk, XN_BLK_WRITE, 256, data, 4096);
		bare_sleep(20 * XN_NSEC_PER_MSEC);
	}
	bare_disk_close(&disk);
}

static void rx(void *arg, const struct xn_net_received *pkt)
{
	unsigned int i, n, sum = 0;

	/* Read all of it: a part may be outside of memory. */
	for (i = 0; i < pkt->nr; i++)
		for (n = 0; n < pkt->piece[i].len; n++)
			sum += ((const uint8_t *)pkt->piece[i].page)
				[pkt->piece[i].offset + n];
	*(volatile unsigned int *)arg = sum;
}

static void use_nic(void)
{
	static unsigned int sum;
	void *page;

	memset(&net, 0, sizeof(net));
	net.rx = rx;
	net.data = &sum;
	if (bare_net_open(&net, VIF))
		return;
	while (net.live && lasts()) {
		page = bare_net_get(&net);
		if (page) {
			memset(page, 0xff, 900);
			bare_net_send(&net, page, 900);
		}
		bare_sleep(10 * XN_NSEC_PER_MSEC);
	}
	bare_net_close(&net);
}

/* Use the file in spite of errors. */
static void use_file(void)
{
	unsigned int i;

	session_begin(&session);
	session_walk(&session, "file");
	session_open(&session);
	for (i = 0; i < 4; i++)
		session_read(&session, i * SESSION_MSIZE);
	session_clunk(&session);
}

static void use_files(void)
{
	memset(&session, 0, sizeof(session));
	if (bare_9p_open(&session.p9, FILES))
		return;
	while (session.p9.connected && lasts()) {
		use_file();
		bare_sleep(20 * XN_NSEC_PER_MSEC);
	}
	bare_9p_close(&session.p9);
}

static void mark(uint32_t *canary)
{
	unsigned int i;

	for (i = 0; i < CANARY * XN_PAGE_SIZE / 4; i++)
		canary[i] = i * 2654435761u;
}

static bool intact(const uint32_t *canary)
{
	unsigned int i;

	for (i = 0; i < CANARY * XN_PAGE_SIZE / 4; i++)
		if (canary[i] != i * 2654435761u)
			return false;
	return true;
}

/* Do events without work come, so many that they must be held back? */
static bool is_storm(void)
{
	return !strcmp(lie, "events-only") || !strcmp(lie, "tx-storms") ||
	       !strcmp(lie, "storms-during-io");
}

SELFTEST(hostile, devices, NEEDS_STORE)
{
	unsigned int refs = xn_gnttab_used(&bare_guest.gnttab), i;
	uint32_t *canary = bare_pages(CANARY, 1);
	uint64_t held;

	data = bare_pages(LEN / XN_PAGE_SIZE, 1);
	REQUIRE(canary && data, "memory");
	mark(canary);
	bare_print("# tell ready\n");
	for (;;) {
		do {
			bare_sleep(20 * XN_NSEC_PER_MSEC);
			read_lie(lie, sizeof(lie));
		} while (!lie[0] || !strcmp(lie, "gone"));
		if (!strcmp(lie, "end"))
			break;
		held = bare_stat[XN_STAT_EVENT_HELD];
		while (lasts()) {
			use_disk();
			use_nic();
			use_files();
			bare_sleep(20 * XN_NSEC_PER_MSEC);
		}
		CHECK(intact(canary), "%s: memory is as it was", lie);
		if (is_storm())
			CHECK(bare_stat[XN_STAT_EVENT_HELD] > held,
			      "%s: its events were held back", lie);
		bare_print("# tell over-%s\n", lie);
	}
	/* Grants that a backend kept mapped end late. */
	for (i = 0; i < 300 && xn_gnttab_used(&bare_guest.gnttab) != refs; i++)
		bare_sleep(100 * XN_NSEC_PER_MSEC);
	CHECK(xn_gnttab_used(&bare_guest.gnttab) == refs,
	      "no grant was left behind: %u, and %u at first",
	      xn_gnttab_used(&bare_guest.gnttab), refs);
}
