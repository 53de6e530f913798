/* SPDX-License-Identifier: MIT */
/*
 * hypercall/: text from numbers, for an OS without a printf() of its own. Not
 * part of Xen's ABI.
 */
#ifndef XENION_FORMAT_H
#define XENION_FORMAT_H

#include <xenion/decls.h>
#include <xenion/os.h>

XN_DECLS_BEGIN

/**
 * xn_vformat - format text with numbers, for an OS layer's xn_os_log()
 * @buf: gets the text and a NUL
 * @size: bytes of @buf; what does not fit is cut off
 * @fmt: as xn_os_log() takes it; a width pads with spaces, or with zeros
 *       behind "0"
 * @ap: the arguments
 *
 * Returns: how many bytes, without the NUL. Context: any.
 */
unsigned int xn_vformat(char *buf, unsigned int size, const char *fmt,
			__builtin_va_list ap);

XN_DECLS_END

#endif /* XENION_FORMAT_H */
