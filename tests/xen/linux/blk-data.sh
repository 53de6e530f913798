# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A disk keeps what is written to it, in every mode of the driver: a file system
# with checksums that dom0 verifies from its side, requests of many lengths,
# several writers at once, discard, and a read-only disk.
# Needs --disk size=256M,vdev=xvda; blk-data.dom0.sh, the other half, adds xvdb.

. /root/lib.sh

stats=/sys/bus/xenion/devices/vbd-51712/stats

make_data() {
	mkfs.ext4 -q -F /dev/xvda &&
	mount -t ext4 -o discard /dev/xvda /mnt &&
	dd if=/dev/urandom of=/mnt/data bs=1M count="$1" 2>/dev/null &&
	(cd /mnt && md5sum data >data.md5) &&
	sync && umount /mnt
}

verify_data() {
	mount -t ext4 /dev/xvda /mnt && (cd /mnt && md5sum -c data.md5) &&
	umount /mnt && e2fsck -fn /dev/xvda
}

# Without the page cache, requests of each length, at an odd place. Only a few:
# under emulation, a request that is waited for takes long.
direct() {
	dd if=/dev/urandom of=/tmp/pattern bs=1M count=1 2>/dev/null
	for bs in 512 1024 4096 20480 65536 131072 1048576; do
		count=$((1048576 / bs))
		[ $count -le 12 ] || count=12
		dd if=/tmp/pattern of=/dev/xvda bs=$bs count=$count seek=3 \
			oflag=direct conv=notrunc 2>/dev/null &&
		dd if=/dev/xvda of=/tmp/back bs=$bs count=$count skip=3 \
			iflag=direct 2>/dev/null &&
		head -c $((bs * count)) /tmp/pattern | cmp - /tmp/back || return 1
	done
}

# Four writers and four readers of parts of one disk; then the data is compared.
together() {
	for i in 0 1 2 3; do
		dd if=/dev/urandom of="/tmp/part$i" bs=1M count=1 2>/dev/null
		dd if="/tmp/part$i" of=/dev/xvda bs=32k seek=$((i * 32)) \
			oflag=direct conv=notrunc 2>/dev/null &
		dd if=/dev/xvda of=/dev/null bs=32k skip=$((i * 256)) count=32 \
			iflag=direct 2>/dev/null &
	done
	wait
	for i in 0 1 2 3; do
		dd if=/dev/xvda bs=1M skip=$i count=1 iflag=direct \
			2>/dev/null | cmp - "/tmp/part$i" || return 1
	done
}

read_only() {
	wait_for 20 test -b /dev/xvdb &&
	grep -qx 1 /sys/block/xvdb/ro &&
	! dd if=/dev/zero of=/dev/xvdb bs=4k count=1 conv=notrunc &&
	[ "$(md5sum </dev/xvdb)" = "$(dd if=/dev/xvdb bs=1M iflag=direct \
		2>/dev/null | md5sum)" ] &&
	[ "$(dd if=/dev/xvdb bs=12 count=1 2>/dev/null)" = "from dom0..." ]
}

# round NAME MIB OPTIONS: load with these, write and verify MIB of data
round() {
	# shellcheck disable=SC2034
	options_xenion_blkfront=$3
	check "$1: the modules load" load_xenion blkfront
	check "$1: xvda is there" wait_for 20 test -b /dev/xvda || finish
	_mib=$(mib "$2")
	check "$1: ext4, $_mib MiB of random data, unmount" make_data "$_mib"
	check "$1: mount again, checksum, fsck" verify_data
	check "$1: the driver answers for what it did" \
		grep -qx 0 "$stats/refused"
	echo "# $1: $(cd $stats && grep . ./* | tr -d ./ | tr '\n' ' ')"
}

plan 42
modprobe -a crc32c_generic ext4
dmesg -c >/dev/null

load_xenion console
check "an option out of range is refused" refuses "from 0 to 4" \
	insmod /lib/xenion/xenion-blkfront.ko max_ring_page_order=5
unload_xenion

round default 64 ""
check "default: long requests were indirect" \
	test "$(cat $stats/indirect)" -gt "$(mib 100)"
check "default: many requests, one notification" \
	test "$(cat $stats/notifications)" -lt "$(cat $stats/requests)"
tell verify
check "a disk that is read-only" read_only
check "a loaded module says who made it" sh -c \
	'modinfo /lib/xenion/xenion-blkfront.ko | grep -q "Xenion developers"'

# A mounted file system keeps the module loaded.
mount -t ext4 /dev/xvda /mnt
check "no unload while a disk is in use" sh -c '! rmmod xenion-blkfront'
umount /mnt

if command -v fio >/dev/null; then
	check "fio, verifying what it wrote" fio --name=verify \
		--filename=/dev/xvda --rw=randrw --bsrange=512-256k \
		--direct=1 --ioengine=libaio --iodepth=32 --size=32M \
		--verify=crc32c --do_verify=1 --verify_fatal=1
else
	skip "fio, verifying what it wrote" "fio is not in this guest"
fi
blkdiscard -o 134217728 -l 16777216 /dev/xvda
check "discarded sectors read as zeroes" sh -c \
	'dd if=/dev/xvda bs=1M skip=128 count=16 2>/dev/null |
	 cmp -n 16777216 - /dev/zero'
check "unload" unload_xenion
check "no grant is left behind" none_left

round direct 16 "persistent=0"
check "direct: all lengths past the page cache" direct
check "direct: several at once" together
check "direct: unload" unload_xenion
check "direct: no grant is left behind" none_left

round "large ring" 16 \
	"persistent=2 max_ring_page_order=3 max_indirect_segments=256"
check "large ring: all lengths past the page cache" direct
check "large ring: several at once" together
check "large ring: unload" unload_xenion
check "large ring: no grant is left behind" none_left

round short 8 "max_indirect_segments=0 max_queues=0"
check "short: no request was indirect" grep -qx 0 "$stats/indirect"
check "short: all lengths past the page cache" direct
check "short: unload" unload_xenion

check "the kernel has not complained" no_complaint
finish
