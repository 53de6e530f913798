# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A backend that writes invalid values to xenstore: dom0 makes devices by hand
# (nonsense.dom0.sh, which checks their states). Here: the guest lives, and
# reports the values, once per cause.

. /root/lib.sh

echo "TAP version 13"
check "the modules load" load_xenion
dmesg -c >/dev/null
rendezvous nonsense 120
# Our own output goes to the kernel's log as well: use its content of now.
dmesg | sed -n 's/^[^]]*\] xenion: //p' >/tmp/said
comments </tmp/said
for node in vbd/51744 vbd/51760 vbd/51776 vif/7 vif/8 vif/9; do
	check "$node: the log tells of it" grep -q "$node" /tmp/said
done
check "and of no cause twice" sh -c '[ -z "$(sort /tmp/said | uniq -d)" ]'
check "no disk came of it" sh -c '! ls /dev/xvd[b-z]'
check "the real disk works" dd if=/dev/xvda of=/dev/null bs=1M count=4
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
