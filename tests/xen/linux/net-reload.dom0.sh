# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of net-reload.sh: after an unload the guest has the two ports and
# the two grants (0 and 1) that the toolstack made for console and xenstore.

. /root/lib.dom0.sh

for r in 1 2 last; do
	wait_guest "unloaded-$r" 60 && left_behind
	result $? "nothing left behind, $r"
done
finish
