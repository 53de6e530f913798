# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Disks that come, grow and go while the guest runs, also in the middle of
# requests and with a mounted file system. Needs --disk size=64M,vdev=xvda;
# blk-hotplug.dom0.sh plugs when the guest asks for it.

. /root/lib.sh

bus=/sys/bus/xenion

# gone DISK NUMBER: neither the disk nor its device is there.
gone() { [ ! -e "/sys/block/$1" ] && [ ! -e "$bus/devices/vbd-$2" ]; }

# works DISK: what is written can be read again
works() {
	dd if=/dev/urandom of=/tmp/pattern bs=64k count=16 2>/dev/null
	dd if=/tmp/pattern of="/dev/$1" bs=64k oflag=direct conv=notrunc \
		2>/dev/null &&
	dd if="/dev/$1" bs=64k count=16 iflag=direct 2>/dev/null |
		cmp - /tmp/pattern
}

sectors() { grep -qx "$2" "/sys/block/$1/size"; }

# The backend reads the size when it gets a request.
grows() {
	for _ in $(seq 100); do
		dd if=/dev/xvda of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
		sectors xvda 262144 && return 0
		sleep 0.2
	done
	return 1
}

# Keep requests in flight; ends when they fail.
traffic() {
	while dd if=/dev/zero of="/dev/$1" bs=64k count=32 oflag=direct \
		conv=notrunc 2>/dev/null; do
		:
	done &
	while dd if="/dev/$1" of=/dev/null bs=4k count=64 iflag=direct \
		2>/dev/null; do
		:
	done &
}

ended() { ! pgrep -x dd; }

plan 33
modprobe -a crc32c_generic ext4
dmesg -c >/dev/null

check "the modules load" load_xenion blkfront
check "xvda is there" wait_for 20 test -b /dev/xvda || finish
check "xvda: 64 MiB" sectors xvda 131072

mkfs.ext4 -q -F /dev/xvda
mount -t ext4 /dev/xvda /mnt
echo before >/mnt/file
tell grow
check "xvda grows to 128 MiB while it is mounted" grows
check "the kernel has heard of it" sh -c \
	'dmesg | grep -q "xvda: detected capacity change"'
umount /mnt
check "the file is still there" sh -c \
	'mount -t ext4 /dev/xvda /mnt && grep -q before /mnt/file && umount /mnt'

for i in 1 2; do
	tell "plug-$i"
	check "plug $i: xvdb appears" wait_for 20 test -b /dev/xvdb
	check "plug $i: it works" works xvdb
	tell "unplug-$i"
	check "unplug $i: it is gone" wait_for 30 gone xvdb 51728
done

tell plug-busy
check "busy: xvdb appears" wait_for 20 test -b /dev/xvdb
traffic xvdb
sleep 2
tell unplug-busy
check "busy: it is gone with requests in flight" wait_for 40 gone xvdb 51728
check "busy: the requests have ended" wait_for 30 ended
check "busy: xvda works" works xvda

tell plug-mounted
check "mounted: xvdb appears" wait_for 20 test -b /dev/xvdb
mkfs.ext4 -q -F /dev/xvdb
mount -t ext4 /dev/xvdb /mnt
dd if=/dev/zero of=/mnt/file bs=64k count=32 conv=fsync 2>/dev/null
tell unplug-mounted
check "mounted: it is gone" wait_for 40 gone xvdb 51728
check "mounted: reading from it fails" sh -c \
	'! (echo 3 >/proc/sys/vm/drop_caches; dd if=/mnt/file of=/dev/null bs=64k iflag=direct)'
check "mounted: it can be unmounted" umount /mnt

tell plug-force
check "force: xvdb appears" wait_for 20 test -b /dev/xvdb
traffic xvdb
sleep 1
tell unplug-force
check "force: it is gone, and nobody asked us" wait_for 40 gone xvdb 51728
check "force: the requests have ended" wait_for 30 ended

tell plug-names
check "names: xvdz, beyond the first sixteen" wait_for 20 test -b /dev/xvdz
check "names: xvdz works" works xvdz
check "names: xvdc1, a partition without a disk" wait_for 20 test -b /dev/xvdc1
check "names: xvdc1 works" works xvdc1
tell unplug-names
check "names: they are gone" wait_for 40 sh -c \
	'[ ! -e /sys/block/xvdz ] && [ ! -e /sys/block/xvdc1 ]'

# Unbind and bind the driver by hand.
drv=$bus/drivers/xenion-blkfront
echo vbd-51712 >$drv/unbind
check "unbind: xvda is gone" test ! -e /sys/block/xvda
echo vbd-51712 >$drv/bind
check "bind: xvda is back" wait_for 20 test -b /dev/xvda
# The kernel may still be reading partitions of the new disk.
check "unload" wait_for 20 unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
