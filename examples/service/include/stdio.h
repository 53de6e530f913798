/* SPDX-License-Identifier: MIT */
/* lwIP includes this header, but uses nothing of it. */
