# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Three interfaces and three disks share a small grant table; all work, also
# under load. A fourth disk comes. With grant_frames=1 on the command line there
# is no room for it until another goes. Needs 3 times --disk size=16M and --vif;
# few-grants.dom0.sh plugs.

. /root/lib.sh

# holds_data DISK...: write much data to all of them at once, and read it back
holds_data() {
	for _disk; do
		dd if=/tmp/pattern of="/dev/$_disk" bs=1M oflag=direct \
			conv=notrunc 2>/dev/null &
	done
	wait
	for _disk; do
		dd if="/dev/$_disk" bs=1M count=8 iflag=direct 2>/dev/null |
			cmp - /tmp/pattern || return 1
	done
}

# each TIMES COMMAND...: it succeeds each time
each() {
	_left=$1
	shift
	while [ "$_left" -gt 0 ]; do
		"$@" || return 1
		_left=$((_left - 1))
	done
}

# answers INTERFACE: packets of several pages go out, and each comes back. One at a
# time: of many, ping gives up (ENOBUFS) when the backend of a busy host pauses.
answers() {
	ip addr add 10.0.0.2/24 dev "$1" &&
	ip link set "$1" up &&
	wait_for 20 ping -q -c 3 -i 0.1 -s 8000 10.0.0.1 &&
	each 100 ping -q -c 1 -W 20 -s 8000 10.0.0.1
	_rc=$?
	ip addr flush dev "$1"
	return $_rc
}

too_few() { dmesg | grep 'grant table full.*raise max_grant_frames'; }

small() { grep -q grant_frames=1 /proc/cmdline; }

plan 16
dd if=/dev/urandom of=/tmp/pattern bs=1M count=8 2>/dev/null
dmesg -c >/dev/null
check "the modules load" load_xenion blkfront netfront
for disk in xvda xvdb xvdc; do
	check "$disk is there" wait_for 20 test -b /dev/$disk
done
for vif in eth0 eth1 eth2; do
	check "$vif is there" wait_for 20 test -d /sys/class/net/$vif
done
small || check "no device found too few references" sh -c \
	'! dmesg | grep "grant table full"'
check "the disks hold data, all at once" holds_data xvda xvdb xvdc
for vif in eth0 eth1 eth2; do
	check "$vif: ping with 8000 bytes" answers $vif
done
grep -i grant /sys/bus/xenion/info | comments

tell plug
if small; then
	check "a fourth disk finds too few, and says so" wait_for 40 too_few
	check "it is not there" test ! -b /dev/xvdd
	tell unplug
	check "another goes" wait_for 40 test ! -e /sys/block/xvdc
	check "now it is there" wait_for 40 test -b /dev/xvdd
else
	check "a fourth disk is there" wait_for 40 test -b /dev/xvdd
	tell unplug
	check "another goes" wait_for 40 test ! -e /sys/block/xvdc
fi
check "it holds data, beside the others" holds_data xvda xvdb xvdd
dmesg | grep 'xenion.*refer' | comments
small || check "unload" wait_for 20 unload_xenion
finish
