# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A disk and an interface with two queues each go on in a domain whose backends have
# one, and then in one with two again. save-queues.dom0.sh plugs them, for backends
# that are there from the start have as many as dom0's drivers had then.

. /root/lib.sh

net_traffic() {
	while [ ! -e /tmp/stop ]; do
		ping -q -c 1 -W 1 -s 4000 10.0.0.1 && echo . >>/tmp/net
	done >/dev/null
}

net_has() { [ "$(ls -d /sys/class/net/eth0/queues/tx-* | wc -l)" = "$1" ]; }
# A disk keeps those that it began with, for what was asked of it.
disk_has() { [ "$(ls /sys/block/xvda/mq | wc -l)" = "$1" ]; }

# goes_on WORD N: after dom0 has done that, and its backends have N queues
goes_on() {
	check "$1" asks "$1"
	check "$1: the interface has $2" wait_for 20 net_has "$2"
	check "$1: disk and network go on" traffic_goes_on
}

echo "TAP version 13"
dmesg -c >/dev/null
: >/tmp/disk
: >/tmp/net
export options_xenion_blkfront="max_queues=2" options_xenion_netfront="queues=2"
check "the drivers are loaded" load_xenion
check "plug" asks plug
check "the disk is there" wait_for 20 test -b /dev/xvda || finish
check "it has two queues" disk_has 2
check "so has the interface" wait_for 20 net_has 2
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
disk_traffic &
disk_pid=$!
net_traffic &
net_pid=$!
check "both are in use" traffic_goes_on
goes_on fewer 1
goes_on more 2
tell stopped
touch /tmp/stop
wait $disk_pid
result $? "the disk's data were right"
wait $net_pid
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
