/* SPDX-License-Identifier: MIT */
/* lwIP's web server: the list of files that are linked in. */
#define FS_ROOT		NULL
