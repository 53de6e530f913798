# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A Linux guest whose devices' backends lie, one after the other (backend.h).
# The guest uses each device as long as it is there. After each lie: the guest
# lives, its kernel has not complained, its memory is unchanged, and each cause
# made one line of its log.

. /root/lib.sh

# listen: dom0 sends the name of a lie, "gone" after its device, "end" at last
listen() {
	while read -r _line; do
		case $_line in
		gone)	: >/tmp/gone ;;
		*)	echo "$_line" >/tmp/lie ;;
		esac
	done </dev/hvc0
}

no_device() {
	for _d in vbd-51728 vbd-51744 vif-7 vif-8 9pfs-0 9pfs-1; do
		[ ! -d "/sys/bus/xenion/devices/$_d" ] || return 1
	done
}

# node NAME: make /tmp/NAME, a node for a disk that is there. In /dev, a late dd
# would make a file /dev/NAME, and the next disk would get no node.
node() {
	[ -e "/sys/block/$1/dev" ] || return 1
	# shellcheck disable=SC2046
	[ -b "/tmp/$1" ] || mknod "/tmp/$1" b $(tr : ' ' <"/sys/block/$1/dev")
}

# read_disk NAME SIZE: read in requests of SIZE bytes
read_disk() {
	dd if="/tmp/$1" of=/dev/null bs="$2" count=4 iflag=direct
}

# use_disk NAME NUMBER, use_nic NUMBER: until it is gone. Long requests use
# indirect segments.
use_disk() {
	while [ -d "/sys/bus/xenion/devices/vbd-$2" ]; do
		if node "$1"; then
			read_disk "$1" 64k
			read_disk "$1" 4k
			dd if=/tmp/memory of="/tmp/$1" bs=4k count=4 \
				oflag=direct conv=fsync
			insmod /root/xenion-slabio.ko disk=/tmp/xvdb
		fi
		sleep 0.1
	done >/dev/null 2>&1
}

use_nic() {
	while [ -d "/sys/bus/xenion/devices/vif-$1" ]; do
		_nic=$(ls "/sys/bus/xenion/devices/vif-$1/net" 2>/dev/null)
		if [ -n "$_nic" ]; then
			ip link set "$_nic" up
			ip addr add "10.$1.0.2/24" dev "$_nic"
			# these need no answer by ARP
			ip route add "224.0.0.$1/32" dev "$_nic"
			ping -q -c 3 -i 0.05 -W 1 -s 900 "224.0.0.$1"
		fi
		sleep 0.05
	done >/dev/null 2>&1
}

# at_most COMMAND...: kill it if a silent server keeps it waiting, so that its
# requests are flushed
at_most() { timeout -s KILL "$SLOW" "$@"; }

use_files() {
	_mnt=/tmp/lies$1
	while [ -d "/sys/bus/xenion/devices/9pfs-$1" ]; do
		if mount -t 9p -o trans=xen,version=9p2000.L "lies$1" "$_mnt"; then
			at_most dd if="$_mnt/file" of=/dev/null bs=64k
			at_most dd if=/tmp/memory of="$_mnt/file" bs=64k \
				count=2 conv=notrunc
			at_most ls -l "$_mnt" "$_mnt/nosuch"
			umount "$_mnt"
		fi
		sleep 0.1
	done >/dev/null 2>&1
}

# until_gone COMMAND...: repeatedly; a second device may come later, or never
until_gone() {
	while [ ! -e /tmp/gone ]; do
		"$@"
		sleep 0.05
	done
}

# files NUMBER: a process that waits for a server cannot be killed while Linux
# waits for the answer to a Tflush; all have to end with the device
files() {
	mkdir -p "/tmp/lies$1"
	rm -f "/tmp/files-$1"
	until_gone use_files "$1"
	: >"/tmp/files-$1"
}

files_end() {
	[ -e /tmp/files-0 ] && [ -e /tmp/files-1 ] && ! grep -q ' 9p ' /proc/mounts
}

# intact: the backend has changed none of this memory
intact() {
	md5sum -c /tmp/memory.md5 >/dev/null &&
	! dmesg | tail -n "+$marked" | grep "xenion-slabio: changed"
}

# said_once: none of our warnings or errors came twice since the last lie,
# except one for each mount that is refused.
said_once() {
	dmesg -r | tail -n "+$marked" |
		sed -n '/: lies[01]: /!s/^<[0-4]>[^]]*\] \(xenion.*\)/\1/p' >/tmp/said
	[ -z "$(sort /tmp/said | uniq -d)" ]
}

# logged WORDS: since the last lie
logged() { dmesg | tail -n "+$marked" | grep -q "$1"; }

held() { cat /sys/bus/xenion/stats/events_held; }

# noticed LIE: what the guest must have counted or reported, for some of them
noticed() {
	case $1 in
	events-only | *storms*)
		check "$1: its events were held back" [ "$(held)" -gt "$held" ]
		;;
	scribbles-beside-data)
		check "$1: data in a slab was there and back" \
			logged "xenion-slabio: done (error 0)"
		;;
	closes-during-io)
		check "$1: that is told" grep -q "closes and does not answer" /tmp/said
		check "$1: the toolstack was heard" logged "asks for poweroff"
		;;
	closes-while-mounted)
		# after a kill and umount, nothing waits for an answer: no
		# report
		check "$1: the toolstack was heard" logged "asks for poweroff"
		;;
	never-answers | tx-never-answers)
		check "$1: that is told" grep -q "no answer to" /tmp/said
		;;
	esac
}

mark() {
	held=$(held)
	marked=$(($(dmesg | wc -l) + 1))
}

echo "TAP version 13"
# what the kernel calls when the toolstack asks for an end: do nothing
mkdir -p /sbin
rm -f /sbin/poweroff
printf '#!/bin/sh\nexit 0\n' >/sbin/poweroff
chmod +x /sbin/poweroff
head -c 33554432 /dev/urandom >/tmp/memory
md5sum /tmp/memory >/tmp/memory.md5
modprobe 9p
check "the modules load" load_xenion console blkfront netfront 9p
dmesg -c >/dev/null
mark
: >/tmp/lie
listen &
listener=$!
tell ready

while read -r lie </tmp/lie && [ "$lie" != end ] || [ -z "$lie" ]; do
	[ -n "$lie" ] || { sleep 0.05; continue; }
	: >/tmp/lie
	until_gone use_disk xvdc 51744 &
	others=$!
	until_gone use_nic 8 &
	others="$others $!"
	until_gone use_disk xvdb 51728 &
	others="$others $!"
	files 0 &
	files 1 &
	until_gone use_nic 7
	wait $others
	check "$lie: no mount outlives the device" wait_for 20 files_end
	rm -f /tmp/gone
	check "$lie: the device goes" wait_for 60 no_device
	check "$lie: the guest's memory is as it was" intact
	check "$lie: no complaint of the kernel's" no_complaint
	check "$lie: nothing is said twice" said_once
	noticed "$lie"
	mark
	tell "over-$lie"
done
kill $listener
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the modules load again" load_xenion console blkfront netfront 9p
check "unload again" unload_xenion
finish
