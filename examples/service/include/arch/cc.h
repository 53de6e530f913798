/* SPDX-License-Identifier: MIT */
/* What lwIP asks of compiler and system: there is no C library here. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include "bare.h"

#define LWIP_NO_INTTYPES_H	1
#define LWIP_NO_LIMITS_H	1
#define LWIP_NO_UNISTD_H	1
#define LWIP_NO_CTYPE_H		1
#define INT_MAX			__INT_MAX__

#define X8_F	"02x"
#define U16_F	"u"
#define S16_F	"d"
#define X16_F	"x"
#define U32_F	"u"
#define S32_F	"d"
#define X32_F	"x"
#define SZT_F	"lu"

#define LWIP_PLATFORM_DIAG(x)	((void)0)
#define LWIP_PLATFORM_ASSERT(x)	bare_panic("lwIP: %s", x)

#endif /* ARCH_CC_H */
