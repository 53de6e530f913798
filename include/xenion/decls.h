/* SPDX-License-Identifier: MIT */
/* C++ programs may include the public headers: the functions have C linkage. */
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
