# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A disk and an interface are plugged, and unplugged, just when the guest is saved or
# moved: it has those that its domain has then, and the disk that it keeps goes on. After
# the last move the drivers are unloaded while they look for their new backends.
# save-plug.dom0.sh plugs. Needs --disk vdev=xvda, two vCPUs.

. /root/lib.sh

devices=/sys/bus/xenion/devices

all() { [ -b /dev/xvdb ] && [ -d /sys/class/net/eth0 ]; }
works() {
	dd if=/dev/xvdb of=/dev/null bs=64k count=16 iflag=direct &&
	ip link set eth0 up && ip addr replace 10.0.0.2/24 dev eth0 &&
	ping -c 3 10.0.0.1
}
none() { [ "$(ls $devices)" = vbd-51712 ] && [ ! -e /sys/class/net/eth0 ]; }

echo "TAP version 13"
dmesg -c >/dev/null
: >/tmp/disk
check "the modules load" load_xenion console blkfront netfront
disk_traffic &
disk_pid=$!
check "the disk is in use" gets_lines disk
for how in checkpoint restore migrate; do
	asks "plug-$how"
	result $? "plug-$how: the console goes on"
	check "plug-$how: the devices are there" wait_for 60 all
	check "plug-$how: they work" wait_for 60 works
	check "plug-$how: the disk goes on" gets_lines disk
	asks "unplug-$how"
	result $? "unplug-$how: the console goes on"
	check "unplug-$how: the devices are gone" wait_for 60 none
	check "unplug-$how: the disk goes on" gets_lines disk
done
asks plug-and-go
check "the devices are there again" wait_for 60 all
touch /tmp/stop
wait $disk_pid
result $? "the disk's data were right"
asks unload
check "unload at once" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
