# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of blk-data.sh: adds a disk that is read-only, and verifies the
# data of the other one from its side.

truncate -s 16M "$(disk_file xvdb)"
printf 'from dom0...' | dd of="$(disk_file xvdb)" conv=notrunc 2>/dev/null
xl block-attach "$DOMID" "format=raw,backendtype=phy,script=block,vdev=xvdb,access=ro,target=$(disk_file xvdb)"

verify_disk() {
	mkdir -p /tmp/disk
	_loop=$(losetup -f)
	losetup -r "$_loop" "$(disk_file xvda)" &&
	mount -t ext4 -o ro,noload "$_loop" /tmp/disk &&
	(cd /tmp/disk && md5sum -c data.md5)
	_rc=$?
	umount /tmp/disk
	losetup -d "$_loop"
	return $_rc
}

modprobe -a crc32c_generic ext4
if wait_guest verify 200 && verify_disk; then
	echo "ok 1 - dom0: the disk's data are what the guest wrote"
else
	echo "not ok 1 - dom0: the disk's data are what the guest wrote"
	exit 1
fi
