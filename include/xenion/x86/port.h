/* SPDX-License-Identifier: MIT */
/*
 * I/O ports of an x86 CPU, for the few that a host gives a PVH or HVM guest.
 * Privileged: not for a PV guest. A port behind which there is nothing reads as
 * ones, and takes writes without effect.
 */
#ifndef XENION_X86_PORT_H
#define XENION_X86_PORT_H

#include <xenion/os.h>

/**
 * xn_inb - read a byte
 * @port: the port's number
 *
 * Context: any.
 * Return: the byte.
 */
static inline uint8_t xn_inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a" (v) : "Nd" (port));
	return v;
}

/**
 * xn_inw - read two bytes at once
 * @port: the port's number
 *
 * Context: any.
 * Return: their value.
 */
static inline uint16_t xn_inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a" (v) : "Nd" (port));
	return v;
}

/**
 * xn_outb - write a byte
 * @v: the byte
 * @port: the port's number
 *
 * Context: any.
 */
static inline void xn_outb(uint8_t v, uint16_t port)
{
	__asm__ volatile("outb %0, %1" : : "a" (v), "Nd" (port));
}

/**
 * xn_outw - write two bytes at once
 * @v: their value
 * @port: the port's number
 *
 * Context: any.
 */
static inline void xn_outw(uint16_t v, uint16_t port)
{
	__asm__ volatile("outw %0, %1" : : "a" (v), "Nd" (port));
}

/**
 * xn_outl - write four bytes at once
 * @v: their value
 * @port: the port's number
 *
 * Context: any.
 */
static inline void xn_outl(uint32_t v, uint16_t port)
{
	__asm__ volatile("outl %0, %1" : : "a" (v), "Nd" (port));
}

#endif /* XENION_X86_PORT_H */
