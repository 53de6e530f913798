// SPDX-License-Identifier: MIT
/*
 * Rules and limits of /dev/xen/xenbus, by its wire protocol (xen/io/xs_wire.h).
 */
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include "programs.h"

static char body[XENSTORE_PAYLOAD_MAX + 1];

/* Waits for a message; a small read at a time. Returns: its type, and its body */
static int receive(int fd)
{
	struct xsd_sockmsg hdr;
	uint32_t got;

	if (read(fd, &hdr, 7) != 7 || read(fd, (char *)&hdr + 7, 9) != 9)
		return -1;
	for (got = 0; got < hdr.len; got++)
		if (read(fd, body + got, 1) != 1)
			return -1;
	body[got] = '\0';
	return hdr.type;
}

static int send_request(int fd, int type, int txn, const void *data, uint32_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .tx_id = txn, .len = len };

	if (write(fd, &hdr, 5) != 5 || write(fd, (char *)&hdr + 5, 11) != 11)
		return -1;
	return !len || write(fd, data, len) == (ssize_t)len ? 0 : -1;
}

static int talk(int fd, int type, int txn, const void *data, uint32_t len)
{
	return send_request(fd, type, txn, data, len) ? -1 : receive(fd);
}

static int says_error(int type, const char *name)
{
	return type == XS_ERROR && !strcmp(body, name);
}

static void store_rules(void)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };
	struct pollfd p = { .events = POLLIN | POLLOUT };
	int fd = must_open(STORE);

	p.fd = fd;
	expect(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
	expect(talk(fd, XS_READ, 0, "domid", 6) == XS_READ && atoi(body) > 0);
	expect(says_error(talk(fd, XS_READ, 0, "none", 5), "ENOENT"));
	expect(says_error(talk(fd, XS_WRITE, 0, "/none\0x", 7), "EACCES"));
	expect(says_error(talk(fd, XS_READ, 12345, "domid", 6), "ENOENT"));
	/* What is malformed is refused by the device, whatever xenstored would do. */
	expect(says_error(talk(fd, XS_RM, 0, "data\0gone", 10), "EINVAL"));
	expect(says_error(talk(fd, XS_READ, 0, "", 0), "EINVAL"));
	expect(says_error(talk(fd, XS_WATCH, 0, "/local/domain/\0t", 17), "EINVAL"));
	expect(says_error(talk(fd, 200, 0, "x", 2), "EINVAL"));
	expect(says_error(talk(fd, XS_WATCH_EVENT, 0, "x\0y", 4), "EINVAL"));
	expect(says_error(talk(fd, XS_WATCH, 0, "data", 5), "EINVAL"));
	expect(says_error(talk(fd, XS_WATCH, 0, "data\0t", 6), "EINVAL"));
	expect(says_error(talk(fd, XS_UNWATCH, 0, "data\0t", 7), "ENOENT"));
	expect(talk(fd, XS_RESET_WATCHES, 0, "", 1) == XS_RESET_WATCHES);
	expect(fails(write(fd, &hdr, sizeof(hdr)), EINVAL));
	expect(send_request(fd, XS_READ, 0, "domid", 6) == 0);
	expect(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT));
	expect(receive(fd) == XS_READ);
	set_nonblock(fd, 1);
	expect(fails(read(fd, body, 1), EAGAIN));
	close(fd);
}

/* Half of what xenstored allows, and all again when the file is closed. */
static void store_limits(void)
{
	char watch[32];
	int round, n, fd;

	for (round = 0; round < 3; round++) {
		fd = must_open(STORE);
		for (n = 0; n < 5; n++)
			expect(talk(fd, XS_TRANSACTION_START, 0, "", 1) ==
			       XS_TRANSACTION_START);
		expect(says_error(talk(fd, XS_TRANSACTION_START, 0, "", 1),
				  "ENOSPC"));
		set_nonblock(fd, 0);
		for (n = 0; n <= 64; n++) {
			int type, len = sprintf(watch, "data%c%d", 0, n) + 1;

			if (send_request(fd, XS_WATCH, 0, watch, len))
				expect(0);
			do
				type = receive(fd);
			while (type == XS_WATCH_EVENT);
			if (n < 64)
				expect(type == XS_WATCH);
			else
				expect(says_error(type, "ENOSPC"));
		}
		close(fd);
	}
}

/* A node with a value or a name of 200 bytes, so that little fills the queue. */
static uint32_t long_request(char *request, const char *node, int is_name)
{
	uint32_t len = sprintf(request, "%s", node);

	if (is_name)
		len += sprintf(request + len, "/%0200d", 0);
	return len + 1 + sprintf(request + len + 1, "%0200d", 0);
}

/* Who does not read makes no requests, and no other notices. */
static void store_unread(void)
{
	int fd = must_open(STORE), other = must_open(STORE), n = 0;
	char request[512];
	uint32_t len = long_request(request, "data/long", 0);

	expect(talk(fd, XS_WRITE, 0, request, len) == XS_WRITE);
	set_nonblock(fd, 1);
	while (n < 1000 && !send_request(fd, XS_READ, 0, "data/long", 10))
		n++;
	expect(n > 250 && n < 350 && errno == EAGAIN);
	expect(talk(other, XS_READ, 0, "domid", 6) == XS_READ);
	while (n-- > 0)
		expect(receive(fd) == XS_READ);
	expect(talk(fd, XS_READ, 0, "domid", 6) == XS_READ);
	close(fd);
	close(other);
}

/* Events that have no room become one, of the watched path itself. */
static void store_flood(void)
{
	int fd = must_open(STORE), other = must_open(STORE), n, type;
	char request[512];
	uint32_t len = long_request(request, "data/flood", 1);

	send_request(fd, XS_WATCH, 0, "data/flood\0token", 17);
	for (n = 0; n < 400; n++)
		expect(talk(other, XS_WRITE, 0, request, len) == XS_WRITE);
	set_nonblock(fd, 1);
	n = 0;
	while ((type = receive(fd)) > 0)
		n += type == XS_WATCH_EVENT;
	expect(errno == EAGAIN && n > 200 && n < 350);
	expect(!strcmp(body, "data/flood") && !strcmp(body + 11, "token"));
	/* And from now on each one again. */
	expect(talk(other, XS_WRITE, 0, "data/flood/a\0x", 14) == XS_WRITE);
	set_nonblock(fd, 0);
	expect(receive(fd) == XS_WATCH_EVENT && !strcmp(body, "data/flood/a"));
	close(fd);
	close(other);
}

void store(void)
{
	store_rules();
	store_limits();
	store_unread();
	store_flood();
}

/* ---- around a suspend ---- */

static int survivor, survivor_txn;

void store_before(void)
{
	survivor = must_open(STORE);
	/* The reply and the first event, in any order. */
	expect(talk(survivor, XS_WATCH, 0, "data/kept\0token", 16) +
	       receive(survivor) == XS_WATCH + XS_WATCH_EVENT);
	expect(talk(survivor, XS_TRANSACTION_START, 0, "", 1) ==
	       XS_TRANSACTION_START);
	survivor_txn = atoi(body);
}

/* In a new domain the watch has fired, as new ones do, and the transaction failed. */
void store_after(int anew)
{
	int txn = survivor_txn;

	if (anew) {
		expect(receive(survivor) == XS_WATCH_EVENT &&
		       !strcmp(body, "data/kept"));
		expect(says_error(talk(survivor, XS_READ, txn, "domid", 6),
				  "EAGAIN"));
		expect(says_error(talk(survivor, XS_TRANSACTION_END, txn, "T", 2),
				  "EAGAIN"));
		expect(says_error(talk(survivor, XS_TRANSACTION_END, txn, "T", 2),
				  "ENOENT"));
	} else {
		expect(talk(survivor, XS_READ, txn, "domid", 6) == XS_READ);
	}
	expect(send_request(survivor, XS_WRITE, 0, "data/kept/a\0x", 13) == 0);
	expect(receive(survivor) + receive(survivor) == XS_WRITE + XS_WATCH_EVENT);
}
