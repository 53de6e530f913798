# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Disks that are no xvd disks, and one beyond the last: each is refused with a
# message that says what to do, and can be detached. blk-refused.dom0.sh checks
# the toolstack's side.

. /root/lib.sh

said() { dmesg | grep -q "$1"; }

plan 6
check "the modules load" load_xenion console blkfront
dmesg -c >/dev/null
tell plug
check "sda is refused by its name" wait_for 60 said 'sda (2048) is no xvd disk'
check "hda1 is refused by its name" wait_for 60 said 'hda1 (769) is no xvd disk'
check "xvdzzz is out of range" wait_for 60 said 'xvdzzz (.*) is beyond the last'
wait_dom0 unplugged 200
check "unload" wait_for 20 unload_xenion
check "the kernel has not complained" no_complaint
finish
