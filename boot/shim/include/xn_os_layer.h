/* SPDX-License-Identifier: MIT */
/*
 * The boot shim's OS layer: without pages, locks and interrupts, only what
 * boot/ and the hypercall wrappers need.
 */
#ifndef XENION_SHIM_OS_LAYER_H
#define XENION_SHIM_OS_LAYER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen-public/errno.h>

/* The shim's error numbers are Xen's own. */
#define E2BIG	XEN_E2BIG
#define EINVAL	XEN_EINVAL
#define ENODEV	XEN_ENODEV
#define ENOSPC	XEN_ENOSPC
#define ENOSYS	XEN_ENOSYS

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

/* The counters are not used. */
#define xn_stat_inc(stat)	((void)(stat))
#define xn_stat_add(stat, n)	((void)(stat), (void)(n))

#include <xenion/x86/hypercall.h>

#endif /* XENION_SHIM_OS_LAYER_H */
