/* SPDX-License-Identifier: MIT */
/*
 * xenbus/availability.c: which vCPUs the toolstack wants a guest to use (xl vcpu-set,
 * docs/misc/xenstore-paths.pandoc of Xen, ~/cpu/N/availability). The OS layer takes
 * CPUs offline and brings them back.
 */
#ifndef XENION_AVAILABILITY_H
#define XENION_AVAILABILITY_H

#include <xenion/boot.h>
#include <xenion/decls.h>
#include <xenion/guest.h>

XN_DECLS_BEGIN

/* What the toolstack wants of one guest's vCPUs. */
struct xn_availability {
	/* The owner's: */
	/*
	 * Something has changed: have a thread call xn_availability_apply(), soon.
	 * Called from a watch: does not wait for that.
	 */
	void (*changed)(struct xn_availability *a);
	/*
	 * Take a vCPU offline, or bring it online; nothing to be done if it is. May
	 * sleep. Return: 0; an error that passes (xn_xs_passes()): this is called
	 * again after a second; any other: not before the toolstack writes again.
	 */
	int (*set)(struct xn_availability *a, unsigned int vcpu, bool online);

	/* availability.c's: */
	struct xn_xs *xs;
	struct xn_xs_watch watch;
	unsigned int nr_vcpus;
	bool off[XN_MAX_VCPUS];	/* taken offline, for the toolstack */
	bool warned_word, warned_vcpu, warned_set;
};

/**
 * xn_availability_init - begin to listen which vCPUs the toolstack wants
 * @a: changed and set are set, the rest zero; owned by the caller until
 *     xn_availability_fini()
 * @guest: the guest; its xenstore connection is up
 *
 * The vCPUs that the toolstack does not want now are the first to be taken offline.
 * The others are taken for online, and left as they are: a CPU that the guest's
 * administrator has taken offline or online stays so until the toolstack wants
 * something else of this vCPU than before. Goes on in a new domain, where the
 * toolstack's wishes are looked at again.
 *
 * Context: may sleep.
 * Return: 0, or as xn_xs_watch(), and then nothing is left.
 */
int xn_availability_init(struct xn_availability *a, struct xn_guest *guest);

/**
 * xn_availability_apply - do what the toolstack wants
 * @a: initialised
 *
 * Reads the nodes, and calls a->set for each vCPU of which they want something
 * else than before, the lowest first. Nonsense, and vCPUs that do not exist, are
 * reported once. Whoever takes a CPU offline may wait for a disk, and the disk for
 * a watch: that is why this is not called from one.
 *
 * Context: may sleep; the caller serialises calls.
 */
void xn_availability_apply(struct xn_availability *a);

/**
 * xn_availability_fini - stop listening
 * @a: initialised; not called from one of its own functions
 *
 * When it returns, a->changed is not called any more; the caller then waits for
 * its thread. vCPUs stay as they are.
 *
 * Context: may sleep.
 */
void xn_availability_fini(struct xn_availability *a);

XN_DECLS_END

#endif /* XENION_AVAILABILITY_H */
