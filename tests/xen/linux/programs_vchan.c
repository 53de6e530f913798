// SPDX-License-Identifier: MIT
/*
 * Xen's own library for a stream between two domains, as it is (libxenvchan.h): the
 * server's pages come from /dev/xen/gntalloc, the client's from /dev/xen/gntdev, and each
 * hears by /dev/xen/evtchn that the other has gone.
 */
#include <stdint.h>
#include <stdlib.h>

#include <libxenvchan.h>
#include "programs.h"

/* The one way's ring has pages of its own, the other's is in the page for both. */
#define RING_TO_SERVER	(4 * PAGE)
#define RING_TO_CLIENT	1024

/* More than goes around once. */
#define ROUNDS	64
#define PIECE	3000

static void fill(char *piece, unsigned int round)
{
	unsigned int i;

	for (i = 0; i < PIECE; i++)
		piece[i] = i * 7 + round;
}

static struct libxenvchan *opened(struct libxenvchan *v)
{
	if (!v) {
		perror("libxenvchan");
		exit(1);
	}
	v->blocking = 1;
	return v;
}

/* One who sends back what comes, until the client goes. */
void vchan_server(unsigned int domid, const char *path)
{
	struct libxenvchan *v = opened(libxenvchan_server_init(NULL, domid, path,
							       RING_TO_SERVER,
							       RING_TO_CLIENT));
	char piece[PIECE];
	unsigned int n = 0;

	printf("ready\n");
	fflush(stdout);
	while (libxenvchan_recv(v, piece, PIECE) == PIECE) {
		expect(libxenvchan_send(v, piece, 100) == 100);
		expect(libxenvchan_write(v, piece + 100, PIECE - 100) ==
		       PIECE - 100);
		n++;
	}
	expect(n == ROUNDS);
	expect(libxenvchan_is_open(v) == 0);
	libxenvchan_close(v);
	printf("%s\n", failures ? "failed" : "over");
}

void vchan_client(unsigned int domid, const char *path)
{
	struct libxenvchan *v = opened(libxenvchan_client_init(NULL, domid, path));
	static char piece[PIECE], back[PIECE];
	unsigned int i, got;
	int n;

	for (i = 0; i < ROUNDS; i++) {
		fill(piece, i);
		expect(libxenvchan_send(v, piece, PIECE) == PIECE);
		for (got = 0; got < PIECE; got += n) {
			n = libxenvchan_read(v, back + got, PIECE - got);
			if (n <= 0) {
				expect(n > 0);
				exit(1);
			}
		}
		expect(!memcmp(piece, back, PIECE));
		memset(back, 0, PIECE);
	}
	libxenvchan_close(v);
}
