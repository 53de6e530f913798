# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Shared functions of our guest scripts, which get this file next to them. The
# rig's own library (tools/riglib/guest-lib.sh) is already loaded.

# refuses WORD COMMAND...: the command fails, and it or the kernel reports why,
# in a line with WORD.
refuses() {
	local _word=$1 _said
	shift
	dmesg -c >/dev/null
	_said=$("$@" 2>&1) && return 1
	{ echo "$_said"; dmesg; } | grep -q "$_word"
}

# in_place_of NAME LINE: what the kernel calls as /sbin/NAME when the toolstack asks for
# it does this.
in_place_of() {
	mkdir -p /sbin
	rm -f "/sbin/$1"
	printf '#!/bin/sh\n%s\n' "$2" >"/sbin/$1"
	chmod +x "/sbin/$1"
}
# catch_poweroff: a shutdown makes /tmp/asked.
catch_poweroff() { in_place_of poweroff 'touch /tmp/asked'; }

# none_left: the last unload of xenion.ko lost no grant.
none_left() {
	dmesg | grep 'grants left behind' | tail -1 | grep -q ' 0 grants'
}

# no_complaint: no warning, no oops, no lockup since the log was cleared.
# KCSAN's reports are judged by the rig: some are of Linux's own races.
no_complaint() {
	! dmesg | grep -v 'BUG: KCSAN' |
		grep -E 'WARNING:|BUG:|Oops|lockup|hung task|rcu:.*stall'
}

# pack_ramdisk: make /tmp/initrd from the guest's files, for a second kernel.
# Not compressed: the debug kernels cannot decompress it.
pack_ramdisk() {
	(cd / && find . -xdev ! -path "./tmp/*" ! -name vmlinuz |
		cpio -o -H newc >/tmp/initrd)
}

# disk_traffic: until /tmp/stop is there, a part of xvda after the other is written, and
# read again from the disk. A line in /tmp/disk for each; ends with 1, and says why, if one
# is not right. Who reads from urandom when it is suspended may get less than it wants:
# head goes on, dd does not.
disk_traffic() {
	local _n=0
	while [ ! -e /tmp/stop ]; do
		_n=$((_n + 1))
		{ head -c 262144 /dev/urandom >/tmp/part &&
			dd if=/tmp/part of=/dev/xvda bs=64k seek=$((_n % 16 * 4)) \
				oflag=direct conv=notrunc &&
			dd if=/dev/xvda bs=16k skip=$((_n % 16 * 16)) count=16 \
				iflag=direct | cmp - /tmp/part
		} 2>/tmp/disk.said || {
			sed 's/^/# disk: /' /tmp/disk.said >&9
			exit 1
		}
		echo . >>/tmp/disk
	done
}

lines() { wc -l <"/tmp/$1"; }
more_lines() { [ "$(lines "$1")" -gt "$2" ]; }

# gets_lines NAME: /tmp/NAME gets more of them
gets_lines() { wait_for 60 more_lines "$1" "$(lines "$1")"; }
traffic_goes_on() { gets_lines disk && gets_lines net; }

# not COMMAND...: it fails
not() { ! "$@"; }

clocksource=/sys/devices/system/clocksource/clocksource0

# source_is NAME: that one is in use. use_source NAME: use it.
source_is() { [ "$(cat $clocksource/current_clocksource)" = "$1" ]; }
use_source() { echo "$1" >$clocksource/current_clocksource && source_is "$1"; }

# online_is N: so many CPUs are
online() { grep -c '^processor' /proc/cpuinfo; }
online_is() { [ "$(online)" = "$1" ]; }

# memory_is KIB: the guest has so much now, as xenion-balloon counts it. memory_becomes:
# soon, as dom0 wants it
mem=/sys/devices/system/xen_memory/xen_memory0
memory() { cat $mem/info/current_kb; }
memory_is() { [ "$(memory)" = "$1" ]; }
memory_target_is() { [ "$(cat $mem/target_kb)" = "$1" ]; }
memory_becomes() {
	wait_for 20 memory_target_is "$1" && wait_for 120 memory_is "$1" && return
	grep . $mem/*_kb $mem/info/*
	return 1
}

# asks WORD: of dom0, which has done it when this returns
asks() { tell "$1" && wait_dom0 "$1" 120; }

# logged N WORD...: the kernel's log has a line with these words so many times
logged() {
	local _n=$1
	shift
	[ "$(dmesg | grep -c "$*")" = "$_n" ]
}
