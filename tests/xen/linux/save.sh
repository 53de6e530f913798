# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A guest that is saved and goes on, saved and restored, and moved (xl save -c, save,
# restore, migrate), while its programs write to a disk, and load from the network:
# nothing is lost of that, and the clock is right at once. If there is an xvdb, fio
# (--guest-tool) writes to it and verifies what it wrote.

. /root/lib.sh

# A file after the other, until /tmp/enough is there. Then the sums of what Linux has in
# memory, with which dom0 compares the disk.
write_files() {
	cd /mnt || exit 1
	while [ ! -e /tmp/enough ]; do
		n=$((n + 1))
		head -c 262144 /dev/urandom >part.$((n % 20)) &&
			sync part.$((n % 20)) || exit 1
	done
	md5sum part.* >data.md5 && echo $n >/tmp/written
}

# The same file again and again: one connection is open whenever the guest goes. That
# one must go on; a new one fails as long as dom0's bridge does not know the guest.
load_files() {
	while [ ! -e /tmp/enough ]; do
		if wget -q -O /tmp/loading http://10.0.0.1/data 2>/tmp/said; then
			[ "$(md5sum </tmp/loading)" = "$sum" ] || exit 1
			n=$((n + 1))
		elif ! grep -q "can't connect" /tmp/said; then
			exit 1
		fi
	done
	echo $n >/tmp/loaded
}

# Many requests at once, and each piece is read back.
verify_pieces() {
	while [ ! -e /tmp/enough ]; do
		fio --name=pieces --filename=/dev/xvdb --direct=1 --thread \
			--ioengine=libaio --iodepth=16 --rw=randwrite --bsrange=4k-64k \
			--size=8M --verify=crc32c --verify_backlog=64 \
			--verify_fatal=1 >/tmp/fio 2>&1 || { comments </tmp/fio; exit 1; }
		n=$((n + 1))
	done
	echo $n >/tmp/verified
}

# clock_is_right: within two seconds of dom0's, whose httpd gives it by the request.
clock_is_right() {
	local _here _there
	_there=$(wget -q -O - http://10.0.0.1/cgi-bin/now) || return 1
	_here=$(date +%s)
	echo "dom0: $_there, here: $_here"
	[ $((_here - _there)) -le 2 ] && [ $((_there - _here)) -le 2 ]
}

# An HVM guest's new device model has all its devices again.
has_pci() { [ -n "$(ls /sys/bus/pci/devices)" ]; }
emulated_interface() {
	echo 1 >/sys/bus/pci/rescan && grep ^0x0200 /sys/bus/pci/devices/*/class
}

# goes_on WHAT: after dom0 has done that with the guest
goes_on() {
	tell "$1"
	wait_dom0 "$1" 600
	result $? "$1: the console goes on"
	check "$1: the disk goes on" dd if=/dev/xvda of=/dev/null bs=64k count=4 iflag=direct
	check "$1: the network goes on" ping -c 3 10.0.0.1
	check "$1: the clock is right" clock_is_right
	check "$1: programs write and load files meanwhile" \
		kill -0 $writer $loader $verifier
	! has_pci || check "$1: no emulated interface comes back" not emulated_interface
}

echo "TAP version 13"
dmesg -c >/dev/null
check "the drivers are loaded" load_xenion
check "and the clock" insmod /lib/xenion/xenion-time.ko
modprobe -a crc32c_generic ext4
check "a file system is made and mounted" \
	sh -c 'mkfs.ext4 -q -F /dev/xvda && mkdir -p /mnt && mount /dev/xvda /mnt'
ip link set eth0 up
ip addr add 10.0.0.2/24 dev eth0
rendezvous serving
result $? "dom0 serves a file"
sum=$(wget -q -O - http://10.0.0.1/data | md5sum)
n=0
write_files &
writer=$!
load_files &
loader=$!
verifier=
[ ! -b /dev/xvdb ] || { verify_pieces & verifier=$!; }
for what in $(sh /root/save-*.list); do
	# Else Linux keeps the TSC.
	[ "${what#*-}" != xenion ] || use_source xenion
	goes_on "$what"
done
touch /tmp/enough
wait $writer
result $? "the writer ends well"
wait $loader
result $? "so does the loader"
[ ! "$verifier" ] || {
	wait $verifier
	result $? "and fio"
	check "fio has verified" cat /tmp/verified
}
what="Linux has not waited for a clock chip"
if grep -qw register_kprobe /proc/kallsyms; then
	check "$what" logged 0 "Unable to read current time from RTC"
else
	skip "$what" "a kernel without CONFIG_KPROBES waits"
fi
check "it has written files" cat /tmp/written
check "and loaded some" cat /tmp/loaded
check "the files are what was written" sh -c "cd /mnt && md5sum -c data.md5"
check "the file system is unmounted" umount /mnt
tell unmounted
use_source tsc
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
