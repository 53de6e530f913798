/* SPDX-License-Identifier: MIT */
/*
 * events/x86/upcall.c: how Xen interrupts a PVH or HVM guest when an event is
 * pending. The OS layer owns the vector, its gate and the local APIC. These
 * functions register the vector with Xen, and begin the interrupt's work.
 */
#ifndef XENION_X86_UPCALL_H
#define XENION_X86_UPCALL_H

#include <xenion/decls.h>
#include <xenion/events.h>

XN_DECLS_BEGIN

/**
 * xn_upcall_vector - have a vCPU interrupted by a vector of its own
 * @vcpu: Xen's number of it
 * @vector: the interrupt vector, 0x10 or above
 *
 * HVMOP_set_evtchn_upcall_vector, of Xen 4.6 and later (xen-public/hvm/hvm_op.h).
 * The interrupt comes through the local APIC and has to be ended there:
 * xn_apic_eoi(). Xen raises a new vector once immediately, so an upcall with
 * nothing pending is normal. A vector cannot be taken back. xn_upcall_begin()
 * follows.
 *
 * Context: any; also for another vCPU than the one that calls.
 * Return: 0 or a negative errno value; -ENOSYS or -EINVAL if Xen does not have
 * the operation.
 */
int xn_upcall_vector(unsigned int vcpu, uint8_t vector);

/**
 * xn_upcall_begin - all vCPUs that run have a vector
 *
 * If the domain has no HVM_PARAM_CALLBACK_IRQ yet, a placeholder is set: without
 * any, a toolstack takes an HVM guest for one that does not react to a shutdown
 * request. Xen then raises the vector of each vCPU, also one that an earlier
 * kernel or driver had chosen; so a vCPU without one of its own may get that.
 *
 * Context: any.
 * Return: 0 or a negative errno value.
 */
int xn_upcall_begin(void);

/**
 * xn_upcall_end - soon nobody will take events
 *
 * Takes back the placeholder of xn_upcall_begin() or the device of
 * xn_upcall_intx(), if that is still what the domain has. Xen raises all vectors,
 * as there, for a last time: what takes them is to go after this.
 *
 * Context: any.
 */
void xn_upcall_end(void);

/**
 * xn_upcall_callback - have the guest interrupted in one way for all vCPUs
 * @type: HVM_PARAM_CALLBACK_TYPE_VECTOR: @value is a vector, the same on each
 *        vCPU, that comes past the local APIC and must not be ended there;
 *        HVM_PARAM_CALLBACK_TYPE_GSI: a line of the IOAPIC, level triggered,
 *        of vCPU 0 only; HVM_PARAM_CALLBACK_TYPE_PCI_INTX: device and pin as
 *        xen-public/hvm/params.h has them
 * @value: of that type
 *
 * HVM_PARAM_CALLBACK_IRQ (xen-public/hvm/params.h). A vCPU that has a vector by
 * xn_upcall_vector() keeps to that.
 *
 * Context: any.
 * Return: 0 or a negative errno value.
 */
int xn_upcall_callback(unsigned int type, uint64_t value);

/**
 * xn_upcall_intx - have vCPU 0 interrupted by a PCI device's INTx
 * @segment: the device's PCI segment
 * @bus: its bus
 * @devfn: its device and function, as PCI has them
 * @pin: its interrupt pin by its PCI header: 1 to 4 (INTA to INTD)
 *
 * For an HVM guest without vectors, by its Xen platform device (PCI vendor 0x5853,
 * device 1). A level-triggered interrupt, which ends when no event of vCPU 0 is
 * pending; any CPU may take it, one at a time, and then handles the events of vCPU
 * 0. All ports stay there. In a domain in which xn_upcall_vector() was once called
 * for vCPU 0, Xen keeps to that vector. xn_upcall_end() ends it.
 *
 * Context: any.
 * Return: 0 or a negative errno value; -EINVAL if the device has no pin.
 */
int xn_upcall_intx(uint16_t segment, uint8_t bus, uint8_t devfn,
		   unsigned int pin);

/**
 * xn_apic_page - where the registers of this CPU's local APIC are
 *
 * Reads IA32_APIC_BASE, for which a guest traps into Xen: call this once.
 *
 * Context: any.
 * Return: the guest-physical address of the page, to be mapped uncached; 0: the
 * APIC is in x2APIC mode, where its registers are MSRs.
 */
uint64_t xn_apic_page(void);

/**
 * xn_apic_eoi - end an interrupt at the local APIC
 * @xapic: its page (xn_apic_page()), mapped, in xAPIC mode; NULL in x2APIC mode
 *
 * Context: the interrupt.
 */
void xn_apic_eoi(void *xapic);

/**
 * xn_upcall_interrupt - handle the interrupt of xn_upcall_vector()
 * @t: the table
 * @vcpu: Xen's number of the vCPU that runs this
 * @xapic: as xn_apic_eoi()
 *
 * Ends the interrupt, then handles events, in this order so that a later event
 * makes an interrupt of its own.
 *
 * Context: the interrupt, upcalls disabled, registers saved.
 */
void xn_upcall_interrupt(struct xn_evtchn_table *t, unsigned int vcpu,
			 void *xapic);

XN_DECLS_END

#endif /* XENION_X86_UPCALL_H */
