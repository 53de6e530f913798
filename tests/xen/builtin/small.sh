# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A kernel for one CPU in 32 MiB: its root file system on xvda, more data written and
# read than there is memory, and the network.

. /root/lib.sh

# without the cache, which is smaller
through_memory() {
	dd if=/dev/urandom of=/data bs=1M count=40 2>/dev/null &&
		md5sum /data >/data.md5 && sync &&
		echo 3 >/proc/sys/vm/drop_caches && md5sum -c /data.md5
}

sed 's/^/# /' /proc/meminfo | head -n 3
check "there are less than 32 MiB" \
	[ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -lt 32768 ]
check "the kernel is one for a single CPU" \
	sh -c '! zcat /proc/config.gz | grep "^CONFIG_SMP="'
check "40 MiB to xvda and back" through_memory
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0 answers to ping" wait_for 20 ping -q -c 3 -s 4000 10.0.0.1
check "nothing was killed for want of memory" \
	sh -c '! dmesg | grep -i "out of memory\|oom-kill"'
check "the kernel has not complained" no_complaint
finish
