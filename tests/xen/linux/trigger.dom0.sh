# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of trigger.sh.

. /root/lib.dom0.sh

state() { xl list "$DOMID" | awk 'NR == 2 { print $5 }'; }
is_paused() { [ "$(state | cut -c3)" = p ]; }
pause() { xl pause "$DOMID" && is_paused && xl unpause "$DOMID" && ! is_paused; }

has_ended() { ! kill -0 "$1" 2>/dev/null; }

# An ELF file, with as much of the guest as it had from the start: 128 MiB, of which xl
# keeps some for itself. xl tries each frame number up to the highest, which takes minutes.
dump() {
	local _rc
	xl dump-core "$DOMID" /disks/core &
	wait_for 200 has_ended $! && wait $! && ! is_paused &&
		[ "$(dd if=/disks/core bs=1 skip=1 count=3 2>/dev/null)" = ELF ] &&
		[ "$(stat -c %s /disks/core)" -gt $((120 << 20)) ]
	_rc=$?
	rm -f /disks/core
	return $_rc
}

nmi() { xl trigger "$DOMID" nmi; }

answer pause pause
answer dump dump
answer nmi nmi
finish
