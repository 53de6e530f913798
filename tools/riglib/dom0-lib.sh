# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What a dom0 script can use: $DOMID, $DOMNAME, and these functions, in addition
# to tap.sh and both-lib.sh, which the rig puts before this.

still_waiting() { echo "# still waiting: $*" >&8; }

# --- the guest --------------------------------------------------------------

# For each word that the guest says there is a file, WORD, and for each that is
# waited for a FIFO, WORD.wake.
_told=/run/told
_ended=/run/guest-ended

# wait_guest WORD [SECONDS]: until the guest has said "tell WORD". Sleeps in a
# read, so that a measurement in the guest is not disturbed by polling.
wait_guest() {
	local _wake=$_told/$1.wake _s
	[ -p "$_wake" ] || mkfifo "$_wake"
	_s=$((${2:-120} * SLOW * LOADED))
	# The FIFO is opened first: what is written to one that no process has
	# open is lost.
	{
		# shellcheck disable=SC3045	# busybox knows -t
		[ -e "$_told/$1" ] || [ -e "$_ended" ] || read -r -t $_s _
	} <>"$_wake"
	[ -e "$_told/$1" ] && return 0
	if [ -e "$_ended" ]; then
		echo "# the guest ended, and had not said '$1'"
	else
		echo "# the guest did not say '$1' in $_s s"
	fi
	return 1
}

# guest_told WORD: the guest said it. guest_ended: it will say no more, so nobody
# waits any longer. Called by dom0-init.sh and dom0-job.sh.
guest_told() {
	: >"$_told/$1"
	_wake_up "$_told/$1.wake"
}
guest_ended() {
	: >"$_ended"
	_wake_up "$_told"/*.wake
}
_wake_up() {
	for _f in "$@"; do
		# Opened for reading too: do not wait for a reader that gave up.
		[ ! -p "$_f" ] || echo 1<>"$_f"
	done
}

# tell_guest WORD: to the guest, which waits with wait_dom0 WORD. Goes through
# the PV console, so nothing else in the guest may read that.
tell_guest() {
	echo "$1" >"$(xenstore-read "/local/domain/$DOMID/console/tty")"
}

# rendezvous NAME: both scripts wait for each other there.
rendezvous() {
	wait_guest "$1" "${2:-120}" && tell_guest "$1"
}

# --- a guest that is saved or moved -----------------------------------------

# checkpoint_guest: xl save -c. restore_guest [SED]: xl save and restore, perhaps with the
# first configuration as the sed script changes it. migrate_guest: to this host. /disks
# needs room for what is saved. The last two set DOMID, that of the new domain.
_config=$1/domain.cfg
_saved=/disks/saved
checkpoint_guest() {
	_guest_goes
	_quiet_xl save -c "$DOMID" $_saved
	_guest_is_back $?
}
restore_guest() {
	_guest_goes
	if ! _quiet_xl save "$DOMID" $_saved; then
		_guest_is_back 1
		return
	fi
	[ $# = 0 ] || sed "$1" "$_config" >/run/changed.cfg
	_quiet_xl restore -e -p ${1+/run/changed.cfg} $_saved && _guest_arrives
}
migrate_guest() {
	_guest_goes
	# Without ssh, the name of the host is a command.
	if _quiet_xl migrate -s "" "$DOMID" "xl migrate-receive -e -p"; then
		_guest_arrives
	else
		_guest_is_back 1
	fi
}
# What xl says only matters if it fails.
_quiet_xl() {
	xl "$@" >/run/xl.said 2>&1 && return 0
	sed "/progress/d; s/^/# xl $1: /" /run/xl.said
	return 1
}
# dom0-job.sh waits while the guest is away.
_guest_goes() { : >/run/job.away; }
_guest_is_back() {
	rm -f $_saved
	: >/run/job.back
	rm /run/job.away
	return "$1"
}
_guest_arrives() {
	DOMID=$(xl domid "$DOMNAME") && [ -n "$DOMID" ] || return 1
	echo "$DOMID" >/run/job.domid
	# Descriptor 3 is the line to the rig.
	echo "@domid $DOMID" >&3
	_guest_is_back 0
	xl unpause "$DOMID"
}

# --- network ----------------------------------------------------------------

# serve DIR: dom0's web server, http://10.0.0.1/, ended with the job.
serve() {
	httpd -p 80 -h "$1"
}

# --- disks ------------------------------------------------------------------

# DISKS in "vars" is a list of vdev:size:file.
make_disks() {
	local _d _vdev _size _file
	for _d in $DISKS; do
		IFS=: read -r _vdev _size _file <<-END
			$_d
		END
		if [ -n "$_file" ]; then
			cp "$_file" "/disks/$_vdev"
		fi
		[ -z "$_size" ] || truncate -s "$_size" "/disks/$_vdev"
	done
}

# fill_root VDEV: a file system with the guest's files
fill_root() {
	local _part _rc=0
	modprobe -a crc32c_generic ext4
	/usr/bin/mke2fs -q -F -t ext4 "/disks/$1" && mkdir -p /run/root &&
	mount -t ext4 -o loop "/disks/$1" /run/root || return 1
	for _part in root-*.cpio; do
		(cd /run/root && cpio -idmu) <"$_part" || _rc=1
	done
	umount /run/root && return $_rc
}

free_disks() {
	local _d
	for _d in $(losetup -a | sed -n 's/^\([^:]*\):.*/\1/p'); do
		losetup -d "$_d"
	done
	rm -f /disks/*
}

# disk_file VDEV: the file behind the guest's disk.
disk_file() {
	echo "/disks/$1"
}

# attach_disk VDEV SIZE, detach_disk VDEV: while the guest runs.
attach_disk() {
	truncate -s "$2" "/disks/$1" &&
	xl block-attach "$DOMID" \
		"format=raw,backendtype=phy,script=/etc/xen/scripts/block,vdev=$1,access=rw,target=/disks/$1"
}
detach_disk() {
	xl block-detach "$DOMID" "$1"
}

# --- what a guest leaves behind ---------------------------------------------

# leftovers: print a line for each thing that should be gone
leftovers() {
	xl list | sed -e 1d -e '/^Domain-0 /d' -e 's/^/domain: /'
	for _kind in vbd vif 9pfs console; do
		for _dom in $(xenstore-list "/local/domain/0/backend/$_kind" 2>/dev/null); do
			echo "backend: $_kind of domain $_dom"
		done
	done
	losetup -a | sed 's/^/loop device: /'
}

clean() {
	[ -z "$(leftovers)" ]
}

# End processes that the dom0 script has left running.
end_strays() {
	for _p in $(grep -l RIG_JOB= /proc/[0-9]*/environ 2>/dev/null); do
		_p=${_p#/proc/}
		kill -9 "${_p%/environ}"
	done
}

# evtchn_count [DOMID]: event channels that the domain holds.
evtchn_count() {
	lsevtchn "${1:-$DOMID}" | wc -l
}

# evtchn_list [DOMID]: print them, one per line.
evtchn_list() {
	lsevtchn "${1:-$DOMID}"
}

# grant_list [DOMID]: pages of the domain that other domains map now.
grant_list() {
	xl dmesg -c >/dev/null
	xl debug-keys g
	xl dmesg | awk -v dom="${1:-$DOMID}" '
		/grant-table for remote d/ {
			sub(/.*remote d/, ""); sub(/[^0-9].*/, ""); on = ($0 == dom)
			next
		}
		on && /\[0x[0-9a-f]+\]/ { sub(/^\(XEN\) /, ""); print }'
}

# grant_count [DOMID]
grant_count() {
	grant_list "${1:-$DOMID}" | wc -l
}
