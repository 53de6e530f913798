// SPDX-License-Identifier: MIT
/*
 * What programs do with /dev/xen/ of xenion-dev.ko, through the ioctls and the wire
 * protocol alone (xen/sys/, xen/io/xs_wire.h), and through Xen's own library. With
 * programs_*.c, for tests/xen/linux/dev.sh:
 *
 *	store			xenstore: rules and limits
 *	limits			event channels and grants: the same
 *	offer			a page and a port for domain 0: their numbers, then a
 *				dialogue, then "over"
 *	take DOMID PORT REF	the other half, in domain 0, with Linux's own devices
 *	share DOMID		pages and a port for that domain: their numbers, then "over"
 *	map DOMID PORT REF ...	the other half
 *	vchan-server DOMID PATH	a stream to that domain: "ready", then sends back what comes
 *	vchan-client DOMID PATH	the other half
 *	lend DOMID		a page for that domain: its number; until there is no input
 *	survive REF		what there is before and after the guest is saved, domain 0's
 *				page among it: "ready"; reads "same" or "new", for the
 *				domain, says "ready" again
 *	nonsense ROUNDS SEED	anything, to all of them
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "programs.h"

typedef uint16_t domid_t;
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>

int failures;

int must_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

int fails(int ret, int err)
{
	return ret == -1 && errno == err;
}

void set_nonblock(int fd, int on)
{
	fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0);
}

/* ---- event channels and grants ---- */

struct ioctl_gntalloc_alloc_gref *alloc(int fd, unsigned int count,
					unsigned int domid, int flags)
{
	struct ioctl_gntalloc_alloc_gref *a = calloc(1, sizeof(*a) + count * 4);

	a->domid = domid;
	a->flags = flags;
	a->count = count;
	if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, a)) {
		free(a);
		return NULL;
	}
	return a;
}

int bind_port(int fd, unsigned int domid)
{
	struct ioctl_evtchn_bind_unbound_port a = { domid };

	return ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &a);
}

static void evtchn_limits(void)
{
	struct ioctl_evtchn_bind_virq virq = { 1000 };
	struct ioctl_evtchn_restrict_domid only = { 0 };
	struct ioctl_evtchn_unbind unbind;
	int fd = must_open(EVTCHN), other = must_open(EVTCHN);
	int third = must_open(EVTCHN), n, port;

	for (n = 0; n < 256; n++)
		expect((port = bind_port(fd, 0)) > 0);
	expect(fails(bind_port(fd, 0), ENOSPC));
	for (n = 0; n < 256; n++)
		expect(bind_port(other, 0) > 0);
	expect(fails(bind_port(third, 0), ENOSPC));
	unbind.port = port;
	expect(fails(ioctl(other, IOCTL_EVTCHN_UNBIND, &unbind), ENOTCONN));
	expect(fails(ioctl(other, IOCTL_EVTCHN_NOTIFY, &unbind), ENOTCONN));
	expect(ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind) == 0);
	expect(fails(ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind), ENOTCONN));
	expect(bind_port(fd, 0) > 0);
	/* What is closed can be had again at once. */
	close(other);
	expect(bind_port(third, 0) > 0);
	close(third);
	close(fd);
	other = must_open(EVTCHN);
	expect(ioctl(other, IOCTL_EVTCHN_BIND_VIRQ, &virq) == -1);
	expect(fails(bind_port(other, 0x10000), EACCES));
	expect(ioctl(other, IOCTL_EVTCHN_RESTRICT_DOMID, &only) == 0);
	expect(fails(ioctl(other, IOCTL_EVTCHN_RESTRICT_DOMID, &only), EACCES));
	expect(fails(ioctl(other, IOCTL_EVTCHN_BIND_VIRQ, &virq), EACCES));
	expect(fails(bind_port(other, 1), EACCES));
	expect(bind_port(other, 0) > 0);
	expect(ioctl(other, IOCTL_EVTCHN_RESET, 0) == 0);
	close(other);
}

static void alloc_limits(void)
{
	struct ioctl_gntalloc_alloc_gref *a;
	struct ioctl_gntalloc_dealloc_gref d;
	struct ioctl_gntalloc_unmap_notify u = { .action = 2 };
	int fd = must_open(ALLOC);
	char *va;

	expect(!alloc(fd, 513, 0, 1) && errno == ENOSPC);
	expect(!alloc(fd, 0, 0, 1) && errno == EINVAL);
	expect(!alloc(fd, 1, 0x7ff0, 1) && errno == EINVAL);
	expect(!alloc(fd, 1, 0, 2) && errno == EINVAL);
	a = alloc(fd, 100, 0, 1);
	need(a);
	u.index = a->index;
	u.event_channel_port = 1;		/* the store's or the console's */
	expect(fails(ioctl(fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &u), EINVAL));
	va = mmap(NULL, 101 * PAGE, PROT_READ, MAP_SHARED, fd, a->index);
	expect(va == MAP_FAILED && errno == ENOENT);
	va = mmap(NULL, 100 * PAGE, PROT_READ, MAP_PRIVATE, fd, a->index);
	expect(va == MAP_FAILED && errno == EINVAL);
	va = mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  a->index);
	expect(va != MAP_FAILED && !va[0] && !va[100 * PAGE - 1]);
	d.index = a->index;
	d.count = 101;
	expect(fails(ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &d), EINVAL));
	d.count = 100;
	expect(ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &d) == 0);
	/* Still mapped, in three pieces. */
	expect(munmap(va + 50 * PAGE, PAGE) == 0);
	va[99 * PAGE] = 1;
	expect(munmap(va, 50 * PAGE) == 0 && va[99 * PAGE] == 1);
	close(fd);
	free(a);
}

static void limits(void)
{
	evtchn_limits();
	alloc_limits();
}

/* ---- a dialogue ---- */

void notify(int fd, uint32_t port)
{
	struct ioctl_evtchn_notify a = { port };

	expect(ioctl(fd, IOCTL_EVTCHN_NOTIFY, &a) == 0);
}

void hear(int fd, uint32_t port)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint32_t got = 0;

	expect(poll(&p, 1, 60000) == 1 && p.revents & POLLIN);
	need(p.revents & POLLIN);
	expect(read(fd, &got, sizeof(got)) == sizeof(got) && got == port);
	expect(write(fd, &got, sizeof(got)) == sizeof(got));
}

static void offer(void)
{
	struct ioctl_gntalloc_alloc_gref *a;
	struct ioctl_gntalloc_unmap_notify u = { .action = 3 };
	struct ioctl_gntalloc_dealloc_gref d = { .count = 1 };
	int events = must_open(EVTCHN), pages = must_open(ALLOC);
	struct pollfd p = { .fd = events, .events = POLLIN };
	int port = bind_port(events, 0);
	void *volatile nowhere = NULL;
	volatile char *va;

	a = alloc(pages, 1, 0, GNTALLOC_FLAG_WRITABLE);
	need(port >= 0 && a);
	va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pages, a->index);
	need(va != MAP_FAILED);
	u.index = a->index + 100;
	u.event_channel_port = port;
	expect(ioctl(pages, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &u) == 0);
	/* The mapping is all that has it now, and ends first when we do. */
	d.index = a->index;
	expect(ioctl(pages, IOCTL_GNTALLOC_DEALLOC_GREF, &d) == 0);
	strcpy((char *)va, "guest");
	va[100] = 1;
	printf("%d %u\n", port, a->gref_ids[0]);
	fflush(stdout);
	/* Reading to where nothing can be written loses no event. */
	expect(poll(&p, 1, -1) == 1);
	expect(fails(read(events, nowhere, sizeof(port)), EFAULT));
	expect(poll(&p, 1, 0) == 1);
	hear(events, port);
	expect(!strcmp((char *)va, "dom0"));
	strcpy((char *)va, "again");
	notify(events, port);
	hear(events, port);
	printf("over\n");
}

static void take(domid_t domid, uint32_t port, uint32_t ref)
{
	struct ioctl_evtchn_bind_interdomain b = { domid, port };
	struct ioctl_gntdev_map_grant_ref m = { .count = 1, .refs = {{ domid, ref }} };
	int events = must_open(EVTCHN), pages = must_open("/dev/xen/gntdev");
	int mine = ioctl(events, IOCTL_EVTCHN_BIND_INTERDOMAIN, &b);
	volatile char *va;

	expect(mine > 0);
	expect(ioctl(pages, IOCTL_GNTDEV_MAP_GRANT_REF, &m) == 0);
	va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pages, m.index);
	need(!failures && va != MAP_FAILED);
	/* Connecting is an event, too. */
	hear(events, mine);
	expect(!strcmp((char *)va, "guest"));
	strcpy((char *)va, "dom0");
	notify(events, mine);
	hear(events, mine);
	expect(!strcmp((char *)va, "again") && va[100] == 1);
	notify(events, mine);
	/* The guest's program ends, and its page is still mapped here. */
	hear(events, mine);
	expect(!va[100] && !strcmp((char *)va, "again"));
	printf("%s\n", failures ? "failed" : "mapped");
	fflush(stdout);
	/* Until it is told to end. */
	while (getchar() != EOF)
		;
}

/* ---- around a suspend ---- */

static void events_after(int fd, int anew)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint32_t port;

	expect(poll(&p, 1, 0) == anew);
	if (!anew)
		return;
	expect(p.revents == (POLLIN | POLLERR));
	expect(fails(read(fd, &port, sizeof(port)), EIO));
	expect(ioctl(fd, IOCTL_EVTCHN_RESET, 0) == 0);
	expect(poll(&p, 1, 0) == 0);
	set_nonblock(fd, 1);
	expect(fails(read(fd, &port, sizeof(port)), EAGAIN));
	expect(bind_port(fd, 0) > 0);
}

static void survive(uint32_t ref)
{
	int events = must_open(EVTCHN), pages = must_open(ALLOC);
	struct ioctl_gntalloc_alloc_gref *a = alloc(pages, 1, 0, 1);
	char word[8];
	char *va;

	need(a && bind_port(events, 0) >= 0);
	va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pages, a->index);
	need(va != MAP_FAILED);
	strcpy(va, "kept");
	store_before();
	map_before(ref);
	do {
		printf("ready\n");
		fflush(stdout);
		need(fgets(word, sizeof(word), stdin));
		store_after(!strcmp(word, "new\n"));
		events_after(events, !strcmp(word, "new\n"));
		map_after(!strcmp(word, "new\n"));
		expect(!strcmp(va, "kept"));
	} while (strcmp(word, "new\n"));
	free(a);
}

/* ---- nonsense ---- */

static uint32_t noise[2048];
static unsigned int acts;

static uint32_t any(uint32_t below)
{
	return (uint32_t)(random() * 7919u + random()) % below;
}

static void make_noise(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(noise) / 4; i++)
		noise[i] = any(4) ? any(16) : (uint32_t)random();
}

/* Where a device may read or write: mostly in memory that it may. */
static void *anywhere(void)
{
	switch (any(8)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(uintptr_t)(0x7ffffffff000ull + any(8192));
	case 2:
		return (void *)(uintptr_t)-4096;
	default:
		return (char *)noise + any(1024);
	}
}

static void one_act(int fd)
{
	static void *map = MAP_FAILED;
	static const unsigned int sizes[] = { 0, 2, 4, 8, 16, 24 };
	static size_t mapped;
	unsigned int size;

	switch (any(8)) {
	case 0:
		ioctl(fd, random(), anywhere());
		break;
	case 1:
	case 2:
	case 3:
		/* A number that there is, mostly. */
		size = any(8) ? sizes[any(6)] : any(16384);
		ioctl(fd, _IOC(_IOC_NONE, "EGB"[any(3)], any(9), size),
		      anywhere());
		break;
	case 4:
		acts += read(fd, anywhere(), any(5000)) > 0;
		break;
	case 5:
	case 6:
		acts += write(fd, anywhere(), any(any(2) ? 40 : 6000)) > 0;
		break;
	default:
		if (map != MAP_FAILED)
			munmap(map, any(4) ? mapped : PAGE);
		mapped = PAGE * (1 + any(8));
		map = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
			   any(4) ? MAP_SHARED : MAP_PRIVATE, fd,
			   (off_t)PAGE * any(32));
	}
}

static void nonsense(unsigned int rounds, unsigned int seed)
{
	static const char *const path[] = { STORE, EVTCHN, ALLOC, "/dev/xen/gntdev" };
	int fd[4] = { -1, -1, -1, -1 };
	unsigned int i, n;

	srandom(seed);
	for (n = 0; n < rounds; n++) {
		i = any(4);
		if (fd[i] < 0 || !any(50)) {
			close(fd[i]);
			fd[i] = must_open(path[i]);
			set_nonblock(fd[i], 1);
		}
		make_noise();
		one_act(fd[i]);
	}
	printf("# %u reads and writes were good\n", acts);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "store"))
		store();
	else if (!strcmp(what, "limits"))
		limits();
	else if (!strcmp(what, "offer"))
		offer();
	else if (!strcmp(what, "take") && argc > 4)
		take(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(what, "share") && argc > 2)
		share(atoi(argv[2]));
	else if (!strcmp(what, "map") && argc > 7)
		map(atoi(argv[2]), atoi(argv[3]), argv + 4);
	else if (!strcmp(what, "vchan-server") && argc > 3)
		vchan_server(atoi(argv[2]), argv[3]);
	else if (!strcmp(what, "vchan-client") && argc > 3)
		vchan_client(atoi(argv[2]), argv[3]);
	else if (!strcmp(what, "lend") && argc > 2)
		lend(atoi(argv[2]));
	else if (!strcmp(what, "survive") && argc > 2)
		survive(atoi(argv[2]));
	else if (!strcmp(what, "nonsense") && argc > 3)
		nonsense(atoi(argv[2]), atoi(argv[3]));
	else
		return 2;
	return failures != 0;
}
