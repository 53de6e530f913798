# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# CPUs go offline and come back while disk and network are in use: events move,
# and none is lost. Needs --disk vdev=xvda, --vif, and three vCPUs.

. /root/lib.sh

rounds=4
plan $((rounds + 6))

cpus=/sys/devices/system/cpu

# If an event is lost, a request or an answer that waits for it never ends.
net_traffic() {
	while [ ! -e /tmp/stop ]; do
		ping -q -c 20 -i 0.01 -s 4000 10.0.0.1 && echo . >>/tmp/net
	done >/dev/null 2>&1
}

# off_and_on CPU...: all off, then all on
off_and_on() {
	for _cpu in "$@"; do
		echo 0 >"$cpus/cpu$_cpu/online" || return 1
	done
	traffic_goes_on || return 1
	for _cpu in "$@"; do
		echo 1 >"$cpus/cpu$_cpu/online" || return 1
	done
	traffic_goes_on
}

# spread: write the interrupts' affinity all the time
spread() {
	while [ ! -e /tmp/stop ]; do
		for _f in /proc/irq/*/smp_affinity; do
			echo $((_n % 7 + 1)) >"$_f"
			_n=$((_n + 1))
		done
	done 2>/dev/null
}

dmesg -c >/dev/null
: >/tmp/disk
: >/tmp/net
check "the modules load" load_xenion blkfront netfront
check "disk and network are there" wait_for 20 \
	test -b /dev/xvda -a -d /sys/class/net/eth0 || finish
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
disk_traffic &
net_traffic &
check "both are in use" traffic_goes_on
r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	[ $r != 2 ] || spread &
	case $((r % 3)) in
	0)	set -- 1 2 ;;
	1)	set -- 1 ;;
	2)	set -- 2 ;;
	esac
	check "$r: CPU $* off and on, both go on" off_and_on "$@"
done
touch /tmp/stop
wait
check "unload" wait_for 20 unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
