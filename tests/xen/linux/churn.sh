# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Modules come and go while their devices are in use: two frontends are loaded
# at the same time and unloaded at the same time, in each order, with requests
# and packets on their way. Needs --disk vdev=xvda, --vif, and two vCPUs.

. /root/lib.sh

rounds=4
plan $((rounds * 5 + 3))

# both insmod|rmmod FIRST SECOND: at the same time, both must succeed
both() {
	_how=$1
	shift
	_pids=
	for _m in "$@"; do
		$_how "$_m" &
		_pids="$_pids $!"
	done
	_rc=0
	for _p in $_pids; do
		wait "$_p" || _rc=1
	done
	return $_rc
}

load_both() {
	both insmod "/lib/xenion/xenion-$1.ko" "/lib/xenion/xenion-$2.ko"
}

# A disk that is being read keeps its module loaded.
unload_one() { wait_for 30 rmmod "$1"; }
unload_both() { both unload_one "xenion_$1" "xenion_$2"; }

there() { [ -b /dev/xvda ] && [ -d /sys/class/net/eth0 ]; }

# Both end by themselves when their devices go.
disk_traffic() {
	while dd if=/dev/xvda of=/dev/null bs=64k count=16 iflag=direct &&
	      dd if=/dev/zero of=/dev/xvda bs=64k count=16 oflag=direct \
			conv=notrunc; do
		:
	done 2>/dev/null
	# a late dd may have made a file in the node's place
	[ -b /dev/xvda ] || rm -f /dev/xvda
}
net_traffic() {
	ip addr add 10.0.0.2/24 dev eth0
	ip link set eth0 up
	while [ -d /sys/class/net/eth0 ]; do
		ping -q -c 50 -i 0.002 -s 8000 10.0.0.1
	done >/dev/null 2>&1
}

ended() { ! pgrep -x dd && ! pgrep -x ping; }

dmesg -c >/dev/null
r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	case $r in
	1 | 3)	first=blkfront second=netfront ;;
	*)	first=netfront second=blkfront ;;
	esac
	# the core stays loaded every other time
	[ -d /sys/module/xenion ] || insmod /lib/xenion/xenion.ko
	check "$r: load both" load_both $first $second
	check "$r: the devices are there" wait_for 20 there
	disk_traffic &
	net_traffic &
	sleep 2
	check "$r: unload both in use" unload_both $first $second
	check "$r: what used them has ended" wait_for 30 ended
	if [ $((r % 2)) = 0 ]; then
		check "$r: the core, too, without a loss" \
			sh -c ". /root/lib.sh; rmmod xenion && none_left"
	else
		# again at once, before anything has settled
		check "$r: load and unload at once" sh -c \
			"insmod /lib/xenion/xenion-$first.ko && rmmod xenion-$first"
	fi
done
check "load again" load_xenion blkfront netfront
# The kernel may still be reading partitions of the new disk.
check "unload" wait_for 20 unload_xenion
check "the kernel has not complained" no_complaint
finish
