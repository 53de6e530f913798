/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated xenstored share.
 */
#ifndef XENION_HOST_XENSTORE_INT_H
#define XENION_HOST_XENSTORE_INT_H

#include "xenstore.h"

/* One node. All are in one list, sorted by path. */
struct host_xs_node {
	struct host_xs_node *next;
	char *path;
	char *value;			/* and a NUL */
	size_t len;
};

struct host_xs_tree {
	struct host_xs_node *first;
};

#define HOST_XS_VALUE_MAX	2048

/* A path that changed in a transaction. */
struct host_xs_change {
	struct host_xs_change *next;
	bool removed;
	char path[];
};

struct host_xs_txn {
	struct host_xs_txn *next;
	uint32_t id;
	uint64_t generation;		/* of the store when it began */
	struct host_xs_tree tree;
	struct host_xs_change *changes;		/* last one first */
};

/* A watch of the guest's. */
struct host_xs_guest_watch {
	struct host_xs_guest_watch *next;
	char *path;			/* as it was given */
	char *full;
	char *token;
};

/* A watch of domain 0's. */
struct host_xs_dom0_watch {
	struct host_xs_dom0_watch *next;
	char *full;
	void (*fn)(void *data);
	void *data;
	bool fired;
};

struct host_xs {
	struct host_guest *guest;
	struct xenstore_domain_interface *page;
	struct host_port *port;
	struct host_xs_tree tree;
	uint64_t generation;
	struct host_xs_txn *txns;
	uint32_t next_txn;
	struct host_xs_guest_watch *guest_watches;
	struct host_xs_dom0_watch *dom0_watches;
	unsigned int requests;
	struct host_xs_lies lies;
	domid_t domid;
	char home[32];			/* "/local/domain/<id>" */

	bool readable, writable;	/* worth a look */
	bool ignored;			/* the guest broke the protocol */
	uint8_t in[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX + 1];
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

/* ---- xenstore_tree.c ---- */

/* Is @path absolute and well-formed? */
bool host_xs_path_ok(const char *path);
/* Is @path @top or below it? */
bool host_xs_below(const char *path, const char *top);

struct host_xs_node *host_xs_tree_find(const struct host_xs_tree *t,
				       const char *path);
bool host_xs_tree_has_parent(const struct host_xs_tree *t, const char *path);
/* Make the node, and those above it that do not exist. */
void host_xs_tree_set(struct host_xs_tree *t, const char *path,
		      const void *value, size_t len);
/* Remove the node and all below it. false: there was none. */
bool host_xs_tree_remove(struct host_xs_tree *t, const char *path);
/* List the names below @path, each with a NUL. Returns: bytes; -1: too many. */
int host_xs_tree_list(const struct host_xs_tree *t, const char *path,
		      char *buf, size_t size);
void host_xs_tree_copy(struct host_xs_tree *to, const struct host_xs_tree *t);
void host_xs_tree_clear(struct host_xs_tree *t);

/* ---- xenstore.c ---- */

/* A request has come in. */
void host_xs_take(struct host_xs *h, const struct xsd_sockmsg *hdr,
		  const char *body);
/* A node has changed, in a transaction or (@t is NULL) for all. */
void host_xs_changed(struct host_xs *h, struct host_xs_txn *t,
		     const char *path, bool removed);
/* Remove all watches and transactions of the guest. */
void host_xs_forget_guest(struct host_xs *h);

/* ---- xenstore_ring.c ---- */

void host_xs_ring_init(struct host_xs *h, struct host_guest *g);
/* Use the guest's page and port; nothing is under way. */
void host_xs_ring_connect(struct host_xs *h);

/* ---- xenstore_dom0.c ---- */

/* Returns: the absolute path; the caller frees it. */
char *host_xs_full_path(const struct host_xs *h, const char *path);
/* Call domain 0's watches that have fired. true: there were some. */
bool host_xs_run_dom0(struct host_xs *h);

#endif /* XENION_HOST_XENSTORE_INT_H */
