/* SPDX-License-Identifier: MIT */
/*
 * Does an OS layer keep the contract of <xenion/os.h>? To be linked into a kernel
 * with the layer under test, whose event channels are up.
 */
#ifndef XENION_CONTRACT_H
#define XENION_CONTRACT_H

#include <xenion/events.h>

/**
 * xn_contract_check - check the contract as far as possible
 * @t: event channels, with upcalls
 * @vcpu: Xen's number of the vCPU that runs this
 * @told: called for each promise; perhaps in an upcall, if it hangs
 *
 * Takes about a second, 8 ports and 72 pages. With several CPUs, the thread has
 * to stay on @vcpu: an event to @vcpu shows that no upcall comes under a lock
 * or while upcalls are disabled, and the CPU's number must be that of @vcpu.
 * The other tests may run on any CPU. Where an xn_lock cannot be taken in an
 * upcall, this cannot run: it wakes threads and frees pages there.
 *
 * A promise may take 45 seconds. Then @told is called in an upcall, with false
 * and the promise that did not end, and this function does not return: @told
 * has to stop the kernel or leave. The limit is a timer of Xen's, VIRQ_TIMER.
 * There is none in a kernel that has bound VIRQ_TIMER itself, nor, while it
 * does not wait, in one that takes upcalls only while it waits. Context: where
 * a thread of the kernel may sleep.
 */
void xn_contract_check(struct xn_evtchn_table *t, unsigned int vcpu,
		       void (*told)(bool kept, const char *promise));

#endif /* XENION_CONTRACT_H */
