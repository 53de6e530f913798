/* SPDX-License-Identifier: MIT */
/*
 * Does a port keep the contract of <xenion/os.h>? To be linked into a kernel
 * whose event channels are up, with the port that is in question.
 */
#ifndef XENION_CONTRACT_H
#define XENION_CONTRACT_H

#include <xenion/events.h>

/**
 * xn_contract_check - try what can be tried of the contract
 * @t: event channels, with upcalls
 * @vcpu: Xen's number of the vCPU that runs this
 * @report: told of each promise
 *
 * Takes a second or so, 8 ports, 72 pages. Where a promise is broken badly, it
 * does not return. Context: where a thread of the kernel may sleep.
 */
void xn_contract_check(struct xn_evtchn_table *t, unsigned int vcpu,
		       void (*report)(bool kept, const char *promise));

#endif /* XENION_CONTRACT_H */
