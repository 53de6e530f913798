// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.13: a function that writes the name of a statistic. */
#include <linux/ethtool.h>

void probe(u8 *data);

void probe(u8 *data)
{
	ethtool_sprintf(&data, "name");
}
