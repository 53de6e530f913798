/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A dumper of messages: the head of a function that is told as Linux 7 tells it. */
#ifndef XENION_COMPAT_KMSG_DUMP_H
#define XENION_COMPAT_KMSG_DUMP_H

#include_next <linux/kmsg_dump.h>

#include <xnl_have.h>

#if XNL_HAVE_KMSG_DUMP_DETAIL
#define XNL_KMSG_DUMP(_fn, _dumper, _detail)				\
static void _fn(struct kmsg_dumper *_dumper,				\
		struct kmsg_dump_detail *_detail)
#else
struct kmsg_dump_detail {
	enum kmsg_dump_reason reason;
};

#define XNL_KMSG_DUMP(_fn, _dumper, _detail)				\
static void _fn##_detail(struct kmsg_dumper *_dumper,			\
			 struct kmsg_dump_detail *_detail);		\
static void _fn(struct kmsg_dumper *_dumper,				\
		enum kmsg_dump_reason reason)				\
{									\
	struct kmsg_dump_detail _detail = { .reason = reason };		\
									\
	_fn##_detail(_dumper, &_detail);				\
}									\
static void _fn##_detail(struct kmsg_dumper *_dumper,			\
			 struct kmsg_dump_detail *_detail)
#endif

#endif /* XENION_COMPAT_KMSG_DUMP_H */
