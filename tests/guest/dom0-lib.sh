# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What several of our dom0 scripts need. Each is given this file as
# /root/dom0-lib.sh; the rig's own library (tools/riglib/dom0-lib.sh) is there
# already.

tests=0
failed=0

# result STATUS NAME: one TAP line. A script ends with "exit $failed".
result() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - dom0: $2"
	else
		failed=1
		echo "not ok $tests - dom0: $2"
	fi
}

# verify_disk: the ext4 on xvda, seen from this side, has data that fit its
# data.md5. The guest has unmounted it.
verify_disk() {
	modprobe -a crc32c_generic ext4
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

# left_behind: after an unload the guest holds only what the toolstack made,
# port and page (references 0 and 1) of console and xenstore. It does not go on
# meanwhile.
left_behind() {
	xl pause "$DOMID"
	evtchn_list >/tmp/ports
	grant_list | grep -v '\[0x00[01]\]' >/tmp/grants
	xl unpause "$DOMID"
	[ "$(wc -l </tmp/ports)" = 2 ] && [ ! -s /tmp/grants ] && return 0
	sed 's/^/# left behind: /' /tmp/ports /tmp/grants
	return 1
}
