# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of blk-hotplug.sh: plugs and unplugs when the guest asks for it.

wait_guest grow 120
truncate -s 128M "$(disk_file xvda)"
losetup -c "$(losetup -a | sed -n "s,^\([^:]*\):.*$(disk_file xvda).*,\1,p")"

for i in 1 2; do
	wait_guest "plug-$i" 120
	attach_disk xvdb 16M
	wait_guest "unplug-$i" 120
	detach_disk xvdb
	rm -f "$(disk_file xvdb)"
done

for how in busy mounted; do
	wait_guest "plug-$how" 120
	attach_disk xvdb 64M
	wait_guest "unplug-$how" 120
	detach_disk xvdb
done

wait_guest plug-force 120
attach_disk xvdb 64M
wait_guest unplug-force 120
xl block-detach --force "$DOMID" xvdb

wait_guest plug-names 120
for disk in xvdz xvdc1; do
	attach_disk $disk 16M
done
wait_guest unplug-names 120
for disk in xvdz xvdc1; do
	detach_disk $disk
done
exit 0
