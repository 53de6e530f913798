// SPDX-License-Identifier: MIT
/* xvda's backend. */
#define UM_DISK	um_disk0
#include "disk.c"
