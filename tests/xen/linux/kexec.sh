# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# kexec into the same kernel, with reads in flight and packets coming in, and
# the same test again there. In between, dom0 checks what the first kernel has
# left in Xen (kexec.dom0.sh). /root/again is in the second kernel's ramdisk.

. /root/lib.sh

same_data() { head -c 16777216 /dev/xvda | md5sum | cmp - /root/again; }

network() {
	ip addr add 10.0.0.2/24 dev eth0
	ip link set eth0 up
	wait_for 30 ping -c 1 -W 1 10.0.0.1
}

# what both kernels do
devices() {
	check "$1 kernel: the modules load" load_xenion
	check "$1 kernel: disks" wait_for 30 sh -c 'test -b /dev/xvda && test -b /dev/xvdb'
	check "$1 kernel: an interface" wait_for 30 test -e /sys/class/net/eth0
	check "$1 kernel: dom0 answers" network
}

if [ ! -e /root/again ]; then
	echo "TAP version 13"
	devices first
	head -c 16777216 /dev/urandom >/tmp/data
	check "data on the disk" dd if=/tmp/data of=/dev/xvda bs=1M conv=fsync
	md5sum </tmp/data >/root/again
	rm /tmp/data
	tell traffic
	check "pack a ramdisk" pack_ramdisk
	check "kexec takes the kernel" kexec -s -l /boot/vmlinuz \
		--initrd=/tmp/initrd --reuse-cmdline
	# Stop on a failure, which the second kernel would not know of.
	# shellcheck disable=SC2154	# of the rig's library
	[ "$_failed" = 0 ] || finish
	while cat /dev/xvdb; do
		echo 3 >/proc/sys/vm/drop_caches
	done >/dev/null 2>&1 &
	reader=$!
	sleep 2
	kexec -e
	kill $reader
	not_ok "the first kernel is gone"
	finish
fi

_tests=7
dmesg -c >/dev/null
tell second
check "the second kernel runs alone" sleep 8
devices second
check "the data are those of the first" same_data
check "new data on the disk" sh -c 'head -c 16777216 /dev/urandom |
	dd of=/dev/xvda bs=1M conv=fsync'
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
