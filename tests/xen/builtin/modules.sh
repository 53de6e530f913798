# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A kernel with CONFIG_XENION=m, behind the boot shim: modprobe finds the modules
# where the kernel's build has installed them, and what they need.

. /root/lib.sh

check "modprobe xenion-console" modprobe xenion-console
check "modprobe xenion-blkfront" modprobe xenion-blkfront
check "modprobe xenion-netfront" modprobe xenion-netfront
check "xvda is there" test -b /dev/xvda
check "eth0 is there" test -d /sys/class/net/eth0
selftests
check "the kernel has not complained" no_complaint
finish
