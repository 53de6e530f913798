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
	case $what in
	checkpoint)
		checkpoint_guest /disks/saved
		result $? "$round: xl save -c" ;;
	restore)
		save_guest /disks/saved
		result $? "$round: xl save"
		restore_guest /disks/saved
		result $? "$round: xl restore" ;;
	migrate)
		migrate_guest
		result $? "$round: xl migrate" ;;
	esac
	rm -f /disks/saved
done
finish
