# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Allocations of the kernel that fail: one while a module is loaded, another one
# in each load; then, one after the other, those that works make while devices
# connect; then many while packets and requests are on their way. Each failure
# is reported, nothing is left, and without a fault all works again. kmemleak is
# checked at the end. Needs a kernel with fault injection (make check-debug),
# --disk vdev=xvda, --vif, and failnth.

. /root/lib.sh

debug=/sys/kernel/debug
bus=/sys/bus/xenion

[ -d $debug/failslab ] || skip_all "this kernel cannot fail to order"

# bus_register() of Linux 6.1 leaks the name if a later allocation fails.
linux_leaks "kobject_set_name.*bus_register"

# attributes NAME VALUE: set it for both kinds of faults
attributes() {
	for _kind in failslab fail_page_alloc; do
		[ ! -e $debug/$_kind/$1 ] || echo "$2" >"$debug/$_kind/$1"
	done
}

# quiet: no faults except those of one task, by fail-nth
quiet() {
	attributes probability 0
	attributes times -1
	attributes interval 1
	attributes verbose 0
	attributes task-filter N
	attributes ignore-gfp-wait N
	attributes ignore-gfp-highmem N
	attributes min-order 0
}

loaded() { [ -d "/sys/module/$(echo "$1" | tr - _)" ]; }
ready() { [ -b /dev/xvda ] && [ -d /sys/class/net/eth0 ]; }
devices() { [ -d $bus/devices/vbd-51712 ] && [ -d $bus/devices/vif-0 ]; }

works() {
	wait_for 20 ready || return 1
	dd if=/dev/xvda of=/dev/null bs=64k count=8 iflag=direct 2>/dev/null ||
		return 1
	ip addr add 10.0.0.2/24 dev eth0 2>/dev/null
	ip link set eth0 up
	wait_for 20 ping -q -c 2 -W 1 10.0.0.1
}

# told: the log has one of our lines since it was cleared
told() { dmesg | grep -q 'xenion'; }

# --- while a module is loaded -------------------------------------------------

# survived MODULE OUTCOME: check, and undo, the result of a load with a fault
survived() {
	case $2 in
	loaded)
		case $1 in
		xenion)	wait_for 20 devices || return 1 ;;
		esac
		wait_for 20 rmmod "$1" ;;
	*)	! loaded "$1" ;;
	esac
}

# Loads of one module with a fault. They are spread over all allocations of a
# load, different ones in each run: all of them would take hours.
LOADS=40

# sweep MODULE
sweep() {
	local all said nth step bad=0 refused=0 loads=0

	# The number of allocations of a load without a fault.
	said=$(/root/failnth 1000000 "/lib/xenion/$1.ko")
	all=${said#none }
	all=${all% loaded}
	survived "$1" loaded || return 1
	step=$((all / LOADS + 1))
	nth=$((1 + $(od -An -tu2 -N2 /dev/urandom) % step))
	echo "# $1: of $all allocations every ${step}th from the ${nth}th" >&9
	while [ $nth -le "$all" ]; do
		dmesg -c >/dev/null
		said=$(/root/failnth $nth "/lib/xenion/$1.ko")
		loads=$((loads + 1))
		if ! survived "$1" "${said#* * }"; then
			echo "# $1, allocation $nth: $said, and then:"
			dmesg | tail -n 20 | comments
			bad=$((bad + 1))
			loaded "$1" && rmmod "$1"
		fi
		[ "${said#* * }" = loaded ] || refused=$((refused + 1))
		nth=$((nth + step))
	done
	echo "# $1: of $loads loads $refused failed" >&9
	[ $bad = 0 ] && [ $loads -gt $((LOADS / 2)) ] && [ $refused -gt 0 ]
}

# --- while devices connect ----------------------------------------------------

# workers: faults are only for works, also of workers that are started later
workers() {
	for _p in /proc/[0-9]*; do
		case $(cat "$_p/comm" 2>/dev/null) in
		kthreadd | kworker*)	echo 1 >"$_p/make-it-fail" ;;
		esac
	done 2>/dev/null
	attributes task-filter Y
}

# connect N: the N-th allocation fails, once, while both devices connect
connect() {
	quiet
	workers
	dmesg -c >/dev/null
	attributes interval "$1"
	attributes times 1
	attributes probability 100
	_told=
	for _module in xenion-blkfront xenion-netfront; do
		# A load that fails reports that itself.
		insmod /lib/xenion/$_module.ko || _told=$_module
	done
	[ -n "$_told" ] || wait_at_most 3 ready
	quiet
	if [ -z "$_told" ] && ! ready && ! told && ! wait_for 10 ready; then
		echo "# interval $1: a device is missing, and nothing is told"
		return 1
	fi
	ready || echo "# interval $1: $(dmesg | grep xenion | tail -n 1)"
	for _module in xenion-blkfront xenion-netfront; do
		! loaded $_module || wait_for 20 rmmod $_module || return 1
	done
}

connect_all() {
	for _i in 1 2 3 4 5 6 7 8 9 10 12 14 17 20 24 29 35 42 50 60 72 86 100; do
		connect $_i || return 1
	done
}

# --- while data flow ----------------------------------------------------------

# flow: one in ten allocations that must not sleep fails
flow() {
	attributes ignore-gfp-wait Y
	attributes probability 10
	ping -q -c 200 -i 0.01 -s 8000 10.0.0.1 >/dev/null &
	dd if=/dev/zero of=/dev/xvda bs=64k count=64 oflag=direct \
		conv=notrunc 2>/dev/null
	dd if=/dev/xvda of=/dev/null bs=4k count=256 iflag=direct 2>/dev/null
	wait $!
	quiet
	return 0
}

plan 17
quiet
dmesg -c >/dev/null
check "xenion: one allocation of a load fails, each time another" sweep xenion
check "the next load works" load_xenion
check "and all that is there" works
check "unload" wait_for 20 unload_xenion
check "no grant is left behind" none_left

insmod /lib/xenion/xenion.ko
for module in xenion-console xenion-blkfront xenion-netfront; do
	check "$module: one allocation of a load fails, each time another" sweep $module
done
check "the frontends load" sh -c 'cd /lib/xenion && insmod xenion-blkfront.ko &&
	insmod xenion-netfront.ko'
check "and work" works
rmmod xenion-netfront
wait_for 20 rmmod xenion-blkfront

check "faults while devices connect" connect_all
check "the frontends load after that" sh -c 'cd /lib/xenion &&
	insmod xenion-blkfront.ko && insmod xenion-netfront.ko'
check "and work" works

check "faults while data flow" flow
check "after that all works" works
check "unload" wait_for 20 unload_xenion
check "no grant is left behind" none_left
finish
