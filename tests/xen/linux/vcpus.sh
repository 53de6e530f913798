# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xl vcpu-set, up and down, while disk and network are in use: CPUs go and come, no
# event is lost, and the data are right. Needs --disk vdev=xvda, --vif, two vCPUs and
# maxvcpus=3. The list says how many CPUs dom0 wants, one after the other.

. /root/lib.sh

cpus=/sys/devices/system/cpu

net_traffic() {
	while [ ! -e /tmp/stop ]; do
		[ "$(wget -q -O - http://10.0.0.1/data | md5sum)" = "$sum" ] ||
			exit 1
		echo . >>/tmp/net
	done
}

# wants WORD: dom0 wants as many CPUs as WORD begins with, and there are so many.
# becomes WORD: and disk and network go on.
wants() {
	asks "$1" && wait_for 60 online_is "${1%%-*}" && return
	echo "online: $(cat $cpus/online), present: $(cat $cpus/present)"
	return 1
}
becomes() { wants "$1" && traffic_goes_on; }

# What the toolstack does not change stays as the administrator wants it.
ours_stays() {
	echo 0 >$cpus/cpu1/online && asks unrelated && sleep 2 && online_is 1 &&
		echo 1 >$cpus/cpu1/online && asks unrelated-2 && sleep 2 && online_is 2
}

nonsense() {
	asks nonsense && wait_for 20 logged 1 'cpu/1/availability is neither' &&
		logged 1 'the host has a node of vCPU 77,' &&
		wait_for 20 logged 1 'the host wants vCPU 0 offline, which fails' &&
		online_is 2
}

echo "TAP version 13"
dmesg -c >/dev/null
: >/tmp/disk
: >/tmp/net
check "two of three CPUs are online" online_is 2
check "the other one waits" grep -x 0 $cpus/cpu2/online
check "the modules load" load_xenion
ip link set eth0 up
ip addr add 10.0.0.2/24 dev eth0
rendezvous serving
result $? "dom0 serves a file"
sum=$(wget -q -O - http://10.0.0.1/data | md5sum)
disk_traffic &
disk_pid=$!
net_traffic &
net_pid=$!
check "both are in use" traffic_goes_on
for what in $(sh /root/vcpus-*.list); do
	check "$what CPUs, both go on" becomes "$what"
done
check "what dom0 does not change stays" ours_stays
check "nonsense is reported once, and nothing else comes of it" nonsense
check "3 CPUs after that" becomes 3-last
touch /tmp/stop
wait $disk_pid
result $? "the disk's data were right"
wait $net_pid
result $? "so were the network's"
echo "rounds of the disk: $(lines disk), of the network: $(lines net)"
check "dom0 wants one CPU" wants 1-unload
check "unload" unload_xenion
check "CPUs stay as they are" online_is 1
check "load" load_xenion
check "dom0 wants two" wants 2-reload
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
