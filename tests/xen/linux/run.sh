# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A guest's whole life, for "make run": console, disk and network by our
# modules, unload, and all of it again. run.dom0.sh is the other half.
#
# With the in-tree drivers (rig run --in-tree), the same is done once, without
# unloading, to find out whether a failure is one of the test itself.

rounds=1
if [ "$DRIVERS" = xenion ]; then
	rounds=2
	tell again
fi
tell begin

# The cost of the work, from the module's own counters: "#= WHAT NAME COUNT".
stats=/sys/bus/xenion/stats
cost() {
	_what=$1
	for _f in "$stats"/*; do
		[ -e "$_f" ] || return 0
		_v=$(cat "$_f")
		_was=$(cat "/tmp/stat.${_f##*/}" 2>/dev/null || echo 0)
		echo "#= $_what ${_f##*/} $((_v - _was))"
		echo "$_v" >"/tmp/stat.${_f##*/}"
	done
}
cost_reset() { rm -f /tmp/stat.*; }

now() { cut -d' ' -f1 /proc/uptime; }
# timed WHAT COMMAND...: as check, and prints the time that it took
timed() {
	_t0=$(now)
	_timed=$1
	shift
	check "$@"
	_rc=$?
	echo "#= $_timed seconds $(echo "$_t0 $(now)" |
		awk '{ printf "%.1f", $2 - $1 }')"
	return $_rc
}

console() {
	check "$r: hvc0 is there" wait_for 10 test -c /dev/hvc0
	# dom0 logs in, types, and checks the answer.
	rm -f /tmp/console-ok
	setsid getty -L 115200 hvc0 vt100 &
	getty=$!
	tell "console-$1"
	timed console "$r: dom0 logs in on hvc0 and types a command" \
		wait_for 30 test -e /tmp/console-ok
	kill $getty 2>/dev/null
	wait $getty 2>/dev/null
	cost console
}

disk_write() {
	mkfs.ext4 -q -F /dev/xvda &&
	mount -t ext4 /dev/xvda /mnt &&
	dd if=/dev/urandom of=/mnt/data bs=1M count="$(mib 64)" 2>/dev/null &&
	(cd /mnt && md5sum data >data.md5) &&
	sync && umount /mnt
}
disk_verify() {
	mount -t ext4 /dev/xvda /mnt && (cd /mnt && md5sum -c data.md5) &&
	umount /mnt && e2fsck -fn /dev/xvda
}
disk() {
	check "$r: xvda is there" wait_for 20 test -b /dev/xvda
	timed disk-write "$r: ext4, $(mib 64) MiB of random data, sync, unmount" \
		disk_write
	timed disk-verify "$r: remount, checksum, fsck" disk_verify
	tell "disk-$1"
	echo "#= disk requests $(cat /sys/bus/xenion/devices/vbd-51712/stats/requests)"
	cost disk
}

net() {
	check "$r: eth0 is there" wait_for 20 ip link show dev eth0
	ip addr add 10.0.0.2/24 dev eth0
	ip link set eth0 up
	check "$r: the link is up" wait_for 20 grep -q 1 /sys/class/net/eth0/carrier
	timed ping "$r: dom0 answers to ping" wait_for 10 ping -c 3 -W 2 10.0.0.1
	mkdir -p /tmp/www
	rm -f /tmp/www/*
	# dom0 makes its file when it gets "net"
	tell "net-$1"
	wait_for 60 timeout 20 wget -q -O /dev/null "http://10.0.0.1/ready-$1"
	timed download "$r: fetch $(mib 32) MiB from dom0" \
		timeout 300 wget -q -O /tmp/www/file http://10.0.0.1/file
	check "$r: its checksum" sh -c \
		'wget -q -O /tmp/file.md5 http://10.0.0.1/file.md5 &&
		 cd /tmp/www && md5sum -c /tmp/file.md5'
	# different data on the way back
	dd if=/dev/urandom of=/tmp/www/file bs=1M count="$(mib 32)" 2>/dev/null
	(cd /tmp/www && md5sum file >file.md5)
	httpd -p 80 -h /tmp/www
	tell "serve-$1"
	timed upload "$r: dom0 has fetched $(mib 32) MiB from us" \
		wait_for 60 timeout 20 wget -q -O /dev/null "http://10.0.0.1/fetched-$1"
	killall httpd 2>/dev/null
	echo "#= net requests $(cat /sys/class/net/eth0/statistics/[rt]x_packets |
		awk '{ n += $1 } END { print n }')"
	cost net
}

plan $((rounds * 12 + (rounds - 1) * 3))

# root may log in, without a password
echo 'root::0:0:root:/root:/bin/sh' >/etc/passwd
echo 'root:x:0:' >/etc/group
modprobe -a crc32c_generic ext4

r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	cost_reset
	timed load "$r: the modules load" load_drivers
	cost load
	echo "#= load requests $(cat $stats/xenstore_requests)"
	if [ $r = 1 ] && [ -d /sys/bus/xenion ]; then
		echo "#= memory module-bytes $(awk '/^xenion/ { n += $2 }
			END { print n }' /proc/modules)"
	fi
	console $r
	disk $r
	net $r
	if [ $rounds -gt 1 ]; then
		busy=$(cat "$stats/grants_busy")
		ip link set eth0 down
		timed unload "$r: the modules unload" unload_xenion
		check "$r: no grant was left behind, $busy were late" \
			sh -c "dmesg | grep 'grants left behind' | tail -1 | grep -q ' 0 grants'"
		tell "unloaded-$r"
		# dom0 pauses the guest and checks what is left
		sleep 10
	fi
done
tell end
finish
