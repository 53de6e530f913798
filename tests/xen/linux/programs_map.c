// SPDX-License-Identifier: MIT
/*
 * What programs do with other domains' pages, by /dev/xen/gntdev (xen/sys/gntdev.h):
 * share() in one domain, map() in the other. Some of it map() does as a program of 32
 * bits, whose system calls a program of 64 bits can make, too.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "programs.h"

typedef uint16_t domid_t;
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>

#define MAPS	"/dev/xen/gntdev"

/* Pages that share() lets the other write to, and one that it may read. */
#define SHARED	3
#define REFS	(SHARED + 1)

/* xen/grant_table.h */
#define SOURCE_GREF	1
#define DEST_GREF	2

/* ---- the one that shares ---- */

static char *share_pages(int fd, unsigned int domid, unsigned int count, int flags,
			 uint64_t *index)
{
	struct ioctl_gntalloc_alloc_gref *a = alloc(fd, count, domid, flags);
	unsigned int i;
	char *va;

	need(a);
	for (i = 0; i < count; i++)
		printf(" %u", a->gref_ids[i]);
	va = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  a->index);
	need(va != MAP_FAILED);
	*index = a->index;
	free(a);
	return va;
}

/* Says "PORT REF REF REF REF", then "over" when the other has let go of all. */
void share(unsigned int domid)
{
	int events = must_open(EVTCHN), pages = must_open(ALLOC), i;
	int port = bind_port(events, domid);
	char *va, *shown;
	uint64_t index;

	expect(port > 0);
	printf("%d", port);
	va = share_pages(pages, domid, SHARED, GNTALLOC_FLAG_WRITABLE, &index);
	shown = share_pages(pages, domid, 1, 0, &index);
	for (i = 0; i < SHARED; i++)
		memset(va + i * PAGE, 'a' + i, PAGE);
	strcpy(shown, "shown");
	printf("\n");
	fflush(stdout);
	/* It has connected, or written. */
	while (((volatile char *)va)[0] != 'x')
		hear(events, port);
	expect(!memcmp(va + PAGE, "copied", 6) && va[PAGE + 6] == 'b');
	expect(va[2 * PAGE + 100] == 'a');
	expect(!strcmp(shown, "shown"));
	notify(events, port);
	hear(events, port);
	expect(!va[PAGE + 200] && va[PAGE + 201] == 'b');
	printf("%s\n", failures ? "failed" : "over");
}

/* One page, as long as there is input: its reference. */
void lend(unsigned int domid)
{
	int pages = must_open(ALLOC);
	uint64_t index;
	char *va = share_pages(pages, domid, 1, GNTALLOC_FLAG_WRITABLE, &index);

	strcpy(va, "lent");
	printf("\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

/* ---- the one that maps ---- */

static struct ioctl_gntdev_map_grant_ref *refs_new(domid_t domid, unsigned int n,
						   const uint32_t *ref)
{
	/* Below 4 GiB, for programs of 32 bits. */
	struct ioctl_gntdev_map_grant_ref *m =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned int i;

	need(m != MAP_FAILED);
	m->count = n;
	for (i = 0; i < n; i++) {
		m->refs[i].domid = domid;
		m->refs[i].ref = ref[i];
	}
	return m;
}

static uint64_t map_refs(int fd, domid_t domid, unsigned int n, const uint32_t *ref)
{
	struct ioctl_gntdev_map_grant_ref *m = refs_new(domid, n, ref);
	uint64_t index;

	expect(ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, m) == 0);
	index = m->index;
	munmap(m, PAGE);
	return index;
}

static int unmap_refs(int fd, uint64_t index, unsigned int n)
{
	struct ioctl_gntdev_unmap_grant_ref u = { .index = index, .count = n };

	return ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &u);
}

static char *map_pages(int fd, unsigned int n, uint64_t index, int prot, int how)
{
	return mmap(NULL, n * PAGE, prot, how, fd, index);
}

/* Can this be read? By the kernel, which does not die of it. */
static int there(const char *at)
{
	int fd[2], ret;

	need(!pipe(fd));
	ret = write(fd[1], at, 1) == 1;
	close(fd[0]);
	close(fd[1]);
	return ret;
}

static void map_wrong(int fd, domid_t domid, const uint32_t *ref)
{
	static const uint32_t none = 1u << 30;
	struct ioctl_gntdev_set_max_grants max = { 2 };
	uint64_t index;
	int other = must_open(MAPS);

	expect(fails(unmap_refs(fd, 0x123000, 1), ENOENT));
	expect(fails(unmap_refs(fd, 1, 1), EINVAL));
	index = map_refs(fd, domid, 1, &none);
	expect(map_pages(fd, 1, index, PROT_READ, MAP_SHARED) == MAP_FAILED);
	expect(fails(unmap_refs(fd, index, 2), ENOENT));
	expect(unmap_refs(fd, index, 1) == 0);
	expect(fails(unmap_refs(fd, index, 1), ENOENT));
	/* What may be read only. */
	index = map_refs(fd, domid, 1, ref + SHARED);
	expect(map_pages(fd, 1, index, PROT_READ | PROT_WRITE, MAP_SHARED) ==
	       MAP_FAILED);
	expect(unmap_refs(fd, index, 1) == 0);
	/* Of one file, not of the other. */
	index = map_refs(fd, domid, 1, ref);
	expect(map_pages(other, 1, index, PROT_READ, MAP_SHARED) == MAP_FAILED);
	expect(fails(ioctl(fd, IOCTL_GNTDEV_SET_MAX_GRANTS, &max), EBUSY));
	expect(unmap_refs(fd, index, 1) == 0);
	expect(ioctl(other, IOCTL_GNTDEV_SET_MAX_GRANTS, &max) == 0);
	expect(ioctl(other, IOCTL_GNTDEV_MAP_GRANT_REF,
		     refs_new(domid, SHARED, ref)) == -1 && errno == ENOSPC);
	expect(ioctl(other, IOCTL_GNTDEV_MAP_GRANT_REF,
		     refs_new(0x7ff0, 1, ref)) == -1 && errno == EINVAL);
	expect(ioctl(other, IOCTL_GNTDEV_MAP_GRANT_REF,
		     refs_new(domid, 0, ref)) == -1 && errno == EINVAL);
	close(other);
}

static void map_readonly(int fd, domid_t domid, uint32_t ref)
{
	uint64_t index = map_refs(fd, domid, 1, &ref);
	char *va = map_pages(fd, 1, index, PROT_READ, MAP_SHARED);

	need(va != MAP_FAILED);
	expect(!strcmp(va, "shown"));
	expect(fails(mprotect(va, PAGE, PROT_READ | PROT_WRITE), EACCES));
	expect(map_pages(fd, 1, index, PROT_READ | PROT_WRITE, MAP_SHARED) ==
	       MAP_FAILED && errno == EACCES);
	munmap(va, PAGE);
	expect(unmap_refs(fd, index, 1) == 0);
}

static int child_sees(const char *va)
{
	pid_t pid = fork();
	int status = 1;

	if (!pid)
		_exit(there(va));
	expect(waitpid(pid, &status, 0) == pid);
	return status;
}

/* All pages in one mapping, which is then cut, moved, and not inherited. */
static void map_whole(int fd, domid_t domid, const uint32_t *ref)
{
	struct ioctl_gntdev_get_offset_for_vaddr o = { };
	uint64_t index = map_refs(fd, domid, SHARED, ref);
	char *va, *moved;

	expect(map_pages(fd, SHARED, index, PROT_READ, MAP_PRIVATE) == MAP_FAILED &&
	       errno == EINVAL);
	expect(map_pages(fd, SHARED - 1, index, PROT_READ, MAP_SHARED) == MAP_FAILED &&
	       errno == EINVAL);
	va = map_pages(fd, SHARED, index, PROT_READ | PROT_WRITE, MAP_SHARED);
	need(va != MAP_FAILED);
	expect(va[0] == 'a' && va[PAGE] == 'b' && va[SHARED * PAGE - 1] == 'c');
	o.vaddr = (uintptr_t)va;
	expect(ioctl(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &o) == 0);
	expect(o.offset == index && o.count == SHARED);
	o.vaddr += PAGE;
	expect(fails(ioctl(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &o), EINVAL));
	expect(!child_sees(va));
	expect(mremap(va, SHARED * PAGE, (SHARED + 1) * PAGE, MREMAP_MAYMOVE) ==
	       MAP_FAILED);
	/* The number goes; the pages stay as long as they are mapped. */
	expect(unmap_refs(fd, index, SHARED) == 0);
	expect(munmap(va + PAGE, PAGE) == 0);
	expect(va[0] == 'a' && !there(va + PAGE) && va[2 * PAGE] == 'c');
	moved = mremap(va, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, va + PAGE);
	expect(moved == va + PAGE && moved[0] == 'a' && !there(va));
	munmap(va, SHARED * PAGE);
}

static int copy(int fd, struct ioctl_gntdev_grant_copy_segment *s, unsigned int n)
{
	struct ioctl_gntdev_grant_copy c = { n, s };

	return ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &c);
}

static struct ioctl_gntdev_grant_copy_segment copy_from(domid_t domid, uint32_t ref,
							unsigned int offset,
							void *to, unsigned int len)
{
	return (struct ioctl_gntdev_grant_copy_segment){
		.source.foreign = { ref, offset, domid },
		.dest.virt = to, .len = len, .flags = SOURCE_GREF, .status = 77,
	};
}

static struct ioctl_gntdev_grant_copy_segment copy_to(domid_t domid, uint32_t ref,
						      unsigned int offset,
						      void *from, unsigned int len)
{
	return (struct ioctl_gntdev_grant_copy_segment){
		.dest.foreign = { ref, offset, domid },
		.source.virt = from, .len = len, .flags = DEST_GREF, .status = 77,
	};
}

static void copies(int fd, domid_t domid, const uint32_t *ref)
{
	static char here[3 * PAGE] __attribute__((aligned(PAGE)));
	struct ioctl_gntdev_grant_copy_segment s[20];
	unsigned int i;

	/* A page, across two of ours; more than one batch. */
	for (i = 0; i < 20; i++)
		s[i] = copy_from(domid, ref[i % SHARED], 0, here + 100, PAGE);
	expect(copy(fd, s, 20) == 0);
	for (i = 0; i < 20; i++)
		expect(s[i].status == 0);
	expect(!here[99] && here[100] == 'b' && here[PAGE + 99] == 'b' &&
	       !here[PAGE + 100]);
	/* To a page, and from one to the other; one that fails, among others. */
	s[0] = copy_to(domid, ref[1], 0, "copied", 6);
	s[1] = copy_to(domid, ref[SHARED], 0, "no", 2);
	s[2] = copy_to(domid, ref[2], 100, NULL, 1);
	s[2].source.foreign.ref = ref[0];
	s[2].source.foreign.offset = 7;
	s[2].source.foreign.domid = domid;
	s[2].flags = SOURCE_GREF | DEST_GREF;
	expect(copy(fd, s, 3) == 0);
	expect(s[0].status == 0 && s[1].status < 0 && s[2].status == 0);
	/* Beyond a page; neither side a grant; memory that is not there. */
	s[0] = copy_from(domid, ref[0], 1, here, PAGE);
	expect(fails(copy(fd, s, 1), EINVAL));
	s[0] = copy_from(domid, ref[0], 0, here, 1);
	s[0].flags = 0;
	expect(fails(copy(fd, s, 1), EINVAL));
	s[0] = copy_from(domid, ref[0], 0, NULL, 1);
	expect(fails(copy(fd, s, 1), EFAULT));
	expect(fails(copy(fd, NULL, 1), EFAULT));
	expect(copy(fd, NULL, 0) == 0);
}

/* ---- around a suspend ---- */

static int kept_fd;
static uint64_t kept_index;
static char *kept;

void map_before(uint32_t ref)
{
	kept_fd = must_open(MAPS);
	kept_index = map_refs(kept_fd, 0, 1, &ref);
	kept = map_pages(kept_fd, 1, kept_index, PROT_READ | PROT_WRITE, MAP_SHARED);
	need(kept != MAP_FAILED);
	expect(!strcmp(kept, "lent"));
}

void map_after(int anew)
{
	expect(there(kept) == !anew);
	if (!anew) {
		expect(!strcmp(kept, "lent"));
		return;
	}
	expect(map_pages(kept_fd, 1, kept_index, PROT_READ, MAP_SHARED) ==
	       MAP_FAILED && errno == EIO);
	expect(munmap(kept, PAGE) == 0);
	expect(unmap_refs(kept_fd, kept_index, 1) == 0);
	close(kept_fd);
}

#ifdef __x86_64__
/* ioctl() as a program of 32 bits calls it. @arg: below 4 GiB */
static int ioctl_32(int fd, uint32_t cmd, const void *arg)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a" (ret)
			 : "0" (54L), "b" ((long)fd), "c" ((long)cmd), "d" (arg)
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)ret >= 0)
		return ret;
	errno = -(int)ret;
	return -1;
}

/* Without CONFIG_IA32_EMULATION there is no such file, and the instruction is a fault. */
static int has_32_bits(void)
{
	if (!access("/proc/sys/abi/vsyscall32", F_OK))
		return 1;
	printf("# this kernel runs no programs of 32 bits\n");
	return 0;
}

static void as_32_bits(int fd, int events, int port, domid_t domid,
		       const uint32_t *ref)
{
	struct ioctl_gntdev_map_grant_ref *m = refs_new(domid, 1, ref);
	struct ioctl_gntdev_grant_copy_segment *s = (void *)((char *)m + 512);
	uint32_t *c = (void *)((char *)m + 1024), *t = c + 8;
	struct ioctl_evtchn_notify *n = (void *)((char *)m + 2048);
	int pages = must_open(ALLOC);

	expect(ioctl_32(fd, IOCTL_GNTDEV_MAP_GRANT_REF, m) == 0);
	expect(unmap_refs(fd, m->index, 1) == 0);
	/* The half of the address that such a program does not write is anything. */
	s[0] = copy_from(domid, ref[0], 0, c + 4, 4);
	memset((char *)&s[0].dest.virt + 4, 0x5a, 4);
	c[0] = 1;
	c[1] = (uintptr_t)s;
	expect(ioctl_32(fd, _IOC(_IOC_NONE, 'G', 8, 8), c) == 0);
	expect(s[0].status == 0 && !memcmp(c + 4, "aaaa", 4));
	/* domid and flags, count, index, reference; index, count. */
	t[0] = domid;
	t[1] = 1;
	expect(ioctl_32(pages, _IOC(_IOC_NONE, 'G', 5, 20), t) == 0);
	memcpy(t, t + 2, 8);
	t[2] = 1;
	expect(ioctl_32(pages, _IOC(_IOC_NONE, 'G', 6, 12), t) == 0);
	n->port = port + 1;
	expect(fails(ioctl_32(events, IOCTL_EVTCHN_NOTIFY, n), ENOTCONN));
	close(pages);
	munmap(m, PAGE);
}
#else
#define has_32_bits() 0
#define as_32_bits(fd, events, port, domid, ref)
#endif

/* The whole of it, with what share() says; ends when its pages have been let go. */
void map(domid_t domid, uint32_t port, char **refs)
{
	struct ioctl_evtchn_bind_interdomain b = { domid, port };
	struct ioctl_gntdev_unmap_notify u = { .action = 3 };
	int events = must_open(EVTCHN), fd = must_open(MAPS), i;
	int mine = ioctl(events, IOCTL_EVTCHN_BIND_INTERDOMAIN, &b);
	uint32_t ref[REFS];
	char *va;

	expect(mine > 0);
	for (i = 0; i < REFS; i++)
		ref[i] = atoi(refs[i]);
	map_wrong(fd, domid, ref);
	map_readonly(fd, domid, ref[SHARED]);
	map_whole(fd, domid, ref);
	copies(fd, domid, ref);
	if (has_32_bits())
		as_32_bits(fd, events, mine, domid, ref);

	u.index = map_refs(fd, domid, SHARED, ref);
	va = map_pages(fd, SHARED, u.index, PROT_READ | PROT_WRITE, MAP_SHARED);
	need(va != MAP_FAILED);
	u.index += PAGE + 200;
	u.event_channel_port = 1;
	expect(fails(ioctl(fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &u), EINVAL));
	u.event_channel_port = mine;
	expect(ioctl(fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &u) == 0);
	/* Connecting is an event, too. */
	hear(events, mine);
	va[0] = 'x';
	notify(events, mine);
	hear(events, mine);
	close(fd);
	/* The mapping is all that has them now. */
	expect(va[PAGE + 200] == 'b');
	munmap(va, SHARED * PAGE);
	printf("%s\n", failures ? "failed" : "let go");
}
