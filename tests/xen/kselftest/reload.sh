#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The modules are unloaded and loaded again, where nobody uses their devices.

. ./lib.sh

need_guest
[ -d /sys/module/xenion/holders ] || skip_all "xenion is built in"

modules="xenion-9p xenion-netfront xenion-blkfront xenion-console xenion"
loaded=
for m in $modules; do
	name=$(echo "$m" | tr - _)
	[ -d "/sys/module/$name" ] || continue
	[ "$m" = xenion ] || [ "$(cat "/sys/module/$name/refcnt")" = 0 ] ||
		skip_all "$m is in use"
	loaded="$m $loaded"
done
[ -z "$(ls -d "$bus"/devices/vif-*/net/* 2>/dev/null)" ] ||
	grep -q down "$bus"/devices/vif-*/net/*/operstate ||
	skip_all "an interface is up"

for m in $modules; do
	[ -d "/sys/module/$(echo "$m" | tr - _)" ] || continue
	check "$m unloads" rmmod "$m"
done
none_left() { dmesg | grep 'grants left behind' | tail -n 1 | grep -q ' 0 grants'; }
check "no grant is left behind" none_left
for m in $loaded; do
	check "$m loads" modprobe "$m"
done
finish
