# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What xl does to a guest without asking it: pause, unpause, trigger nmi
# (trigger.dom0.sh). The disk is in use meanwhile, and goes on.

. /root/lib.sh

# Linux reads the reason from a port that a PVH guest does not have, so it varies.
told_of_nmi() { dmesg | grep -q 'Dazed and confused'; }
paused() { asks pause && gets_lines disk; }

plan 6
check "the modules load" load_xenion console blkfront
dmesg -c >/dev/null
: >/tmp/disk
disk_traffic &
check "the disk is in use" gets_lines disk
check "paused, and let go again" paused
asks nmi
check "the kernel tells of the NMI" wait_for 20 told_of_nmi
check "and goes on" gets_lines disk
touch /tmp/stop
wait $!
check "the kernel has not complained" no_complaint
finish
