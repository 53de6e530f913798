/* SPDX-License-Identifier: MIT */
/* For lwIP, which asks for it by this name and wants nothing of it. */
