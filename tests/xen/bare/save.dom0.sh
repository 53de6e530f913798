# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of life_save.c: the guest's rounds, one after the other.

# The toolstack moves a PV guest that runs only if Xen has shadow paging
# (CONFIG_SHADOW_PAGING), which Debian's has not.
moves=migrate
[ "$(xenstore-read "/libxl/$DOMID/type")" != pv ] || moves=restore

round=0
for what in checkpoint restore $moves checkpoint restore $moves; do
	round=$((round + 1))
	wait_guest "round-$round" 300 || break
	"${what}_guest"
	result $? "$round: $what"
done
finish
