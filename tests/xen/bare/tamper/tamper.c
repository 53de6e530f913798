// SPDX-License-Identifier: MIT
/*
 * A toolstack that passes invalid data: between the entry point and the code
 * that reads the start info, pvh.c or pv.c changes it, as the command line's
 * last option, tamper=..., says.
 *
 * If the data is still valid, the guest boots, and bare_main() reports as TAP
 * that memory is what the map says. Otherwise, it ends with one clear line and
 * a crash; see tests/xen/bare/runs.ini.
 */
#include "bare.h"
#include "tamper.h"

static char tampered[32];

const char *tamper_how(const char *words)
{
	static const char key[] = "tamper=";
	unsigned int n = sizeof(key) - 1;
	const char *s;

	for (s = words; s && *s; s++)
		if (!memcmp(s, key, n) && strlen(s + n) < sizeof(tampered)) {
			memcpy(tampered, s + n, strlen(s + n));
			return tampered;
		}
	return NULL;
}

static unsigned int count;

static void result(bool good, const char *what)
{
	bare_print("%s %u - %s: %s\n", good ? "ok" : "not ok", ++count,
		   tampered, what);
}

void bare_main(void)
{
	bool confused = !strcmp(tampered, "map-confused");
	unsigned int pages = 0, inside = 0;
	unsigned char *p;

	bare_print("TAP version 13\n");
	result(true, "the domain is up all the same");
	while ((p = xn_os_page_alloc())) {
		uintptr_t at = (uintptr_t)p;

		/* Addresses without memory read back as something else. */
		*(uint64_t *)p = ~(uint64_t)at;
		if (*(volatile uint64_t *)p != ~(uint64_t)at)
			result(false, "a page that is no RAM");
		inside += at >= HOLE_START && at < HOLE_START + HOLE_SIZE;
		pages++;
	}
	result(pages > 1000, "there are pages, and all are RAM");
	result(confused ? !inside : inside,
	       confused ? "none is of the range that overlapped" :
			  "no range is missing");
	if (!strcmp(tampered, "module-away"))
		result(!bare_module(0, NULL), "the module is out of reach");
	bare_print("1..%u\n", count);
}
