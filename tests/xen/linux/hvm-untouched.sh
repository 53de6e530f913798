# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# An HVM guest on its emulated disk and interface: our modules leave alone what
# their drivers use, then and as told. When the drivers have let go, loading
# unplugs it. Needs a disk and an interface.

. /root/lib.sh

plan 27

says() { dmesg | grep -q "$1"; }
# The file system on the emulated disk goes on, with one more file each time.
disk_goes_on() {
	_file=/mnt/data$(find /mnt -name "data*" | wc -l)
	dd if=/dev/urandom of="$_file" bs=64k count=16 2>/dev/null &&
	(cd /mnt && md5sum data* >sums) && sync &&
	echo 3 >/proc/sys/vm/drop_caches &&
	(cd /mnt && md5sum -c sums)
}
three_files() {
	(cd /mnt && md5sum -c sums) && [ "$(wc -l </mnt/sums)" = 3 ]
}
net_goes_on() { wait_for 20 ping -q -c 3 -s 1000 10.0.0.1; }
none_of_ours() {
	[ ! -e /sys/block/xvda ] && only_8139cp &&
	[ ! -e /sys/bus/xenion/devices/vbd-51712/driver ]
}
only_8139cp() {
	[ "$(basename -a /sys/class/net/e*)" = eth0 ] &&
	readlink /sys/class/net/eth0/device/driver | grep -q 8139cp
}

modprobe -a crc32c_generic ext4

check "the emulated devices' drivers load" modprobe -a ata_piix sd_mod 8139cp
check "sda is there" wait_for 20 test -b /dev/sda
mkfs.ext4 -q -F /dev/sda
check "its file system is mounted" mount -t ext4 /dev/sda /mnt
check "and works" disk_goes_on
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0 answers to ping through the emulated interface" net_goes_on

for value in perhaps never,disks "disks,," all,nics; do
	check "unplug=$value is refused, with what is allowed" refuses \
		'give all, never, unnecessary, or a list' \
		insmod /lib/xenion/xenion.ko "unplug=$value"
done

options_xenion=unplug=never
check "unplug=never: the modules load" load_xenion
check "the parameter shows it" grep -qx never /sys/module/xenion/parameters/unplug
check "they leave disk and interface alone" none_of_ours
check "the disk goes on" disk_goes_on
check "unload" unload_xenion

options_xenion=
dmesg -c >/dev/null
check "too late: the modules load" load_xenion
check "the log says who uses the disk" says "disk is in use by ata_piix and stays"
check "and who the interface" says "interface is in use by 8139cp and stays"
check "they are left alone" none_of_ours
check "the disk goes on" disk_goes_on
check "and the interface" net_goes_on
unload_xenion

umount /mnt
ip link set eth0 down
options_xenion=unplug=disks,nics
check "their drivers let go" rmmod 8139cp ata_piix
check "the modules load" load_xenion
check "and have what is unplugged now" test -b /dev/xvda -a ! -e /dev/sda
check "what was written is on xvda" mount -t ext4 /dev/xvda /mnt
check "unchanged" three_files
umount /mnt
check "unload" unload_xenion
check "the kernel has not complained" no_complaint
finish
