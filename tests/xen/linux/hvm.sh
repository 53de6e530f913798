# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# An HVM guest whose initramfs loads our modules before the drivers of what QEMU
# emulates: the disk and the interface are there once, as ours. hvm.dom0.sh is the
# other half. Needs a disk and an interface. With "intx" on the command line, events
# interrupt through the Xen platform device.

. /root/lib.sh

plan 17

# has CLASS: there is a PCI device of that class
has() { grep -q "^0x$1" /sys/bus/pci/devices/*/class; }
lacks() { ! has "$1"; }
# only NAME PATH...: no path but that of the name
only() { [ $# = 2 ] && [ "${2##*/}" = "$1" ]; }

# events_come: as this run wants, and they do
events_come() {
	grep xenion-upcall /proc/interrupts >/tmp/upcalls
	if [ -n "$intx" ]; then
		[ "$(wc -l </tmp/upcalls)" = 1 ] && grep -q IO-APIC /tmp/upcalls
	else
		[ "$(wc -l </tmp/upcalls)" = 2 ] && ! grep -q IO-APIC /tmp/upcalls
	fi && awk '{ n += $2 + $3 } END { exit n < 10 }' /tmp/upcalls
}

disk_write() {
	mkfs.ext4 -q -F /dev/xvda && mount -t ext4 /dev/xvda /mnt &&
	dd if=/dev/urandom of=/mnt/data bs=1M count=4 2>/dev/null &&
	(cd /mnt && md5sum data >data.md5) && sync && umount /mnt
}

modprobe -a crc32c_generic ext4
catch_poweroff

intx=$(grep -o intx /proc/cmdline)
[ -z "$intx" ] || export options_xenion="vectors=N"
dmesg -c >/dev/null
check "a PC's disk controller is emulated" has 0101
check "and an interface" has 0200
check "the modules load" load_xenion
check "the log tells of both that they are unplugged" sh -c \
	'dmesg | grep -q "emulated disks and interfaces are unplugged"'
check "the emulated interface is gone" lacks 0200
check "the drivers of emulated devices load" modprobe -a ata_piix sd_mod 8139cp
check "the disk controller has its driver" test -e /sys/bus/pci/drivers/ata_piix/*:*
check "there is no disk but xvda" only xvda /sys/block/*d[a-z]
check "there is no interface but eth0" only eth0 /sys/class/net/e*
check "xvda: ext4, 4 MiB of random data, unmount" disk_write
tell disk
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0 answers to ping" wait_for 20 ping -q -c 3 -s 4000 10.0.0.1
check "events come ${intx:+by the platform device}" events_come
tell up
check "xl shutdown reaches the system" wait_for 60 test -e /tmp/asked
rendezvous checked
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
# Without a console driver, dom0 cannot answer: give it time to check.
tell unloaded
sleep 10
check "without xenion, no disk at all" test ! -e /sys/block/sda -a ! -e /sys/block/xvda
finish
