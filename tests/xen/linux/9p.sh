# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A folder of dom0's, served by QEMU, as a file system: data in both directions,
# many requests at once, of many lengths, requests that are interrupted, and a
# device that is removed while requests wait. Needs --p9
# tag=share,path=/disks/share, --guest-module 9p and --guest-tool fio;
# 9p.dom0.sh is the other half.

. /root/lib.sh

stats=/sys/bus/xenion/devices/9pfs-0/stats

attach() { mount -t 9p -o "trans=xen,version=9p2000.L$2" "${1:-share}" /mnt; }

# In pieces of the longest message, without the page cache.
sum() { dd if="/mnt/$1" bs=128k 2>/dev/null | md5sum | cut -c1-32; }
verify() { [ "$(sum "$1")" = "$(cut -c1-32 "/mnt/$1.md5")" ]; }

write_data() {
	seq 3000000 12000000 | head -c "$(mib 64)m" |
		dd obs=128k of=/mnt/from-guest 2>/dev/null &&
	sum from-guest >/mnt/from-guest.md5 && sync
}

together() {
	for i in 0 1 2 3 4 5 6 7; do
		dd if=/mnt/from-dom0 of="/tmp/part$i" bs=64k skip=$((i * 16)) \
			count=16 2>/dev/null &
	done
	wait
	for i in 0 1 2 3 4 5 6 7; do
		dd if=/mnt/from-dom0 bs=64k skip=$((i * 16)) count=16 \
			2>/dev/null | cmp - "/tmp/part$i" || return 1
	done
	rm /tmp/part*
}

# Two files at once, in pieces of many lengths; each piece is read back, some
# while others are written, and must have the checksum that was written with it.
fio_verifies() {
	fio --name=fio --directory=/mnt --thread --numjobs=2 --ioengine=psync \
		--rw=randwrite --size="$(mib 8)M" --bsrange=512-128k \
		--fallocate=none --verify=crc32c --verify_backlog=32 \
		--verify_fatal=1 && rm /mnt/fio.*
}

# Readers that are killed, so that Linux cancels their requests by Tflush.
interrupt() {
	for _ in 1 2 3 4 5 6 7 8; do
		dd if=/mnt/from-dom0 of=/dev/null bs=128k 2>/dev/null &
		_reader=$!
		usleep 200000
		kill -9 $_reader
		wait $_reader 2>/dev/null
	done
	verify from-dom0
}

names() {
	mkdir -p /mnt/a/b && echo hello >/mnt/a/b/c && mv /mnt/a/b/c /mnt/a/d &&
	[ "$(cat /mnt/a/d)" = hello ] && ln -s d /mnt/a/e &&
	[ "$(cat /mnt/a/e)" = hello ] && [ -L /mnt/a/e ] &&
	rm -r /mnt/a && [ ! -e /mnt/a ]
}

plan 23
modprobe 9p
dmesg -c >/dev/null

load_xenion console
check "an option out of range is refused" refuses "from 1 to 8" \
	insmod /lib/xenion/xenion-9p.ko max_rings=9
check "the module loads" insmod /lib/xenion/xenion-9p.ko
check "it says who made it" sh -c \
	'modinfo /lib/xenion/xenion-9p.ko | grep -q "Xenion developers"'
check "no mount of a tag that is not there" refuses "no file system has" \
	attach nosuch
check "mount" attach || finish
check "a second mount of it is refused" refuses "mounted already" attach
check "no unload while it is mounted" sh -c '! rmmod xenion-9p'
wait_dom0 ready 60
check "$(mib 64) MiB that dom0 wrote" verify from-dom0
check "$(mib 64) MiB for dom0" write_data
rendezvous verified
check "names, folders and links" names
check "eight readers at once" together
check "what fio writes and reads back" fio_verifies
check "readers that are killed" interrupt
check "the backend wrote nothing invalid" grep -qx 0 $stats/refused
echo "# $(cd $stats && grep . ./* | tr -d ./ | tr '\n' ' ')"
check "unmount" umount /mnt
check "mount again, short messages" attach share ,msize=8192
check "a file that is there" test -s /mnt/from-guest.md5

# The backend is stopped while requests wait, and the device is removed.
rendezvous asleep
cat /mnt/from-dom0 >/dev/null 2>/tmp/said &
reader=$!
sleep 1
rendezvous gone
wait $reader
check "requests of a device that goes end with an error" grep -qi error /tmp/said
check "and so do others" sh -c '! cat /mnt/from-guest 2>/dev/null'
check "unmount what has gone" umount /mnt

# QEMU's backend serves a device only once, so this is the last test.
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
