# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Twenty disks and twenty interfaces: each is there under its name, with its own
# data, and all of it is given back.

. /root/lib.sh

disks="a b c d e f g h i j k l m n o p q r s t"

# Each disk has its letter as size: 4 MiB, 5 MiB, ...
disks_right() {
	_size=4
	for _l in $disks; do
		[ "$(cat "/sys/block/xvd$_l/size")" = $((_size * 2048)) ] || return 1
		_size=$((_size + 1))
	done
}
disks_write() {
	for _l in $disks; do
		yes "disk $_l" | dd of="/dev/xvd$_l" bs=64k count=16 iflag=fullblock \
			oflag=direct 2>/dev/null || return 1
	done
}
disks_read() {
	for _l in $disks; do
		[ "$(dd if="/dev/xvd$_l" bs=64k count=16 2>/dev/null |
			sort -u | grep -c "^disk $_l\$")" = 1 ] || return 1
	done
}
nics() { seq 0 19; }
# In the order of their numbers, hence of their addresses (rig run)
nics_right() {
	for _n in $(nics); do
		[ "$(cat "/sys/class/net/eth$_n/address")" = \
			"$(printf '00:16:3e:00:00:%02x' $((_n + 1)))" ] || return 1
	done
}
nics_up() { for _n in $(nics); do ip link set "eth$_n" up || return 1; done; }
carriers() { [ "$(cat /sys/class/net/eth*/carrier | grep -c 1)" = 20 ]; }
# dom0 answers who has its address: status 1 of a search for duplicates
nics_answer() {
	for _n in $(nics); do
		wait_for 20 sh -c "! arping -D -q -c 1 -w 2 -I eth$_n 10.0.0.1" ||
			return 1
	done
}

plan 10
dmesg -c >/dev/null
check "the modules load" load_xenion
check "twenty disks, each of its size" wait_for 60 disks_right
check "each takes data" disks_write
echo 3 >/proc/sys/vm/drop_caches
check "each has its own" disks_read
check "twenty interfaces, in their order" wait_for 60 nics_right
check "all are up" nics_up
check "each has a carrier" wait_for 60 carriers
check "dom0 answers through each" nics_answer
for n in $(nics); do
	ip link set "eth$n" down
done
check "unload" unload_xenion
check "the kernel has not complained" no_complaint
finish
