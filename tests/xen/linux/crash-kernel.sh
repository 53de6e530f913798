# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A kernel crashes while its devices work, and a crash kernel (kexec -p) takes
# over. Xen and the backends do not know: event channels, grants and device
# states are those of the first kernel, and our modules have to cope with that.
# That the crash kernel runs at all shows that a panic does not end the domain
# if there is one. It runs only on the vCPU that crashed, which is not vCPU 0
# here. /root/again is in its ramdisk.

. /root/lib.sh

if [ ! -e /root/again ]; then
	echo "TAP version 13"
	check "the modules load" load_xenion
	check "disk and interface" wait_for 60 sh -c \
		'test -b /dev/xvda && test -e /sys/class/net/eth0'
	ip addr add 10.0.0.2/24 dev eth0
	ip link set eth0 up
	check "dom0 answers" wait_for 60 ping -c 1 -W 1 10.0.0.1
	head -c 4194304 /dev/urandom >/tmp/data
	check "data on the disk" dd if=/tmp/data of=/dev/xvda bs=1M conv=fsync
	md5sum </tmp/data >/root/again
	rm /tmp/data
	check "pack a ramdisk" pack_ramdisk
	check "kexec takes the crash kernel" kexec -s -p /boot/vmlinuz \
		--initrd=/tmp/initrd --append="$(sed \
		's/crashkernel=[^ ]*//' /proc/cmdline) nr_cpus=1"
	# shellcheck disable=SC2154	# of the rig's library
	[ "$_failed" = 0 ] || finish
	cat /dev/xvda >/dev/null &
	taskset 2 sh -c 'echo c >/proc/sysrq-trigger'
	not_ok "the first kernel is gone"
	finish
fi

_tests=6
dmesg -c >/dev/null
check "the crash kernel loads the modules" load_xenion
check "it finds event channels in use" \
	sh -c 'dmesg | grep -q "of an earlier kernel are closed"'
check "a disk" wait_for 60 test -b /dev/xvda
check "the data are those of the first" \
	sh -c 'head -c 4194304 /dev/xvda | md5sum | cmp - /root/again'
check "an interface" wait_for 60 test -e /sys/class/net/eth0
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0 answers" wait_for 60 ping -c 1 -W 1 10.0.0.1
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
