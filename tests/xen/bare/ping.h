/* SPDX-License-Identifier: MIT */
/* Pings of dom0 through the first interface. */
#ifndef PING_H
#define PING_H

#include "devices.h"

extern struct bare_net ping_net;

/* Open the interface, and ask dom0 for its address. Returns: 0; -ETIMEDOUT: dom0 does
 * not answer; or as bare_net_open().
 */
int ping_begin(void);

/* Send that many bytes. Returns: they came back, unchanged, within five seconds. */
bool ping(unsigned int size);

/* Print what became of the last one. */
void ping_note(void);

#endif /* PING_H */
