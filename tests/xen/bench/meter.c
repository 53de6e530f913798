// SPDX-License-Identifier: MIT
/*
 * What "make bench" measures with a program of its own, in the guest and in dom0:
 *
 *     meter clock            ns for a call of clock_gettime()
 *     meter timer            us for a timer's interrupt, with its signal to a program
 *     meter spin SECONDS     how many turns a loop makes in that time
 *     meter beat DISK HOST   a block of the disk read and a datagram sent to the host,
 *                            each millisecond, for ever
 *     meter gap              the longest time between two such datagrams, in ms: ends at
 *                            the first that comes after SIGTERM
 *
 * Each prints its figure. Called by life.sh and life.dom0.sh.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PORT		7000
#define BLOCK		4096
#define CLOCK_CALLS	500000
#define TIMER_TURNS	200000000ul
#define TIMER_US	1000
/* A gap that is longer never ends. */
#define GAP_SECONDS	300

static volatile sig_atomic_t signals;

static void count_signal(int nr)
{
	(void)nr;
	signals++;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void spin(unsigned long turns)
{
	while (turns--)
		asm volatile("");
}

static void catch_signal(int nr)
{
	struct sigaction act = { .sa_handler = count_signal };

	if (sigaction(nr, &act, NULL))
		err(1, "sigaction");
}

static void do_clock(void)
{
	uint64_t begin = now();

	for (int i = 0; i < CLOCK_CALLS; i++)
		now();
	printf("%.2f\n", (double)(now() - begin) / CLOCK_CALLS);
}

static void do_timer(void)
{
	struct itimerval every = {
		.it_interval.tv_usec = TIMER_US, .it_value.tv_usec = TIMER_US
	};
	uint64_t begin, without, with;

	catch_signal(SIGALRM);
	begin = now();
	spin(TIMER_TURNS);
	without = now() - begin;
	if (setitimer(ITIMER_REAL, &every, NULL))
		err(1, "setitimer");
	begin = now();
	spin(TIMER_TURNS);
	with = now() - begin;
	if (!signals || with < without)
		errx(1, "%d signals, and no time for them", (int)signals);
	printf("%.2f\n", (with - without) / 1000.0 / signals);
}

static void do_spin(unsigned int seconds)
{
	uint64_t end = now() + seconds * 1000000000ull;
	unsigned long n = 0;

	do {
		spin(1000);
		n++;
	} while (now() < end);
	printf("%lu\n", n);
}

static void do_beat(const char *disk, const char *host)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct timespec ms = { .tv_nsec = 1000000 };
	int fd = open(disk, O_RDONLY | O_DIRECT);
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	void *block = aligned_alloc(BLOCK, BLOCK);

	if (fd < 0 || s < 0 || !block)
		err(1, "%s", disk);
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		errx(1, "%s is no address", host);
	for (;;) {
		if (pread(fd, block, BLOCK, 0) != BLOCK)
			err(1, "%s", disk);
		/* Not while the network is away: then there is no beat. */
		sendto(s, "", 1, 0, (struct sockaddr *)&to, sizeof(to));
		nanosleep(&ms, NULL);
	}
}

static void do_gap(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t last, t, longest = 0;
	char c;

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)))
		err(1, "port %d", PORT);
	alarm(GAP_SECONDS);
	if (recv(s, &c, 1, 0) < 0)
		err(1, "no beat");
	last = now();
	catch_signal(SIGTERM);
	for (;;) {
		if (recv(s, &c, 1, 0) < 0)
			continue;	/* SIGTERM */
		t = now();
		if (t - last > longest)
			longest = t - last;
		last = t;
		if (signals)
			break;
	}
	printf("%.2f\n", longest / 1e6);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "clock") && argc == 2)
		do_clock();
	else if (!strcmp(what, "timer") && argc == 2)
		do_timer();
	else if (!strcmp(what, "spin") && argc == 3)
		do_spin(atoi(argv[2]));
	else if (!strcmp(what, "beat") && argc == 4)
		do_beat(argv[2], argv[3]);
	else if (!strcmp(what, "gap") && argc == 2)
		do_gap();
	else
		errx(2, "usage: meter clock|timer|spin SECONDS|beat DISK HOST|gap");
	return 0;
}
