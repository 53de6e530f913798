# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xl reboot: the toolstack writes control/shutdown, xenion.ko has the system restart,
# and Xen is told that the domain wants to be started again. The rig checks with what
# it has ended (--expect-end).

. /root/lib.sh

plan 1
in_place_of reboot 'sync; exec busybox reboot -f'
check "the module loads" load_xenion console
tell up
sleep 120
not_ok "the guest is still there"
finish
