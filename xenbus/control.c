// SPDX-License-Identifier: MIT
/*
 * The requests that a toolstack makes of a guest: it writes a word to
 * control/shutdown or a key to control/sysrq, and the guest removes it to
 * acknowledge (docs/misc/xenstore-paths.pandoc of Xen). Called by an OS layer
 * when its xenstore connection is up.
 */
#include "xs.h"
#include <xenion/control.h>

struct request {
	struct xn_control *c;
	const char *node;
	bool (*accepts)(const struct xn_control *c, const char *word);
	char word[XN_CONTROL_WORD_MAX];
	int len;		/* of @word, or a negative errno value */
};

static const struct xn_control_command *
command_find(const struct xn_control *c, const char *word)
{
	unsigned int i;

	for (i = 0; i < c->nr_commands; i++) {
		if (!strcmp(word, c->commands[i].word))
			return &c->commands[i];
	}
	return NULL;
}

static bool shutdown_accepts(const struct xn_control *c, const char *word)
{
	return command_find(c, word);
}

static bool sysrq_accepts(const struct xn_control *c, const char *key)
{
	return true;
}

/* In a transaction, so that no word that is written meanwhile is removed. */
static int request_take(struct xn_xs *xs, uint32_t txn, void *data)
{
	struct request *r = data;
	int err;

	r->len = xn_xs_read(xs, txn, "control", r->node, r->word,
			    sizeof(r->word));
	if (!r->len || (r->len < 0 && r->len != -EMSGSIZE))
		return r->len;
	if (!r->accepts(r->c, r->word))
		return 0;
	err = xn_xs_write(xs, txn, "control", r->node, "");
	return err == -EACCES ? 0 : err;
}

/* Returns: true if there is a request to obey. */
static bool request_read(struct request *r, struct xn_xs_watch *w)
{
	int err = xn_xs_transact(r->c->xs, request_take, r);

	if (!err)
		return r->len;
	/* The toolstack writes a request once: without an answer, ask again. */
	if (err != -ENOENT && err != -EACCES && err != -ESHUTDOWN)
		xn_xs_watch_again(r->c->xs, w);
	return false;
}

/* ---- control/shutdown ---- */

static void features_announce(struct xn_control *c)
{
	unsigned int i;
	int err;

	c->announced = true;
	for (i = 0; i < c->nr_commands; i++) {
		if (!c->commands[i].feature)
			continue;
		err = xn_xs_write(c->xs, XN_XS_NOTXN, "control",
				  c->commands[i].feature, "1");
		/* A toolstack that forbids the node does not read it. */
		if (err && err != -EACCES && err != -ESHUTDOWN)
			c->announced = false;
	}
}

/* Report a word once, and only its printable characters. */
static void unknown_report(struct xn_control *c, char *word)
{
	char *at;

	for (at = word; *at; at++)
		*at = xn_printable(*at);
	if (!strcmp(word, c->unknown))
		return;
	memcpy(c->unknown, word, strlen(word) + 1);
	xn_stat_inc(XN_STAT_REFUSED);
	xn_os_log(XN_WARN, "the host asks for \"%s\", which this guest does not do",
		  word);
}

static void shutdown_changed(struct xn_xs_watch *w)
{
	struct xn_control *c = xn_container_of(w, struct xn_control,
					       shutdown_watch);
	struct request r = {
		.c = c, .node = "shutdown", .accepts = shutdown_accepts,
	};
	const struct xn_control_command *command;

	if (!c->announced) {
		features_announce(c);
		if (!c->announced)
			xn_xs_watch_again(c->xs, w);
	}
	if (!request_read(&r, w))
		return;
	if (r.len == -EMSGSIZE)
		memcpy(r.word, "(a long word)", sizeof("(a long word)"));
	command = command_find(c, r.word);
	if (!command) {
		unknown_report(c, r.word);
		return;
	}
	xn_os_log(XN_INFO, "the host asks for %s", command->word);
	command->fn(c);
}

/* ---- control/sysrq ---- */

static bool is_key(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static void sysrq_changed(struct xn_xs_watch *w)
{
	struct xn_control *c = xn_container_of(w, struct xn_control,
					       sysrq_watch);
	struct request r = {
		.c = c, .node = "sysrq", .accepts = sysrq_accepts,
	};

	if (!request_read(&r, w))
		return;
	if (r.len != 1 || !is_key(r.word[0])) {
		xn_stat_inc(XN_STAT_REFUSED);
		if (!c->sysrq_warned)
			xn_os_log(XN_WARN, "control/sysrq holds more than a letter or a digit: ignored");
		c->sysrq_warned = true;
		return;
	}
	xn_os_log(XN_INFO, "the host asks for sysrq %s", r.word);
	c->sysrq(c, r.word[0]);
}

/* ---- begin and end ---- */

static int control_watch(struct xn_control *c, struct xn_xs_watch *w,
			 const char *node, void (*fn)(struct xn_xs_watch *w))
{
	int err = xn_path_join(w->path, "control", node);

	w->fn = fn;
	return err ? err : xn_xs_watch(c->xs, w);
}

int xn_control_init(struct xn_control *c, struct xn_guest *guest)
{
	int err;

	c->xs = &guest->xs;
	features_announce(c);
	err = control_watch(c, &c->shutdown_watch, "shutdown",
			    shutdown_changed);
	if (!err && c->sysrq)
		err = control_watch(c, &c->sysrq_watch, "sysrq",
				    sysrq_changed);
	if (err)
		xn_control_fini(c);
	return err;
}

void xn_control_resume(struct xn_control *c)
{
	features_announce(c);
	if (!c->announced)
		xn_xs_watch_again(c->xs, &c->shutdown_watch);
}

void xn_control_fini(struct xn_control *c)
{
	xn_xs_unwatch(c->xs, &c->shutdown_watch);
	xn_xs_unwatch(c->xs, &c->sysrq_watch);
}
