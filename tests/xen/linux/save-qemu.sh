# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Disks go on when their backend is QEMU's after Linux's (blkback), and the other way
# round: QEMU's takes requests of eleven pages, and maps what blkback has copied to it.
# save-qemu.dom0.sh changes them, from one domain to the next.

. /root/lib.sh

# qemu's: no request with indirect descriptors
QEMU=11

segments() { cat "/sys/block/$1/queue/max_segments"; }
is_short() { [ "$(segments "$1")" = $QEMU ]; }
is_long() { [ "$(segments "$1")" -gt $QEMU ]; }

# A file system's metadata are objects of the kernel's that share pages with others.
fs_traffic() {
	local _n=0
	while [ ! -e /tmp/stop ]; do
		_n=$((_n + 1))
		cp /tmp/model "/mnt/$((_n % 8))" && sync &&
			cmp "/mnt/$((_n % 8))" /tmp/model || exit 1
		echo . >>/tmp/fs
	done 2>/dev/null
}

both_go_on() { gets_lines disk && gets_lines fs; }

echo "TAP version 13"
dmesg -c >/dev/null
: >/tmp/disk
: >/tmp/fs
dd if=/dev/urandom of=/tmp/model bs=64k count=16 2>/dev/null
modprobe -a crc32c_generic ext4
check "the drivers are loaded" load_xenion
check "Linux's disk is there" wait_for 20 test -b /dev/xvda || finish
check "QEMU's disk is there" wait_for 20 test -b /dev/xvdb || finish
check "Linux's takes long requests" is_long xvda
check "QEMU's takes short ones" is_short xvdb
check "a file system is made" mke2fs -q -F -t ext4 -b 1024 /dev/xvdb
check "and mounted" mount -t ext4 /dev/xvdb /mnt
disk_traffic &
disk_pid=$!
fs_traffic &
fs_pid=$!
check "both are in use" both_go_on
check "QEMU serves both" asks qemu
check "QEMU: both go on" both_go_on
check "QEMU: what is asked is shorter" wait_for 20 is_short xvda
check "Linux serves both" asks linux
check "Linux: both go on" both_go_on
check "Linux: what is asked is as long as before" wait_for 20 is_long xvda
touch /tmp/stop
wait $disk_pid
result $? "the disk's data were right"
wait $fs_pid
result $? "the files were right"
check "unmounted" umount /mnt
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
