# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xl mem-set, down and up, while files are in memory and a disk is in use: the guest
# gives what it can do without, gets all of it back, and no data change. Needs --disk
# vdev=xvda. Files fill a guest of 256 MiB; for a larger one it would take too long.

. /root/lib.sh

# kib NAME: of /proc/meminfo
kib() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }

# becomes MIB WORD: by xl mem-set, which dom0 does at that word
becomes() { asks "$2" && memory_becomes $(($1 * 1024)); }

# fill MIB: files in memory, with their sums
fill() {
	local _i=0
	while [ $_i -lt "$1" ]; do
		dd if=/dev/urandom of=/tmp/files/part.$_i bs=1M count=1 2>/dev/null ||
			return 1
		_i=$((_i + 1))
	done
	(cd /tmp/files && md5sum part.* >../sums)
}
files_right() { (cd /tmp/files && md5sum -c ../sums >/dev/null 2>&1); }

is_at_its_target() { memory_is "$(cat $mem/target_kb)"; }

# total_is MIB: MemTotal is so much less than at first
total_is() {
	_gone=$((total - $(kib MemTotal)))
	echo "MemTotal is $_gone KiB lower"
	[ $_gone = $((($1) * 1024)) ]
}

nonsense() {
	asks nonsense &&
	logged 1 'memory/target or .* is no number of KiB' &&
	logged 1 'memory/target.* is above memory/static-max' &&
	logged 1 'memory/target.* is too low for this guest'
}
gives_what_it_can() {
	asks pressure && wait_for 20 memory_target_is $(((all - 112) * 1024)) && sleep 5
	echo "has $(memory) KiB, available $(kib MemAvailable) KiB"
	[ $filling = 24 ] ||
		[ "$(memory)" -gt $(((all - 112) * 1024)) ] ||
		return 1
	files_right
}

echo "TAP version 13"
dmesg -c >/dev/null
mkdir -p /tmp/files
# The root, too, is in memory, but may fill no more than half of it.
mount -t tmpfs -o size=80% files /tmp/files
: >/tmp/disk
check "the drivers are loaded" load_xenion console blkfront
total=$(kib MemTotal)
asks feature
check "and the balloon" insmod /lib/xenion/xenion-balloon.ko
check "which the toolstack can know" asks announced
check "the guest has what dom0 wants" wait_for 20 is_at_its_target
all=$(($(memory) / 1024))
filling=80
[ $all -le 256 ] || filling=24
disk_traffic &
disk_pid=$!
check "files are made" fill 24
for round in 1 2 3; do
	check "$round: down by 64 MiB" becomes $((all - 64)) less-$round
	check "$round: Linux does not count them" total_is 64
	check "$round: the files are right" files_right
	check "$round: up again" becomes $all more-$round
	check "$round: Linux has all" total_is 0
done
check "more files are made" fill $filling
check "the guest gives what it can, and lives" gives_what_it_can
check "the module stays while memory is away" not rmmod xenion-balloon
rm -f /tmp/files/*
check "the rest goes when there is room" wait_for 120 memory_is $(((all - 112) * 1024))
check "all comes back" becomes $all end
check "files can be made of it" fill $filling
check "they are right" files_right
check "nonsense is reported once each" nonsense
check "all of it after that" becomes $all after
check "Linux has all of them" total_is 0
touch /tmp/stop
wait $disk_pid
result $? "the disk's data were right"
echo "rounds of the disk: $(wc -l </tmp/disk)"
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
