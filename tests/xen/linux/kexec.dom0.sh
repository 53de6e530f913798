# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of kexec.sh: sends packets all the time, and checks what is left
# when the first kernel has ended and the second one has not used Xen yet.

. /root/lib.dom0.sh

wait_guest traffic 300
ping -i 0.05 -s 1400 10.0.0.2 >/dev/null 2>&1 &
wait_guest second 400
left_behind
result $? "the first kernel has left no grant and no event channel"
finish
