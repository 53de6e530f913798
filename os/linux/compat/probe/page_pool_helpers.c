// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.6: pools of pages have a folder of headers. */
#include <net/page_pool/helpers.h>
