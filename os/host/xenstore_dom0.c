/* SPDX-License-Identifier: MIT */
/*
 * The simulated xenstored as domain 0 sees it: nodes, watches, devices, figures
 * and lies (xenstore.h). Called by tests and scripted backends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "xenstore_int.h"

char *host_xs_full_path(const struct host_xs *h, const char *path)
{
	char *full;

	if (*path == '/')
		full = strdup(path);
	else if (asprintf(&full, "%s/%s", h->home, path) < 0)
		full = NULL;
	if (!full)
		host_bug("out of memory");
	return full;
}

struct host_xs_lies *host_xs_lies(struct host_xs *h)
{
	return &h->lies;
}

unsigned int host_xs_requests(const struct host_xs *h)
{
	return h->requests;
}

unsigned int host_xs_watches(const struct host_xs *h)
{
	const struct host_xs_guest_watch *w;
	unsigned int n = 0;

	for (w = h->guest_watches; w; w = w->next)
		n++;
	return n;
}

unsigned int host_xs_transactions(const struct host_xs *h)
{
	const struct host_xs_txn *t;
	unsigned int n = 0;

	for (t = h->txns; t; t = t->next)
		n++;
	return n;
}

void host_xs_write_raw(struct host_xs *h, const char *path, const void *value,
		       size_t len)
{
	char *full = host_xs_full_path(h, path);

	host_xs_tree_set(&h->tree, full, value, len);
	host_xs_changed(h, NULL, full, false);
	free(full);
}

void host_xs_write(struct host_xs *h, const char *path, const char *value)
{
	host_xs_write_raw(h, path, value, strlen(value));
}

void host_xs_printf(struct host_xs *h, const char *path, const char *fmt, ...)
{
	char value[HOST_XS_VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	host_xs_write(h, path, value);
}

const char *host_xs_read(struct host_xs *h, const char *path)
{
	char *full = host_xs_full_path(h, path);
	const struct host_xs_node *n = host_xs_tree_find(&h->tree, full);

	free(full);
	return n ? n->value : NULL;
}

long long host_xs_read_int(struct host_xs *h, const char *path)
{
	const char *value = host_xs_read(h, path);
	long long n;
	char *end;

	if (!value || !*value)
		return -1;
	n = strtoll(value, &end, 10);
	return *end ? -1 : n;
}

void host_xs_rm(struct host_xs *h, const char *path)
{
	char *full = host_xs_full_path(h, path);

	if (host_xs_tree_remove(&h->tree, full))
		host_xs_changed(h, NULL, full, true);
	free(full);
}

void host_xs_watch(struct host_xs *h, const char *path,
		   void (*fn)(void *data), void *data)
{
	struct host_xs_dom0_watch *d = calloc(1, sizeof(*d)), **at;

	d->full = host_xs_full_path(h, path);
	d->fn = fn;
	d->data = data;
	d->fired = true;
	for (at = &h->dom0_watches; *at; at = &(*at)->next)
		;
	*at = d;
}

bool host_xs_run_dom0(struct host_xs *h)
{
	struct host_xs_dom0_watch *d;
	bool progress = false;

	for (d = h->dom0_watches; d; d = d->next) {
		if (!d->fired)
			continue;
		d->fired = false;
		d->fn(d->data);
		progress = true;
	}
	return progress;
}

const char *host_xs_plug(struct host_xs *h, const char *type, unsigned int id)
{
	char front[64], back[64], path[128];

	snprintf(front, sizeof(front), "%s/device/%s/%u", h->home, type, id);
	snprintf(back, sizeof(back), "/local/domain/0/backend/%s/%u/%u", type,
		 h->domid, id);

	snprintf(path, sizeof(path), "%s/frontend", back);
	host_xs_write(h, path, front);
	snprintf(path, sizeof(path), "%s/frontend-id", back);
	host_xs_printf(h, path, "%u", h->domid);
	snprintf(path, sizeof(path), "%s/online", back);
	host_xs_write(h, path, "1");
	snprintf(path, sizeof(path), "%s/state", back);
	host_xs_write(h, path, "1");

	snprintf(path, sizeof(path), "%s/state", front);
	host_xs_write(h, path, "1");
	snprintf(path, sizeof(path), "%s/backend-id", front);
	host_xs_write(h, path, "0");
	snprintf(path, sizeof(path), "%s/backend", front);
	host_xs_write(h, path, back);
	return host_xs_read(h, path);
}

void host_xs_unplug(struct host_xs *h, const char *type, unsigned int id)
{
	char path[64];

	snprintf(path, sizeof(path), "device/%s/%u", type, id);
	host_xs_rm(h, path);
	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u", type,
		 h->domid, id);
	host_xs_rm(h, path);
}

struct host_xs *host_xs_create(struct host_guest *g)
{
	struct host_xs *h = calloc(1, sizeof(*h));

	h->domid = host_guest_domid(g);
	snprintf(h->home, sizeof(h->home), "/local/domain/%u", h->domid);
	host_xs_write(h, h->home, "");
	host_xs_ring_init(h, g);
	return h;
}

void host_xs_restore(struct host_xs *h)
{
	struct host_xs_dom0_watch *d;
	char old[sizeof(h->home)], *full;
	size_t len = strlen(h->home);

	memcpy(old, h->home, sizeof(old));
	host_xs_forget_guest(h);
	host_xs_tree_remove(&h->tree, old);
	h->domid = host_guest_domid(h->guest);
	snprintf(h->home, sizeof(h->home), "/local/domain/%u", h->domid);
	/* Domain 0 watches the same nodes of the new domain. */
	for (d = h->dom0_watches; d; d = d->next) {
		if (!host_xs_below(d->full, old))
			continue;
		if (asprintf(&full, "%s%s", h->home, d->full + len) < 0)
			host_bug("out of memory");
		free(d->full);
		d->full = full;
	}
	host_xs_ring_connect(h);
	host_xs_write(h, h->home, "");
}

void host_xs_destroy(struct host_xs *h)
{
	host_xs_forget_guest(h);
	while (h->dom0_watches) {
		struct host_xs_dom0_watch *d = h->dom0_watches;

		h->dom0_watches = d->next;
		free(d->full);
		free(d);
	}
	host_xs_tree_clear(&h->tree);
	free(h->out);
	free(h);
}
