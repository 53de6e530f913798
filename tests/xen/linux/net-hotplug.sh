# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A network device is unplugged and plugged again while the guest runs and while
# packets are on their way; a second one comes and goes in addition. Needs
# --vif; net-hotplug.dom0.sh plugs.

rounds=3
plan $((rounds * 3 + 5))

carrier() { [ "$(cat "/sys/class/net/$1/carrier")" = 1 ]; }
gone() { [ ! -e "/sys/class/net/$1" ]; }

# up INTERFACE ADDRESS
up() {
	wait_for 20 test -d "/sys/class/net/$1" &&
	ip addr add "$2/24" dev "$1" &&
	ip link set "$1" up &&
	wait_for 20 carrier "$1"
}

case $DRIVERS in
xenion)	load_xenion netfront ;;
*)	load_drivers ;;
esac

check "plugged from the start" up eth0 10.0.0.2
r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	check "$r: traffic" wait_for 20 ping -q -c 5 -i 0.05 -s 3000 10.0.0.1
	ping -q -i 0.001 -s 8000 10.0.0.1 >/dev/null 2>&1 &
	pinger=$!
	sleep 0.5
	tell "unplug-$r"
	check "$r: unplugged" wait_for 60 gone eth0
	kill $pinger 2>/dev/null
	wait $pinger 2>/dev/null
	tell "plug-$r"
	check "$r: plugged again" up eth0 10.0.0.2
done
tell second
check "a second interface" up eth1 10.0.1.2
check "first still works" wait_for 20 ping -q -c 3 -i 0.1 10.0.0.1
tell second-gone
check "the second goes" wait_for 60 gone eth1
check "first works on" ping -q -c 3 -i 0.1 10.0.0.1
dmesg | grep -E 'xenion.*(device/vif|left out)' | comments
[ "$DRIVERS" != xenion ] || unload_xenion
finish
