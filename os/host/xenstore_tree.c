/* SPDX-License-Identifier: MIT */
/*
 * The nodes of the simulated xenstored: a sorted list of full paths is enough
 * for a test.
 */
#include <stdlib.h>

#include "internal.h"
#include "xenstore_int.h"

bool host_xs_path_ok(const char *path)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_@/";
	size_t len = strlen(path);

	return *path == '/' && len <= XENSTORE_ABS_PATH_MAX && len > 1 &&
	       path[len - 1] != '/' && !strstr(path, "//") &&
	       strspn(path, allowed) == len;
}

bool host_xs_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

/* Where @path is, or should be. */
static struct host_xs_node **tree_place(const struct host_xs_tree *t,
					const char *path)
{
	struct host_xs_node **at = (struct host_xs_node **)&t->first;

	while (*at && strcmp((*at)->path, path) < 0)
		at = &(*at)->next;
	return at;
}

struct host_xs_node *host_xs_tree_find(const struct host_xs_tree *t,
				       const char *path)
{
	struct host_xs_node *n = *tree_place(t, path);

	return n && !strcmp(n->path, path) ? n : NULL;
}

static char *tree_parent(const char *path)
{
	return strndup(path, strrchr(path, '/') - path);
}

bool host_xs_tree_has_parent(const struct host_xs_tree *t, const char *path)
{
	char *up = tree_parent(path);
	bool has = !*up || host_xs_tree_find(t, up);

	free(up);
	return has;
}

static void set_value(struct host_xs_node *n, const void *value, size_t len)
{
	free(n->value);
	n->value = malloc(len + 1);
	memcpy(n->value, value, len);
	n->value[len] = '\0';
	n->len = len;
}

void host_xs_tree_set(struct host_xs_tree *t, const char *path,
		      const void *value, size_t len)
{
	struct host_xs_node *n = host_xs_tree_find(t, path), **at;

	if (!host_xs_path_ok(path))
		host_bug("xenstore: path \"%s\"", path);
	if (!host_xs_tree_has_parent(t, path)) {
		char *up = tree_parent(path);

		host_xs_tree_set(t, up, "", 0);
		free(up);
	}
	if (!n) {
		at = tree_place(t, path);
		n = calloc(1, sizeof(*n));
		n->path = strdup(path);
		n->next = *at;
		*at = n;
	}
	set_value(n, value, len);
}

static void remove_node(struct host_xs_node **at)
{
	struct host_xs_node *n = *at;

	*at = n->next;
	free(n->path);
	free(n->value);
	free(n);
}

bool host_xs_tree_remove(struct host_xs_tree *t, const char *path)
{
	struct host_xs_node **at = &t->first;
	bool any = false;

	while (*at) {
		if (host_xs_below((*at)->path, path)) {
			remove_node(at);
			any = true;
		} else {
			at = &(*at)->next;
		}
	}
	return any;
}

int host_xs_tree_list(const struct host_xs_tree *t, const char *path,
		      char *buf, size_t size)
{
	const struct host_xs_node *n;
	size_t used = 0, skip = strlen(path) + 1;

	for (n = t->first; n; n = n->next) {
		size_t len;

		if (!host_xs_below(n->path, path) || !strcmp(n->path, path) ||
		    strchr(n->path + skip, '/'))
			continue;
		len = strlen(n->path + skip) + 1;
		if (len > size - used)
			return -1;
		memcpy(buf + used, n->path + skip, len);
		used += len;
	}
	return used;
}

void host_xs_tree_copy(struct host_xs_tree *to, const struct host_xs_tree *t)
{
	const struct host_xs_node *n;
	struct host_xs_node **at = &to->first;

	for (n = t->first; n; n = n->next) {
		*at = calloc(1, sizeof(**at));
		(*at)->path = strdup(n->path);
		set_value(*at, n->value, n->len);
		at = &(*at)->next;
	}
}

void host_xs_tree_clear(struct host_xs_tree *t)
{
	while (t->first)
		remove_node(&t->first);
}
