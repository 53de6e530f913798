#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Disks of the bus, read only: what is read past the page cache is what is read
# through it, at the beginning, in the middle and at the end.

. ./lib.sh

need_guest

# same_data DISK MIB: the same, twice?
same_data() {
	blockdev --flushbufs "$1" 2>/dev/null
	_direct=$(dd if="$1" bs=1M skip="$2" count=1 iflag=direct 2>/dev/null |
		md5sum)
	_cached=$(dd if="$1" bs=1M skip="$2" count=1 2>/dev/null | md5sum)
	echo "$_direct, $_cached"
	[ -n "$_direct" ] && [ "$_direct" = "$_cached" ]
}

disks=
for dev in "$bus"/devices/vbd-*/block/*; do
	[ -e "$dev" ] && disks="$disks ${dev##*/}"
done
[ -n "$disks" ] || skip_all "this guest has no disk of the bus's"
for name in $disks; do
	check "$name: can be read" dd if="/dev/$name" of=/dev/null bs=1M count=1
	# Somebody may write to what is mounted, or to the root file system.
	! grep -Eq "^/dev/($name|root) " /proc/mounts || continue
	mib=$(($(cat "/sys/block/$name/size") / 2048))
	for at in 0 $((mib / 2)) $((mib - 1)); do
		check "$name: MiB $at" same_data "/dev/$name" "$at"
	done
done
finish
