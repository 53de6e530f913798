# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Shared functions of our dom0 scripts, which get this file as
# /root/lib.dom0.sh. The rig's own library (tools/riglib/dom0-lib.sh) is already
# loaded.

# verify_disk: the ext4 on xvda, read in dom0, has data that matches its
# data.md5. The guest has unmounted it.
verify_disk() {
	local _loop _rc
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

# left_behind: after an unload, the guest has only what the toolstack made: port
# and page (references 0 and 1) of console and xenstore. Pauses the guest
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

# answer WORD COMMAND...: what the guest asks for by the word; its asks waits for that
answer() {
	local _word=$1
	wait_guest "$_word" 600
	shift
	check "$_word: $*" "$@"
	tell_guest "$_word"
}

front() { echo "/local/domain/$DOMID/device/$1"; }
back() { echo "/local/domain/0/backend/lies/$DOMID/${1#*/}"; }

# device TYPE/ID [NODE VALUE]...: make a device that no backend driver serves,
# with a backend directory of its own, in InitWait. An interface gets the
# address $mac. Needs the tool xenstore-chmod.
device() {
	local _f _b _node _dev=$1
	_f=$(front "$1")
	_b=$(back "$1")
	shift
	xenstore-write "$_b/frontend" "$_f" "$_b/frontend-id" "$DOMID" \
		"$_b/online" 1 "$_b/state" 2
	while [ $# -gt 0 ]; do
		xenstore-write "$_b/$1" "$2"
		shift 2
	done
	xenstore-chmod "$_b" n0 "r$DOMID"
	for _node in $(xenstore-list "$_b"); do
		xenstore-chmod "$_b/$_node" n0 "r$DOMID"
	done
	# "backend" last: the guest looks for that node
	xenstore-write "$_f/state" 1
	xenstore-chmod "$_f" "n$DOMID" r0
	xenstore-chmod "$_f/state" "n$DOMID" r0
	xenstore-write "$_f/backend-id" 0
	xenstore-write "$_f/handle" "${_dev#*/}"
	case $_dev in
	vbd/*)	xenstore-write "$_f/virtual-device" "${_dev#*/}" \
			"$_f/device-type" disk ;;
	esac
	[ -z "$mac" ] || xenstore-write "$_f/mac" "$mac"
	xenstore-write "$_f/backend" "$_b"
}
