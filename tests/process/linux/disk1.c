// SPDX-License-Identifier: MIT
/* xvdb's backend. */
#define VDEV	51728u
#define FRONT	"device/vbd/51728"
#define UM_DISK	um_disk1
#include "disk.c"
