/* SPDX-License-Identifier: MIT */
/*
 * A simulated xenstored: the guest's requests and their answers
 * (docs/misc/xenstore.txt of Xen). This file has requests, watches and
 * transactions. The others have
 *
 *   xenstore_ring.c  the ring page, and when it is looked at
 *   xenstore_tree.c  the nodes
 *   xenstore_dom0.c  what domain 0 does, and the lies that tests ask for
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "xenstore_int.h"

/* Newer xenstoreds report a used-up quota by a name that the table lacks. */
static const char *error_name(int err)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(xsd_errors); i++)
		if (xsd_errors[i].errnum == -err)
			return xsd_errors[i].errstring;
	return "EQUOTA";
}

static void send_error(struct host_xs *h, const struct xsd_sockmsg *hdr,
		       int err)
{
	const char *name = error_name(err);

	host_xs_send(h, XS_ERROR, hdr->req_id, name, strlen(name) + 1);
}

/* ---- watches ---- */

static void send_event(struct host_xs *h, const struct host_xs_guest_watch *w,
		       const char *path)
{
	size_t skip = *w->path == '/' ? 0 : strlen(h->home) + 1;
	size_t path_len = strlen(path + skip) + 1;
	size_t token_len = strlen(w->token) + 1;
	char body[XENSTORE_PAYLOAD_MAX];

	memcpy(body, path + skip, path_len);
	memcpy(body + path_len, w->token, token_len);
	host_xs_send(h, XS_WATCH_EVENT, 0, body, path_len + token_len);
}

static void xs_fire(struct host_xs *h, const char *path, bool removed)
{
	struct host_xs_guest_watch *w;
	struct host_xs_dom0_watch *d;

	for (w = h->guest_watches; w; w = w->next) {
		if (host_xs_below(path, w->full))
			send_event(h, w, path);
		else if (removed && host_xs_below(w->full, path))
			send_event(h, w, w->full);
	}
	for (d = h->dom0_watches; d; d = d->next)
		if (host_xs_below(path, d->full) ||
		    (removed && host_xs_below(d->full, path)))
			d->fired = true;
}

static void watch_free(struct host_xs_guest_watch *w)
{
	free(w->path);
	free(w->full);
	free(w->token);
	free(w);
}

static struct host_xs_guest_watch **watch_find(struct host_xs *h, const char *path,
				       const char *token)
{
	struct host_xs_guest_watch **at;

	for (at = &h->guest_watches; *at; at = &(*at)->next)
		if (!strcmp((*at)->path, path) &&
		    !strcmp((*at)->token, token))
			break;
	return at;
}

static int watch_add(struct host_xs *h, const char *path, const char *token)
{
	struct host_xs_guest_watch *w, **at = watch_find(h, path, token);

	if (*at)
		return -EEXIST;
	w = calloc(1, sizeof(*w));
	w->path = strdup(path);
	w->full = host_xs_full_path(h, path);
	w->token = strdup(token);
	*at = w;
	return 0;
}

static int watch_remove(struct host_xs *h, const char *path, const char *token)
{
	struct host_xs_guest_watch *w, **at = watch_find(h, path, token);

	w = *at;
	if (!w)
		return -ENOENT;
	*at = w->next;
	watch_free(w);
	return 0;
}

/* ---- transactions ---- */

static void txn_free(struct host_xs_txn *t)
{
	while (t->changes) {
		struct host_xs_change *c = t->changes;

		t->changes = c->next;
		free(c);
	}
	host_xs_tree_clear(&t->tree);
	free(t);
}

static struct host_xs_txn *txn_begin(struct host_xs *h)
{
	struct host_xs_txn *t = calloc(1, sizeof(*t));

	t->id = ++h->next_txn;
	t->generation = h->generation;
	host_xs_tree_copy(&t->tree, &h->tree);
	t->next = h->txns;
	h->txns = t;
	return t;
}

static struct host_xs_txn *txn_find(struct host_xs *h, uint32_t id)
{
	struct host_xs_txn *t;

	for (t = h->txns; t && t->id != id; t = t->next)
		;
	return t;
}

/* Report the changes in the order in which they were made. */
static void txn_tell(struct host_xs *h, const struct host_xs_change *c)
{
	if (!c)
		return;
	txn_tell(h, c->next);
	xs_fire(h, c->path, c->removed);
}

static int txn_end(struct host_xs *h, struct host_xs_txn *t, bool commit)
{
	struct host_xs_txn **at;
	int err = 0;

	for (at = &h->txns; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	if (commit && h->lies.conflicts) {
		h->lies.conflicts--;
		err = -EAGAIN;
	} else if (commit && t->generation != h->generation) {
		err = -EAGAIN;
	} else if (commit) {
		struct host_xs_tree old = h->tree;

		h->tree = t->tree;
		t->tree = old;
		h->generation++;
		txn_tell(h, t->changes);
	}
	txn_free(t);
	return err;
}

void host_xs_changed(struct host_xs *h, struct host_xs_txn *t, const char *path,
		    bool removed)
{
	struct host_xs_change *c;

	if (!t) {
		h->generation++;
		xs_fire(h, path, removed);
		return;
	}
	c = calloc(1, sizeof(*c) + strlen(path) + 1);
	strcpy(c->path, path);
	c->removed = removed;
	c->next = t->changes;
	t->changes = c;
}

/* ---- in ---- */

void host_xs_forget_guest(struct host_xs *h)
{
	while (h->guest_watches) {
		struct host_xs_guest_watch *w = h->guest_watches;

		h->guest_watches = w->next;
		watch_free(w);
	}
	while (h->txns)
		txn_end(h, h->txns, false);
}

static int watch_request(struct host_xs *h, const struct xsd_sockmsg *hdr,
			 const char *path)
{
	const char *token = path + strlen(path) + 1;

	if (token >= path + hdr->len)
		host_bug("xenstore: a watch without a token");
	if (hdr->type == XS_UNWATCH)
		return watch_remove(h, path, token);
	return watch_add(h, path, token);
}

/* A request about a node. Returns: 0: answer "OK"; above 0: it was answered. */
static int node_request(struct host_xs *h, struct host_xs_txn *t,
			const struct xsd_sockmsg *hdr, const char *path,
			const char *full)
{
	struct host_xs_tree *tree = t ? &t->tree : &h->tree;
	const char *value = path + strlen(path) + 1;
	uint32_t len = hdr->len - (value - path);
	char names[XENSTORE_PAYLOAD_MAX];
	const struct host_xs_node *n;
	int names_len;

	switch (hdr->type) {
	case XS_READ:
		n = host_xs_tree_find(tree, full);
		if (!n)
			return -ENOENT;
		host_xs_send(h, hdr->type, hdr->req_id, n->value, n->len);
		return 1;
	case XS_WRITE:
		if (len > HOST_XS_VALUE_MAX)
			return -ENOSPC;
		host_xs_tree_set(tree, full, value, len);
		host_xs_changed(h, t, full, false);
		return 0;
	case XS_MKDIR:
		if (host_xs_tree_find(tree, full))
			return 0;
		host_xs_tree_set(tree, full, "", 0);
		host_xs_changed(h, t, full, false);
		return 0;
	case XS_RM:
		if (!host_xs_tree_remove(tree, full))
			return host_xs_tree_has_parent(tree, full) ? 0 : -ENOENT;
		host_xs_changed(h, t, full, true);
		return 0;
	default:
		if (!host_xs_tree_find(tree, full))
			return -ENOENT;
		names_len = host_xs_tree_list(tree, full, names, sizeof(names));
		if (names_len < 0)
			return -E2BIG;
		host_xs_send(h, hdr->type, hdr->req_id, names, names_len);
		return 1;
	}
}

static int xs_request(struct host_xs *h, const struct xsd_sockmsg *hdr,
		      const char *body)
{
	struct host_xs_txn *t = txn_find(h, hdr->tx_id);
	char id[16], *full;
	int err;

	if (hdr->tx_id && !t)
		return -ENOENT;
	if (!hdr->len || (hdr->type != XS_WRITE && body[hdr->len - 1]) ||
	    strlen(body) >= hdr->len)
		host_bug("xenstore: message %u ends within its first string",
			 hdr->type);

	switch (hdr->type) {
	case XS_RESET_WATCHES:
		host_xs_forget_guest(h);
		return 0;
	case XS_TRANSACTION_START:
		snprintf(id, sizeof(id), "%u", txn_begin(h)->id);
		host_xs_send(h, hdr->type, hdr->req_id, id, strlen(id) + 1);
		return 1;
	case XS_TRANSACTION_END:
		return t ? txn_end(h, t, *body == 'T') : -EINVAL;
	case XS_WATCH:
	case XS_UNWATCH:
	case XS_READ:
	case XS_WRITE:
	case XS_MKDIR:
	case XS_RM:
	case XS_DIRECTORY:
		break;
	default:
		return -ENOSYS;
	}

	full = host_xs_full_path(h, body);
	if (!host_xs_path_ok(full))
		err = -EINVAL;
	else if (hdr->type == XS_WATCH || hdr->type == XS_UNWATCH)
		err = watch_request(h, hdr, body);
	else
		err = node_request(h, t, hdr, body, full);
	free(full);
	return err;
}

void host_xs_answer(struct host_xs *h, const struct xsd_sockmsg *hdr,
		    const char *body)
{
	int err = xs_request(h, hdr, body);

	if (err < 0)
		send_error(h, hdr, err);
	else if (!err)
		host_xs_send(h, hdr->type, hdr->req_id, "OK", 3);
	if (hdr->type == XS_WATCH && !err) {
		struct host_xs_guest_watch *w = *watch_find(h, body,
						    body + strlen(body) + 1);

		send_event(h, w, w->full);
	}
}

/* Does this request fail on demand? The end of a transaction still ends it. */
static bool xs_fails(struct host_xs *h, const struct xsd_sockmsg *hdr)
{
	struct host_xs_txn *t = txn_find(h, hdr->tx_id);
	int err;

	if (!host_fault_due(HOST_FAULT_STORE, hdr->type, 0, &err))
		return false;
	if (!err)
		return true;
	if (hdr->type == XS_TRANSACTION_END && t)
		txn_end(h, t, false);
	send_error(h, hdr, err);
	return true;
}

void host_xs_take(struct host_xs *h, const struct xsd_sockmsg *hdr,
			 const char *body)
{
	h->requests++;
	if (h->lies.request && h->lies.request(h->lies.data, hdr, body))
		return;
	if (xs_fails(h, hdr))
		return;
	if (!h->lies.mute)
		host_xs_answer(h, hdr, body);
}

