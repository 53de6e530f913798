/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the boot console (early.c) needs of the driver.
 */
#ifndef XENION_LINUX_CONSOLE_H
#define XENION_LINUX_CONSOLE_H

#include <xenion/console.h>

struct console;

/* Messages can be printed from now on, into this ring. */
void xnl_console_use(struct xencons_interface *intf, evtchn_port_t port);

/* A struct console's .write: any context; a message that finds no room is lost. */
void xnl_console_print(struct console *console, const char *s, unsigned int len);

#endif /* XENION_LINUX_CONSOLE_H */
