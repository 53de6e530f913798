# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Two disks and an interface repeatedly come and go together, whether or not the
# guest has noticed the last time, and while it uses the devices that it sees.
# In the middle of that, the frontends are reloaded. plug.dom0.sh plugs. Needs
# two vCPUs.

. /root/lib.sh

plan 8
bus=/sys/bus/xenion

use_disk() {
	while [ ! -e /tmp/stop ]; do
		[ -b "/dev/$1" ] || { sleep 0.1; continue; }
		dd if="/dev/$1" of=/dev/null bs=64k count=16 iflag=direct
	done 2>/dev/null
}
use_nic() {
	while [ ! -e /tmp/stop ]; do
		[ -d "/sys/class/net/$1" ] || { sleep 0.1; continue; }
		ip addr add 10.0.1.2/24 dev "$1"
		ip link set "$1" up
		ping -q -c 10 -i 0.01 -s 4000 10.0.1.1
	done >/dev/null 2>&1
}

none() { [ -z "$(ls $bus/devices)" ]; }
all() { [ -b /dev/xvdb ] && [ -b /dev/xvdc ] && [ -d /sys/class/net/eth0 ]; }

reload() {
	wait_for 60 rmmod xenion-blkfront && wait_for 60 rmmod xenion-netfront &&
	insmod /lib/xenion/xenion-blkfront.ko &&
	insmod /lib/xenion/xenion-netfront.ko
}

dmesg -c >/dev/null
check "the modules load" load_xenion console blkfront netfront
use_disk xvdb &
use_disk xvdc &
use_nic eth0 &
tell plug
sleep 4
check "the frontends are loaded anew meanwhile" reload 2>/dev/null
check "dom0 has plugged and unplugged" wait_dom0 plugged 300
check "all are there in the end" wait_for 60 all
tell unplug
check "and all go" wait_for 60 none
touch /tmp/stop
wait
check "unload" wait_for 20 unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
