# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A program opens /dev/watchdog and writes no more: Xen ends the domain. The rig checks
# that it was its watchdog (--expect-end).

. /root/lib.sh

plan 2
check "the drivers are loaded" load_xenion console
modprobe watchdog
check "the watchdog loads" insmod /lib/xenion/xenion-watchdog.ko timeout=5
exec 3>/dev/watchdog0
sleep 120
not_ok "the domain lives on"
finish
