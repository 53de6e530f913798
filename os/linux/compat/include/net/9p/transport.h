/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A 9P transport: the head of a function that is given the mount's context. */
#ifndef XENION_COMPAT_9P_TRANSPORT_H
#define XENION_COMPAT_9P_TRANSPORT_H

#include_next <net/9p/transport.h>

#include <xnl_have.h>
#include <linux/fs_context.h>

#if XNL_HAVE_P9_CREATE_CONTEXT
#define XNL_P9_CREATE(_fn, _client, _fc)				\
static int _fn(struct p9_client *_client, struct fs_context *_fc)
#else
#define XNL_P9_CREATE(_fn, _client, _fc)				\
static int _fn##_context(struct p9_client *_client,			\
			 struct fs_context *_fc);			\
static int _fn(struct p9_client *_client, const char *name, char *args)	\
{									\
	struct fs_context _fc = { .source = (char *)name };		\
									\
	return _fn##_context(_client, &_fc);				\
}									\
static int _fn##_context(struct p9_client *_client,			\
			 struct fs_context *_fc)
#endif

#ifndef MODULE_ALIAS_9P
#define MODULE_ALIAS_9P(_transport) MODULE_ALIAS("9p-" _transport)
#endif

#endif /* XENION_COMPAT_9P_TRANSPORT_H */
