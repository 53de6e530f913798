// SPDX-License-Identifier: MIT
/*
 * dom0's half of the tests of grants between two domains: a program for Linux,
 * with libxengnttab. It prints the result, and keeps what it mapped or shared
 * until it is killed. Exit status 1: Xen or Linux refused.
 *
 *	gnt share DOMID rw|ro TEXT	a page of dom0's; prints its reference
 *	gnt map DOMID REF rw|ro		a page of DOMID's; prints its text
 *	gnt read DOMID REF OFFSET LEN	copied by Xen; prints it
 *	gnt write DOMID REF OFFSET TEXT	copied by Xen
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

#define PAGE	4096

static int say_refused(const char *what)
{
	printf("# gnt: %s: refused\n", what);
	return 1;
}

static _Noreturn void hold(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
	for (;;)
		pause();
}

static int share(uint32_t domid, bool writable, const char *text)
{
	xengntshr_handle *h = xengntshr_open(NULL, 0);
	char ref_text[12];
	uint32_t ref;
	char *page;

	page = h ? xengntshr_share_pages(h, domid, 1, &ref, writable) : NULL;
	if (!page)
		return say_refused("share");
	strncpy(page, text, PAGE - 1);
	snprintf(ref_text, sizeof(ref_text), "%u", ref);
	hold(ref_text);
}

static int map(xengnttab_handle *h, uint32_t domid, uint32_t ref, bool writable)
{
	char text[PAGE + 1];
	char *page;

	page = xengnttab_map_grant_ref(h, domid, ref, writable ?
				       PROT_READ | PROT_WRITE : PROT_READ);
	if (!page)
		return say_refused("map");
	memcpy(text, page, PAGE);
	text[PAGE] = 0;
	hold(text);
}

static int copy(xengnttab_handle *h, uint32_t domid, uint32_t ref,
		unsigned int offset, char *text, unsigned int len, bool write)
{
	struct xengnttab_grant_copy_segment s = { .len = len };
	union xengnttab_copy_ptr *theirs = write ? &s.dest : &s.source;
	union xengnttab_copy_ptr *ours = write ? &s.source : &s.dest;
	static char buf[PAGE];

	if (len > PAGE)
		return 2;
	if (write)
		memcpy(buf, text, len);
	ours->virt = buf;
	theirs->foreign.ref = ref;
	theirs->foreign.offset = offset;
	theirs->foreign.domid = domid;
	s.flags = write ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
	if (xengnttab_grant_copy(h, 1, &s) || s.status != GNTST_okay)
		return say_refused(write ? "write" : "read");
	if (!write)
		printf("%.*s\n", (int)len, buf);
	return 0;
}

int main(int argc, char **argv)
{
	xengnttab_handle *h;
	uint32_t domid, ref;

	if (argc < 5)
		return 2;
	domid = atoi(argv[2]);
	if (!strcmp(argv[1], "share"))
		return share(domid, !strcmp(argv[3], "rw"), argv[4]);
	h = xengnttab_open(NULL, 0);
	if (!h)
		return say_refused("gntdev");
	ref = strtoul(argv[3], NULL, 10);
	if (!strcmp(argv[1], "map"))
		return map(h, domid, ref, !strcmp(argv[4], "rw"));
	if (argc < 6)
		return 2;
	if (!strcmp(argv[1], "read"))
		return copy(h, domid, ref, atoi(argv[4]), NULL, atoi(argv[5]),
			    false);
	return copy(h, domid, ref, atoi(argv[4]), argv[5], strlen(argv[5]),
		    true);
}
