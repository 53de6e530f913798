// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Since about 5.16: a header for panics. */
#include <linux/panic.h>
