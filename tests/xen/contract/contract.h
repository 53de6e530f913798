/* SPDX-License-Identifier: MIT */
/*
 * Does an OS layer keep the contract of <xenion/os.h>? To be linked into a kernel
 * whose event channels are up, with the layer that is in question.
 */
#ifndef XENION_CONTRACT_H
#define XENION_CONTRACT_H

#include <xenion/events.h>

/**
 * xn_contract_check - try what can be tried of the contract
 * @t: event channels, with upcalls
 * @vcpu: Xen's number of the vCPU that runs this
 * @told: called for each promise; perhaps in an upcall, if it hangs
 *
 * Takes a second or so, 8 ports, 72 pages. With several CPUs, the thread has to
 * stay on @vcpu: whether an upcall stays away under a lock, and while upcalls
 * are disabled, is seen by an event to @vcpu, and the CPU's number has to be of
 * this one. The other tests need no certain CPU.
 *
 * A promise may take 45 seconds. Then @told is called in an upcall, with false
 * and what did not end, and the function does not return: a kernel that wants to
 * go on stops there. The limit is a timer of Xen's, VIRQ_TIMER; in a kernel that
 * has bound it, and in one that takes upcalls only where it waits while it does
 * not, there is none. Context: where a thread of the kernel may sleep.
 */
void xn_contract_check(struct xn_evtchn_table *t, unsigned int vcpu,
		       void (*told)(bool kept, const char *promise));

#endif /* XENION_CONTRACT_H */
