/* SPDX-License-Identifier: MIT */
/* What every unit test includes first: cmocka, with what it needs before it. */
#ifndef XENION_UNIT_H
#define XENION_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host.h"

#endif /* XENION_UNIT_H */
