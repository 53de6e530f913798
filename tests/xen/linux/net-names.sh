# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Interfaces are named by their numbers in xenstore, no matter which backend is
# ready first: eth0 is vif 0, after each load. If the name depended on the
# handshakes, a firewall's inside and outside might be swapped. Needs four
# --vif.

loads=5
plan $((loads * 3))

. ./lib.sh

names() {
	for _n in 0 1 2 3; do
		set -- /sys/bus/xenion/devices/vif-$_n/net/*
		printf '%s ' "${1##*/}"
	done
}

in_order() {
	_names=$(names)
	echo "$_names"
	[ "$_names" = "eth0 eth1 eth2 eth3 " ]
}

carrier() { [ "$(cat "/sys/class/net/$1/carrier")" = 1 ]; }

# all_up: set all up, even if a backend is not ready yet, and wait for carriers
all_up() {
	for _n in 0 1 2 3; do
		ip link set "eth$_n" up || return 1
	done
	for _n in 0 1 2 3; do
		wait_for 60 carrier "eth$_n" || return 1
	done
}

[ "$DRIVERS" = xenion ] || skip_all "it is our names that are looked at"

n=0
while [ $n -lt $loads ]; do
	n=$((n + 1))
	load_xenion netfront
	check "$n: names in the order of their numbers" in_order
	check "$n: all up, with a carrier" all_up
	unload_xenion
	check "$n: no grant lost" none_left
done
finish
