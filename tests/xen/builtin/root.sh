# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A kernel with CONFIG_XENION=y and without CONFIG_XEN, started by xl as it is: its
# console from the first line, its root file system on xvda without a ramdisk, two
# vCPUs, the network, and the kernel's own selftests. root.dom0.sh is the other
# half.

. /root/lib.sh

on_xvda() { awk '$2 == "/"' /proc/mounts | grep -q '^/dev/\(root\|xvda\) / ext4'; }

check "this kernel has no Xen support of its own" kernel_without_xen
check "xenion is built in" test -d /sys/bus/xenion -a ! -d /sys/module/xenion/holders
check "the root file system is on xvda" on_xvda
check "there was no ramdisk" sh -c '! dmesg | grep -q "RAMDISK: \["'
check "two CPUs are up" [ "$(grep -c ^processor /proc/cpuinfo)" = 2 ]
check "the TSC is the clock" grep -qx tsc \
	/sys/devices/system/clocksource/clocksource0/current_clocksource
check "x2APIC is on" sh -c 'dmesg | grep -qi "x2apic.*enabled"'
check "hvc0 is the console" grep -q '^hvc0 .*C' /proc/consoles
tell console
selftests reload
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0 answers to ping" wait_for 20 ping -q -c 3 -s 4000 10.0.0.1
check "the kernel has not complained" no_complaint
finish
