/* SPDX-License-Identifier: MIT */
/*
 * The version of Xenion, for the library, xenion.pc and the modules alike: lib.mk
 * reads it here. CHANGELOG.md says what its numbers mean.
 */
#ifndef XENION_VERSION_H
#define XENION_VERSION_H

#define XN_VERSION	"0.1.0"

#endif /* XENION_VERSION_H */
