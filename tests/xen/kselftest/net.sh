#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Interfaces of the bus: up, with a carrier, and a frame that is sent leaves.

. ./lib.sh

need_guest

tx_packets() { cat "/sys/class/net/$1/statistics/tx_packets"; }

# To all routers, or a question for an address: every interface may send these.
sends() {
	_before=$(tx_packets "$1")
	ping -c 1 -W 1 -I "$1" ff02::2 >/dev/null 2>&1 ||
		arping -c 1 -w 1 -I "$1" 192.0.2.1 >/dev/null 2>&1
	_tries=0
	while [ "$(tx_packets "$1")" = "$_before" ]; do
		_tries=$((_tries + 1))
		[ $_tries -lt 50 ] || return 1
		sleep 0.2
	done
}

nics=
for dev in "$bus"/devices/vif-*/net/*; do
	[ -e "$dev" ] && nics="$nics ${dev##*/}"
done
[ -n "$nics" ] || skip_all "this guest has no interface of the bus's"
for name in $nics; do
	was=$(cat "/sys/class/net/$name/operstate")
	ip link set "$name" up
	check "$name: has a carrier" grep -q 1 "/sys/class/net/$name/carrier"
	check "$name: a frame leaves" sends "$name"
	[ "$was" != down ] || ip link set "$name" down
done
finish
