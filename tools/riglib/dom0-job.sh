#!/bin/sh
# SPDX-License-Identifier: MIT
#
# One job, in dom0: make the disks, create the guest, run the dom0 script at the
# same time, wait for the end of both, check what they have left. Started by
# dom0-init.sh with the job's directory; "vars" there says what to do.
# Descriptor 3 is the line to the rig; the dom0 script's 8 is its output, also where
# that of a command is kept.

job=$1
cd "$job" || exit 1
. ./vars
. ./dom0-lib.sh

say() { echo "$*" >&3; }
forward() {
	while IFS= read -r line; do
		printf '@%s %s\n' "$1" "$line" >&3
	done
}

# Remove what an interrupted job has left.
end_strays
free_disks
rm -rf /run/job /run/job.* /var/log/xen/console/* /var/log/xen/qemu-dm-*
dmesg -c >/dev/null

say "@begin $NAME"
mkdir -p /run/job
cp kernel /run/job/kernel
[ ! -f ramdisk ] || cp ramdisk /run/job/ramdisk
(cd / && cpio -idmu <"$job/extra.cpio" 2>/dev/null)
# The first guest of a machine that needs the device model brings it.
if [ -f device-model.cpio ] && [ ! -x /usr/libexec/xen-qemu-system-i386 ]; then
	(cd / && cpio -idmu <"$job/device-model.cpio" 2>/dev/null)
	modprobe tun
fi
khz=$(xl info | awk '$1 == "cpu_mhz" { printf "%d", $3 * 1000 + 0.5 }')
sed -i "s/@KHZ@/$khz/" domain.cfg
make_disks
[ -z "$ROOT" ] || fill_root "$ROOT" >/run/root.log 2>&1 ||
	say "@bad $ROOT cannot be filled: $(tail -n 1 /run/root.log)"
# shellcheck disable=SC2086	# paths without spaces
[ -z "$FOLDERS" ] || mkdir -p $FOLDERS

# xl stays in the foreground and prints what happens to the guest. Each of its
# lines is read as it comes; there is no polling.
xl_events() {
	while IFS= read -r line; do
		printf '@xl %s\n' "$line" >&3
		case $line in
		*"Waiting for domain"*)
			domid=${line##*domid }
			domid=${domid%%)*}
			echo "$domid" >/run/job.domid
			say "@domid $domid"
			# A device model opens them again after a restore.
			[ -f device-model.cpio ] ||
				rm -f /run/job/kernel /run/job/ramdisk
			[ ! -f dom0-script ] || start_script "$domid"
			[ ! -f shell ] || start_console "$domid"
			xl unpause "$domid"
			;;
		*"has shut down, reason code 2"*)
			;;	# saved or moved: see guest_goes_on
		*"has shut down, reason code"*)
			reason=${line##*reason code }
			say "@shutdown ${reason%% *}"
			;;
		*"has been destroyed"*)
			say "@destroyed"
			;;
		esac
	done
}

# A PV guest prints only to its console. xenconsoled writes its log to a pipe,
# so that each line is read as it comes; a line of this script is the last.
console_log=/var/log/xen/console/guest-$NAME.log
follow_console() {
	mkfifo "$console_log"
	awk -v last="$1" -v copy=/run/job/console.log '
		$0 == last	{ exit }
		length($0)	{ print "@con " $0; fflush() }
		{ print >copy }' <>"$console_log" >&3 &
	follower=$!
}

start_script() {
	(
		export DOMID="$1" DOMNAME="$NAME" RIG_JOB="$NAME" SLOW TOOLS
		cd /run/job || exit 1
		exec 8>&1
		sh -c '. "$1/dom0-lib.sh"; . "$1/dom0-script"' dom0-script \
			"$job" </dev/null
		echo $? >/run/job/script.exit
	) 2>&1 | forward d0 &
}

start_console() {
	xenconsole --interactive --type pv "$1" <>"$RIG_CONSOLE" >&0 2>&0 &
}

# For xl, a guest that is saved or moved has ended. dom0-lib.sh brings it back: while
# /run/job.away is there, the script is at it. No xl follows the guest from then on,
# so we do, by polling: such a guest is not measured.
guest_goes_on() {
	until [ ! -f /run/job.away ] || [ -f /run/job/script.exit ]; do
		sleep 0.1
	done
	[ ! -f /run/job.away ] && rm /run/job.back 2>/dev/null
}
follow_domain() {
	local _domid _state _reason
	_domid=$(cat /run/job.domid)
	while domain_state "$_domid"; do
		case $_state in
		*s*)	break ;;
		esac
		sleep 1
	done
	case $_state$_reason in
	*s*2)	return ;;
	*s*)	say "@shutdown $_reason" ;;
	esac
	xl destroy "$_domid" && say "@destroyed"
}
# domain_state DOMID: sets _state and _reason.
domain_state() {
	# shellcheck disable=SC2046	# words
	set -- $(xl list -v "$1" 2>/dev/null | sed 1d)
	[ $# -ge 8 ] && _state=$5 && _reason=$8
}

follower=
[ -z "$CONSOLE" ] || follow_console "end of $NAME"
xl create -F -p domain.cfg 2>&1 | xl_events
while guest_goes_on; do
	follow_domain
done
if [ -n "$follower" ]; then
	# A last line without its end counts too.
	printf '\nend of %s\n' "$NAME" >>"$console_log"
	wait $follower
	rm "$console_log"
	mv /run/job/console.log "$console_log"
fi

# If the disks have no room left, report how many MB they may have.
disks_full() {
	df -m /disks | awk 'END { if ($4 < 1) print "@full " $2 }' >&3
}

# The script may still have something to verify after the guest's end, and what
# the guest said last may still be on its way.
if [ -f dom0-script ] && [ -f /run/job.domid ]; then
	wait_at_most 10 test -f /run/job/script.exit || guest_ended
	wait_at_most "$SCRIPT_GRACE" test -f /run/job/script.exit
	say "@script $(cat /run/job/script.exit 2>/dev/null || echo late)"
fi

disks_full
end_strays
wait_for 10 clean || leftovers | forward left
free_disks
mkdir -p out
cp "/var/log/xen/console/guest-$NAME.log" out/console.log 2>/dev/null
[ ! -f device-model.cpio ] ||
	cat "/var/log/xen/qemu-dm-$NAME"*.log* >out/device-model.log
dmesg -c >out/dom0.log
rm -rf /run/job /run/job.* /run/guest-ended
say "@done"
