# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# After a driver was loaded, its devices are there. A backend that does not
# answer delays that only for a bounded time, and does not delay the end of
# other devices. Needs a disk and an interface; ready.dom0.sh makes four disks
# that never get ready.

. /root/lib.sh

slow="51744 51760 51776 51792"

now() { cut -d. -f1 /proc/uptime; }

# at_least SECONDS COMMAND...
at_least() {
	_limit=$1
	shift
	_begin=$(now)
	"$@" || return 1
	[ $(($(now) - _begin)) -ge "$_limit" ]
}

# all_gone NUMBER...
all_gone() {
	for _id in "$@"; do
		[ ! -e "/sys/bus/xenion/devices/vbd-$_id" ] || return 1
	done
}

echo "TAP version 13"

# No waits in between: this is what is tested.
load_xenion console
load_xenion_status=$?
insmod /lib/xenion/xenion-blkfront.ko && [ -e /sys/block/xvda ] &&
	dd if=/dev/xvda of=/dev/null bs=4k count=1 2>/dev/null
disk_status=$?
insmod /lib/xenion/xenion-netfront.ko && ip link set eth0 up
net_status=$?
check "xenion.ko loads" [ $load_xenion_status = 0 ]
check "a disk can be read when its driver is loaded" [ $disk_status = 0 ]
check "an interface can be set up when its driver is loaded" [ $net_status = 0 ]

rmmod xenion-blkfront
rendezvous slow 240
echo 4 >/sys/module/xenion/parameters/settle_seconds
dmesg -c >/dev/null
check "a backend that is never ready is waited for" \
	at_least 3 insmod /lib/xenion/xenion-blkfront.ko
check "and the others can be used all the same" \
	wait_for 20 dd if=/dev/xvda of=/dev/null bs=4k count=1 iflag=direct
check "the log tells whom it waited for" sh -c \
	'dmesg | grep -q "vbd-51744: not ready yet: its backend .* is in state 2"'
check "and that it waits no longer" sh -c \
	'dmesg | grep -q "not waited for any longer"'
check "nobody else was waited for" sh -c \
	'! dmesg | grep "not ready yet" | grep -v "vbd-51[78]"'

# unplug WORD NUMBER...: dom0 removes these when it gets the word
unplug() {
	tell "$1"
	shift
	wait_for 120 all_gone "$@"
}

# shellcheck disable=SC2086
check "four that are unplugged go" unplug unplug $slow
check "xvda works" dd if=/dev/xvda of=/dev/null bs=4k count=1 iflag=direct

# Each waits five seconds for its backend, and then reports that. One after the
# other, there would be at least fifteen seconds between the first and the last.
side_by_side() {
	dmesg | sed -n 's/^\[ *\([0-9]*\)\..*does not close.*/\1/p' >/tmp/ends
	[ "$(wc -l </tmp/ends)" = 4 ] &&
		[ $(($(tail -n 1 /tmp/ends) - $(head -n 1 /tmp/ends))) -lt 15 ]
}

rendezvous slow-2 240
# Until a device has told its backend of its ring, it has nothing to wait for.
all_published() {
	for _id in $slow; do
		[ "$(cat "/sys/bus/xenion/devices/vbd-$_id/state")" = 3 ] || return 1
	done
}
check "they are plugged again" wait_for 20 all_published
# Those that were unplugged may have said it too.
dmesg -c >/dev/null
check "unload with four that wait for their backends" rmmod xenion-blkfront
check "they wait side by side" side_by_side
dmesg -c >/dev/null
echo 0 >/sys/module/xenion/parameters/settle_seconds
check "settle_seconds=0: load" insmod /lib/xenion/xenion-blkfront.ko
check "loading waits for nobody" sh -c \
	'! dmesg | grep "not waited for any longer"'
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
