/* SPDX-License-Identifier: MIT */
/* The bounds of declarations that a C++ program may call: its names are C's. */
#ifndef XENION_DECLS_H
#define XENION_DECLS_H

#ifdef __cplusplus
#define XN_DECLS_BEGIN	extern "C" {
#define XN_DECLS_END	}
#else
#define XN_DECLS_BEGIN
#define XN_DECLS_END
#endif

#endif /* XENION_DECLS_H */
