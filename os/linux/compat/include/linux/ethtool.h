/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The names of statistics. */
#ifndef XENION_COMPAT_ETHTOOL_H
#define XENION_COMPAT_ETHTOOL_H

#include_next <linux/ethtool.h>

#include <xnl_have.h>

#if !XNL_HAVE_ETHTOOL_SPRINTF
#include <linux/kernel.h>

static inline __printf(2, 3) void ethtool_sprintf(u8 **data, const char *fmt,
						  ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(*data, ETH_GSTRING_LEN, fmt, args);
	va_end(args);
	*data += ETH_GSTRING_LEN;
}
#endif

#endif /* XENION_COMPAT_ETHTOOL_H */
