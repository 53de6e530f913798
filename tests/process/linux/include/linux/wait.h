/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Linux's <linux/wait.h>, with a point before a wake (um_point(), kernel.h). */
#include_next <linux/wait.h>

#ifndef XENION_TESTS_LINUX_WAIT_H
#define XENION_TESTS_LINUX_WAIT_H

void um_point(const char *what, const char *file);

#undef wake_up_all
#define wake_up_all(wq) do {			\
	um_point("wake_up_all", __FILE__);	\
	__wake_up(wq, TASK_NORMAL, 0, NULL);	\
} while (0)

#endif /* XENION_TESTS_LINUX_WAIT_H */
