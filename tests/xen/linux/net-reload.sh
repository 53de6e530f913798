# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Modules go and come back, with traffic before each unload, and with the
# interface up when its driver goes; net-reload.dom0.sh counts what they have
# left in Xen. Needs --vif.

rounds=2
plan $((rounds * 5 + 3))

. ./lib.sh

carrier() { [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; }

up() {
	wait_for 10 test -d /sys/class/net/eth0 &&
	ip addr add 10.0.0.2/24 dev eth0 &&
	ip link set eth0 up &&
	wait_for 10 carrier
}

# Without a console driver, dom0 cannot answer: give it time to check.
tell_unloaded() {
	tell "unloaded-$1"
	sleep 6
}

[ "$DRIVERS" = xenion ] || skip_all "it is our modules that are reloaded"

r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	check "$r: load" load_xenion netfront
	check "$r: up" up
	check "$r: traffic" wait_for 20 ping -q -c 20 -i 0.02 -s 4000 10.0.0.1
	# Packets are on their way when the module goes.
	ping -q -c 200 -i 0.001 -s 8000 10.0.0.1 >/dev/null 2>&1 &
	check "$r: unload" unload_xenion
	kill $! 2>/dev/null
	check "$r: no grant lost" none_left
	tell_unloaded "$r"
done

# The frontend alone, in quick succession.
check "load" load_xenion netfront
again() {
	for _i in 1 2 3 4 5 6 7 8; do
		rmmod xenion-netfront && insmod /lib/xenion/xenion-netfront.ko ||
			return 1
	done
}
check "netfront in and out, eight times" again
up
check "and still works" wait_for 20 ping -q -c 3 -i 0.1 10.0.0.1
unload_xenion
tell_unloaded last
finish
