/* SPDX-License-Identifier: MIT */
/* lwIP on the first network interface of the domain. */
#ifndef SERVICE_NET_H
#define SERVICE_NET_H

#include "bare.h"

/* The command line has the address; the default is ip=10.0.0.2/24 gw=10.0.0.1.
 * From now on lwIP may be called, from this thread only. Returns: 0, -EINVAL
 * (no address), or as bare_net_open().
 */
int net_open(void);

/* Give received packets to lwIP and run its timers, until net_stop(). */
void net_run(void);

/* From any thread. */
void net_stop(void);

/* Packets that were dropped because lwIP had no memory for them. */
unsigned int net_dropped(void);

void net_close(void);

#endif /* SERVICE_NET_H */
