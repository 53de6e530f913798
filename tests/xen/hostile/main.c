// SPDX-License-Identifier: MIT
/*
 * hostile list KIND		all lies, one name per line; "two-...": with two
 *				devices at once
 * hostile tell KIND LIE DOMID	tells a lie to a guest; prints one TAP result
 *
 * The device is made as the toolstack does, except that the backend's directory
 * is elsewhere, so that no driver of dom0's kernel uses it. For dom0:
 * libxenstore, libxengnttab and libxenevtchn.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend.h"

/* ms: at most until told(), at most until the frontend reacts, to survive. */
#define TELL	220000
#define ANSWER	120000
#define QUIET	1200
/* The least number of events. */
#define STORM	20000

static unsigned int now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- xenstore ---- */

static void put(struct be *b, const char *dir, const char *node,
		const char *value, uint32_t owner, uint32_t reader)
{
	struct xs_permissions perms[2] = {
		{ owner, XS_PERM_NONE }, { reader, XS_PERM_READ },
	};
	char path[256];

	snprintf(path, sizeof(path), "%s%s%s", dir, *node ? "/" : "", node);
	if (!value) {
		xs_rm(b->xs, XBT_NULL, path);
		return;
	}
	xs_write(b->xs, XBT_NULL, path, value, strlen(value));
	xs_set_permissions(b->xs, XBT_NULL, path, perms, 2);
}

void put_back(struct be *b, const char *node, const char *value)
{
	put(b, b->back, node, value, 0, b->domid);
}

void put_front(struct be *b, const char *node, const char *value)
{
	put(b, b->front, node, value, b->domid, 0);
}

void put_state(struct be *b, unsigned int state)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", state);
	put_back(b, "state", text);
}

static char *get(struct be *b, const char *dir, const char *node)
{
	char path[256];
	unsigned int len;

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	return xs_read(b->xs, XBT_NULL, path, &len);
}

long get_front(struct be *b, const char *node)
{
	char *text = get(b, b->front, node), *end;
	long v = text ? strtol(text, &end, 10) : -1;

	if (text && (end == text || *end))
		v = -1;
	free(text);
	return v;
}

static void put_all(struct be *b, const struct node *n,
		    void (*one)(struct be *b, const char *node,
				const char *value))
{
	for (; n && n->name; n++)
		one(b, n->name, n->value);
}

/* ---- memory and events ---- */

void *map_page(struct be *b, uint32_t ref, bool write)
{
	return xengnttab_map_grant_ref(b->gnt, b->domid, ref,
				       PROT_READ | (write ? PROT_WRITE : 0));
}

void unmap_page(struct be *b, void *va)
{
	if (va)
		xengnttab_unmap(b->gnt, va, 1);
}

void hold_page(struct be *b, void *va)
{
	if (b->nr_held < ARRAY_SIZE(b->held))
		b->held[b->nr_held++] = va;
}

void notify(struct be *b)
{
	if (b->port >= 0)
		xenevtchn_notify(b->evt, b->port);
}

void storm(struct be *b, unsigned int ms)
{
	unsigned int begin = now_ms(), sent;

	/* On a busy host, the time alone would give too few events. */
	for (sent = 0; now_ms() - begin < ms || sent < STORM; sent++)
		notify(b);
}

static void *flipper(void *arg)
{
	struct be *b = arg;
	unsigned int i;

	for (i = 0; ; i++) {
		volatile uint32_t *word = __atomic_load_n(&b->flip,
							  __ATOMIC_SEQ_CST);

		if (!word)
			return NULL;
		*word = b->flip_to[i & 1];
	}
}

static pthread_t flip_thread;

void flip_word(struct be *b, volatile uint32_t *word, uint32_t one,
	       uint32_t other)
{
	b->flip_to[0] = one;
	b->flip_to[1] = other;
	b->flip = word;
	if (pthread_create(&flip_thread, NULL, flipper, b))
		b->flip = NULL;
}

static void stop_flipping(struct be *b)
{
	if (!b->flip)
		return;
	__atomic_store_n(&b->flip, NULL, __ATOMIC_SEQ_CST);
	pthread_join(flip_thread, NULL);
}

/* ---- the life of a device ---- */

void told(struct be *b)
{
	b->is_told = true;
	b->served = 0;
}

static void disconnect(struct be *b)
{
	stop_flipping(b);
	while (b->nr_held)
		unmap_page(b, b->held[--b->nr_held]);
	if (b->mapped)
		b->kind->unmap(b);
	b->mapped = false;
	if (b->port >= 0)
		xenevtchn_unbind(b->evt, b->port);
	b->port = -1;
}

void vanish(struct be *b)
{
	disconnect(b);
	put_back(b, "", NULL);
}

void connect_honestly(struct be *b)
{
	connect_to(b, get_front(b, b->kind->port));
}

void connect_to(struct be *b, long theirs)
{
	b->port = xenevtchn_bind_interdomain(b->evt, b->domid, theirs);
	if (b->port < 0 || b->kind->map(b)) {
		printf("# hostile: no rings, or no port\n");
		return;
	}
	b->mapped = true;
	put_state(b, XenbusStateConnected);
	if (b->lie->connected)
		b->lie->connected(b);
}

void begin_again(struct be *b)
{
	b->rounds++;
	b->closing = true;
	disconnect(b);
	put_state(b, XenbusStateClosing);
}

static void reopen(struct be *b)
{
	long state = get_front(b, "state");

	if (state != XenbusStateClosing && state != XenbusStateClosed)
		return;
	b->closing = b->connected = false;
	b->ticks = 0;
	put_state(b, XenbusStateClosed);
	put_state(b, XenbusStateInitWait);
}

static void plug(struct be *b)
{
	char id[12];

	put_back(b, "", NULL);
	put_front(b, "", NULL);
	put_back(b, "", "");
	put_back(b, "frontend", b->front);
	snprintf(id, sizeof(id), "%u", b->domid);
	put_back(b, "frontend-id", id);
	put_back(b, "online", "1");
	put_all(b, b->kind->nodes, put_back);
	put_all(b, b->lie->nodes, put_back);
	if (b->lie->wait)
		put_state(b, XenbusStateInitialising);
	else
		put_state(b, XenbusStateInitWait);

	put_front(b, "", "");
	put_front(b, "state", "1");
	put_front(b, "backend-id", "0");
	put_all(b, b->kind->front, put_front);
	if (b->second)
		put_all(b, b->kind->front_second, put_front);
	put_all(b, b->lie->front, put_front);
	/* Written last: the guest looks for this node. */
	put_front(b, "backend", b->back);
}

static void unplug(struct be *b)
{
	char error[80];

	put_front(b, "", NULL);
	put_back(b, "", NULL);
	disconnect(b);
	snprintf(error, sizeof(error), "/local/domain/%u/error/device", b->domid);
	xs_rm(b->xs, XBT_NULL, error);
}

static void look_for_events(struct be *b, int timeout)
{
	struct pollfd p = { .fd = xenevtchn_fd(b->evt), .events = POLLIN };

	if (poll(&p, 1, timeout) == 1) {
		int port = xenevtchn_pending(b->evt);

		if (port >= 0)
			xenevtchn_unmask(b->evt, port);
	}
}

static void step(struct be *b)
{
	look_for_events(b, 10);
	if (b->closing) {
		reopen(b);
		return;
	}
	if (!b->connected && get_front(b, "state") == (long)b->kind->ready) {
		b->connected = true;
		if (b->lie->connect)
			b->lie->connect(b);
		else
			connect_honestly(b);
	}
	if (!b->connected)
		return;
	if (b->mapped && !b->deaf)
		b->kind->work(b);
	if (b->lie->tick)
		b->lie->tick(b);
	b->ticks++;
}

/* Returns: what is wrong, or NULL; @done false: no verdict yet. */
static const char *judge(struct be *b, unsigned int since, bool *done)
{
	long state = get_front(b, "state");
	static char text[200];
	char *error;

	*done = true;
	if (b->saw)
		return b->saw;
	switch (b->lie->expect) {
	case LIVES:
		*done = since > (b->lie->quiet ? b->lie->quiet : QUIET);
		return NULL;
	case WORKS:
		if (state == XenbusStateClosing || state == XenbusStateClosed)
			return "the frontend is not connected any more";
		*done = b->served >= 4;
		return since > ANSWER ? "the frontend asks for nothing more" :
					NULL;
	case CLOSES:
		break;
	}
	*done = state == XenbusStateClosed;
	if (!*done)
		return since > ANSWER ? "the frontend did not close" : NULL;
	snprintf(text, sizeof(text), "/local/domain/%u/error/device/%s/%u",
		 b->domid, b->kind->type, b->devid);
	error = get(b, text, "error");
	if (error && strstr(error, b->lie->says)) {
		free(error);
		return NULL;
	}
	snprintf(text, sizeof(text), "its error is \"%s\"",
		 error ? error : "(none)");
	free(error);
	return text;
}

static const char *play(struct be *b)
{
	unsigned int begin = now_ms(), since = 0;
	const char *bad = NULL;
	bool done = false;

	plug(b);
	if (b->lie->wait)
		b->lie->wait(b);
	while (!done && !bad) {
		step(b);
		if (!b->is_told) {
			if (now_ms() - begin > TELL)
				bad = "it could not be told";
			continue;
		}
		if (!since)
			since = now_ms();
		bad = judge(b, now_ms() - since, &done);
	}
	unplug(b);
	return bad;
}

/* ---- */

static const struct kind *const kinds[] = { &blk_kind, &net_kind, &p9_kind };

static const struct kind *kind_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i]->name))
			return kinds[i];
	return NULL;
}

/* The prefix in the names of lies with two devices at once. */
#define TWO	"two-"

/* Lies that test more with two devices at once than with one. */
static const char *const pairs[] = {
	"states-in-disorder", "opens-and-closes", "restarts",
};

static void list(const struct kind *kind)
{
	const struct lie *l;
	unsigned int i;

	for (l = kind->lies; l->name; l++)
		puts(l->name);
	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		printf(TWO "%s\n", pairs[i]);
}

static const struct lie *find(const struct kind *kind, const char *name)
{
	const struct lie *l;

	if (!strncmp(name, TWO, strlen(TWO)))
		name += strlen(TWO);
	for (l = kind->lies; l->name && strcmp(l->name, name); l++)
		;
	return l->name ? l : NULL;
}

static int tell(struct be *b, const char *name)
{
	const char *bad;

	b->xs = xs_open(0);
	b->gnt = xengnttab_open(NULL, 0);
	b->evt = xenevtchn_open(NULL, 0);
	if (!b->xs || !b->gnt || !b->evt) {
		fprintf(stderr, "hostile: needs dom0's xenstore, gntdev and evtchn: %s\n",
			strerror(errno));
		return 1;
	}
	b->devid = b->second ? b->kind->devid_second : b->kind->devid;
	snprintf(b->front, sizeof(b->front), "/local/domain/%u/device/%s/%u",
		 b->domid, b->kind->type, b->devid);
	snprintf(b->back, sizeof(b->back),
		 "/local/domain/0/backend/lies/%u/%s-%u",
		 b->domid, b->kind->type, b->devid);
	bad = play(b);
	printf("%s - %s: %s%s%s%s\n", bad ? "not ok" : "ok", b->kind->type,
	       name, b->second ? ", the second" : "",
	       bad ? ": " : "", bad ? bad : "");
	return bad ? 1 : 0;
}

/* Each device has a process of its own. */
static int tell_two(struct be *b, const char *name)
{
	pid_t child = fork();
	int bad, status = 1;

	if (!child) {
		b->second = true;
		exit(tell(b, name));
	}
	bad = tell(b, name);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		bad = 1;
	return bad;
}

static int usage(void)
{
	fprintf(stderr, "hostile: say \"hostile list KIND\" or \"hostile tell KIND LIE DOMID\"\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct be b = { .port = -1 };

	b.kind = argc > 2 ? kind_of(argv[2]) : NULL;
	if (!b.kind)
		return usage();
	if (!strcmp(argv[1], "list")) {
		list(b.kind);
		return 0;
	}
	if (argc < 5 || strcmp(argv[1], "tell"))
		return usage();
	b.lie = find(b.kind, argv[3]);
	if (!b.lie)
		return usage();
	b.domid = atoi(argv[4]);
	if (!strncmp(argv[3], TWO, strlen(TWO)))
		return tell_two(&b, argv[3]);
	return tell(&b, argv[3]);
}
