/* SPDX-License-Identifier: MIT */
/*
 * The shared rings of xen-public/io/ring.h with the barriers that it asks its
 * includer for. For the frontends; not part of a port's view.
 */
#ifndef XENION_RING_H
#define XENION_RING_H

#include <xenion/os.h>

#define xen_mb()	xn_mb()
#define xen_rmb()	xn_rmb()
#define xen_wmb()	xn_wmb()

#include <xen-public/io/ring.h>

#endif /* XENION_RING_H */
