# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The same kernel in an HVM domain, with the drivers of what QEMU emulates built
# in too: ours come first.

. /root/lib.sh

# only NAME PATH...: no path but that of the name
only() { [ $# = 2 ] && [ "${2##*/}" = "$1" ]; }

check "xenion is built in" test -d /sys/bus/xenion -a ! -d /sys/module/xenion/holders
check "the emulated devices are unplugged" sh -c \
	'dmesg | grep -q "emulated disks and interfaces are unplugged"'
check "there is no disk but xvda" only xvda /sys/block/*d[a-z]
check "there is no interface but eth0" only eth0 /sys/class/net/e*
selftests reload
check "the kernel has not complained" no_complaint
finish
