#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Every device of the bus for which there is a driver is connected
# (XenbusStateConnected, 4, in io/xenbus.h of the public headers).

. ./lib.sh

need_guest
check "the bus tells Xen's version" grep -q '^[0-9]*\.[0-9]' "$bus"/info/xen_version
for dev in "$bus"/devices/*; do
	[ -e "$dev/driver" ] || continue
	check "${dev##*/} is connected" grep -qx 4 "$dev/state"
done
finish
