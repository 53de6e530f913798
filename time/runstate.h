/* SPDX-License-Identifier: MIT */
/*
 * What the two ways to read a vCPU's runstate share.
 */
#ifndef XENION_TIME_RUNSTATE_H
#define XENION_TIME_RUNSTATE_H

#include <xenion/time.h>

/* Count a state that does not exist. Returns: 0 or -EIO. */
int xn_runstate_check(const struct vcpu_runstate_info *info);

#endif /* XENION_TIME_RUNSTATE_H */
