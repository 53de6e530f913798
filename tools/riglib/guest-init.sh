#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The guest's init. Runs the guest script, sends every line of its output to the
# rig, then its exit status, then powers off. The lines go through the kernel's
# log, whole and in order, and with "earlyprintk=xen,keep" to Xen's debug port
# 0xe9, so this needs no driver under test. A line is
# "xr:<number>:<kind>:<text>"; a gap in the numbers is a lost line.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root TERM=linux

mkdir -p /proc /sys /dev /run /tmp /mnt /root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
ip link set lo up
hostname guest
[ ! -d /sys/kernel/debug ] || mount -t debugfs debug /sys/kernel/debug

exec 8>/dev/kmsg

# Send lines from standard input, numbered, in pieces that fit the kernel's log.
emit() {
	n=0
	while IFS= read -r line; do
		kind=o
		case $line in
		"@@tell "*)	kind=t; line=${line#@@tell } ;;
		"@@exit "*)	kind=x; line=${line#@@exit } ;;
		esac
		while [ ${#line} -gt 700 ]; do
			printf '<1>xr:%d:p:%s\n' $n "$(printf %.700s "$line")" >&8
			n=$((n + 1))
			line=$(printf %s "$line" | cut -c701-)
		done
		printf '<1>xr:%d:%s:%s\n' $n $kind "$line" >&8
		n=$((n + 1))
	done
}

# Print kmemleak's findings, except leaks of the kernel's own: those from its
# boot, and those named by the script (linux_leaks).
leaks_of_ours() {
	awk 'function flush(  p) {
			for (p in lost)
				if (object ~ p)
					object = ""
			printf "%s", object
			object = ""
		}
		BEGIN {
			lost["comm \"swapper/"]
			while ((getline p <"/tmp/linux-leaks") > 0)
				lost[p]
		}
		/^unreferenced object/ { flush() }
		{ object = object $0 "\n" }
		END { flush() }' "$1"
}

# look_for_leaks: print where leaked objects were allocated, and report them in
# the kernel's log. kmemleak suspects objects that are at least five seconds old
# and unreachable in two scans.
look_for_leaks() {
	_leaks=/sys/kernel/debug/kmemleak
	[ -e "$_leaks" ] || return
	sleep 6
	echo scan >"$_leaks"
	echo scan >"$_leaks"
	leaks_of_ours "$_leaks" >/tmp/leaks
	[ -s /tmp/leaks ] || return
	sed 's/^/# /' /tmp/leaks
	echo "<3>kmemleak: leaked: $(grep -c ^unref /tmp/leaks) objects" >&8
}

# A user at the console instead of a script.
login() {
	. /rig/vars
	. /rig/guest-lib.sh
	load_drivers
	if ! wait_for 20 test -c /dev/hvc0; then
		echo "there is no console hvc0"
		return 1
	fi
	export ROWS COLUMNS
	setsid sh -c 'exec </dev/hvc0 >/dev/hvc0 2>&1
		stty rows "$ROWS" cols "$COLUMNS"
		exec cttyhack sh -l'
}

cd /root || exit
if [ -e /rig/shell ]; then
	login 2>&1 | emit
elif [ -e /rig/guest-script ]; then
	{
		exec 9>&1
		sh -c '. /rig/vars; . /rig/guest-lib.sh; . /rig/guest-script' \
			guest-script </dev/null 2>&1
		_status=$?
		look_for_leaks
		echo "@@exit $_status"
	} | emit
fi

sync
poweroff -f
