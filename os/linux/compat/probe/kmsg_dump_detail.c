// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.12: a dumper of messages is told more than the reason. */
#include <linux/kmsg_dump.h>

static void dump(struct kmsg_dumper *dumper, struct kmsg_dump_detail *detail)
{
}

struct kmsg_dumper probe = { .dump = dump };
