# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Backends that are not trusted (XSA-403): set by dom0 for the first disk
# (untrusted.dom0.sh) and by the toolstack for the first interface, or by
# options of the modules for all. Their data is copied into pages that hold
# nothing else, and arrives. Needs two --disk, --vif untrusted, and another
# --vif.

plan 23

. ./lib.sh

# copied DISK: it copied data when it was connected last
copied() {
	dmesg | grep "$1:.*sectors" | tail -n 1 | grep -q "persistent grants"
}

# data DISK: pages of the page cache, and 512 bytes of one
data() {
	head -c 4194304 /dev/urandom >/tmp/data &&
	dd if=/tmp/data of="/dev/$1" bs=64k conv=fsync 2>/dev/null &&
	dd if=/tmp/data of="/dev/$1" bs=512 count=1 oflag=direct conv=notrunc \
		2>/dev/null &&
	echo 3 >/proc/sys/vm/drop_caches &&
	cmp -n 4194304 /tmp/data "/dev/$1"
}

carrier() { [ "$(cat "/sys/class/net/$1/carrier")" = 1 ]; }

# nic VIF: print its name
nic() { ls "/sys/bus/xenion/devices/vif-$1/net"; }

# copies VIF: print the number of packets that it has copied
copies() { ethtool -S "$(nic "$1")" | sed -n 's/.*tx_bounced: //p'; }

# send WORD VIF: dom0 fetches data that a user has written, which is in pages
# that can be granted (others are always copied). Writes the number of copied
# packets to /tmp/copied.VIF.
send() {
	_before=$(copies "$2")
	rendezvous "$1"
	_rc=$?
	echo $(($(copies "$2") - _before)) >"/tmp/copied.$2"
	return $_rc
}

# talk WORD VIF
talk() {
	_nic=$(nic "$2")
	ip addr add 10.0.0.2/24 dev "$_nic" && ip link set "$_nic" up &&
	wait_for 20 carrier "$_nic" &&
	wait_for 20 ping -q -c 3 -i 0.1 10.0.0.1 &&
	send "$1-$2" "$2"
	_rc=$?
	ip addr flush dev "$_nic"
	ip link set "$_nic" down
	return $_rc
}

devices() {
	check "$1: the modules load" load_xenion console blkfront netfront
	check "$1: two disks, two interfaces" wait_for 20 \
		test -b /dev/xvda -a -b /dev/xvdb -a -d /sys/class/net/eth1 ||
		finish
	for disk in xvda xvdb; do
		check "$1: $disk carries data" data $disk
	done
	for vif in 0 1; do
		check "$1: interface $vif carries packets" talk "$1" $vif
	done
	echo "# $1: packets copied: $(cat /tmp/copied.0 /tmp/copied.1 | xargs)"
}

[ "$DRIVERS" = xenion ] || skip_all "it is about our driver"
dmesg -c >/dev/null

# shellcheck disable=SC2034
options_xenion_blkfront=persistent=0
load_xenion console
rendezvous trust || finish
unload_xenion
httpd -f -p 80 -h /tmp &
server=$!
devices toolstack
check "toolstack: the first disk's data is copied" copied xvda
check "toolstack: the second one's is not" not copied xvdb
check "toolstack: the first interface's packets are copied" \
	test "$(cat /tmp/copied.0)" -gt 5
check "toolstack: the second one's are not" \
	test "$(cat /tmp/copied.1)" -lt 5
check "unload" unload_xenion
check "no grant is left behind" none_left

# shellcheck disable=SC2034
options_xenion_blkfront="persistent=0 trusted=0"
# shellcheck disable=SC2034
options_xenion_netfront=trusted=0
devices option
check "option: both disks' data is copied" copied xvdb
check "option: all packets are copied" \
	test "$(cat /tmp/copied.1)" -gt 5
check "unload" unload_xenion
check "no grant is left behind" none_left
kill $server
check "the kernel has not complained" no_complaint
finish
