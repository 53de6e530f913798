# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Disks by the numbers of older kinds, which are xvd disks here; and numbers that
# are refused, with a message that says what to do: of a disk that is there already,
# of none, and beyond the last. blk-refused.dom0.sh checks the toolstack's side.

. /root/lib.sh

said() { dmesg | grep -q "$1"; }
# disk NAME MIB: it is there and so large
disk() { [ "$(cat "/sys/block/$1/size" 2>/dev/null)" = $(($2 * 2048)) ]; }

plan 11
check "the modules load" load_xenion console blkfront
dmesg -c >/dev/null
tell plug
check "sda is xvda" wait_for 60 disk xvda 16
check "hdc is xvdc" wait_for 60 disk xvdc 17
check "sdq's number is xvdq" wait_for 60 disk xvdq 18
check "its first bytes can be read" dd if=/dev/xvdq of=/dev/null bs=64k count=1
rendezvous old
check "hda is refused beside sda" wait_for 60 said 'xvda (768) has the name of another'
check "4096 is refused" wait_for 60 said '4096 is the number of no disk'
check "xvdzzz is out of range" wait_for 60 said 'xvdzzz (.*) is beyond the last'
wait_dom0 unplugged 200
check "hda is xvda without sda" wait_for 60 disk xvda 19
rendezvous again
check "unload" wait_for 20 unload_xenion
check "the kernel has not complained" no_complaint
finish
