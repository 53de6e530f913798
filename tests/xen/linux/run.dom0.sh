# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of run.sh: types into the console, verifies the disk from its
# side, serves and fetches over HTTP, and counts what the unloaded modules have
# left behind.

. /root/lib.dom0.sh

# type_until TEXT REGEXP: type the line, and again, until the guest's console shows that.
type_until() {
	local _n=$((12 * LOADED))
	printf '%s\n' "$1" >&4
	until wait_at_most 5 grep -q "$2" /tmp/console-seen; do
		[ $_n -gt 0 ] || return 1
		_n=$((_n - 1))
		printf '%s\n' "$1" >&4
	done
}

type_console() {
	local _rc
	rm -f /tmp/console-in /tmp/console-seen
	mkfifo /tmp/console-in
	exec 4<>/tmp/console-in
	xenconsole --interactive "$DOMID" <&4 >/tmp/console-seen 2>&1 4<&- &
	# getty discards what comes before this.
	wait_for 30 grep -q login: /tmp/console-seen &&
	type_until root '[a-z~/] # ' &&
	type_until 'echo xenion $((40 + 2)) >/tmp/said; cat /tmp/said' '^xenion 42' &&
	type_until 'touch /tmp/console-ok && echo do""ne' '^done'
	_rc=$?
	kill $!
	exec 4<&-
	[ $_rc = 0 ] || sed 's/^/# console: /' /tmp/console-seen
	return $_rc
}

fetch() {
	timeout 300 wget -q -O /tmp/fetched http://10.0.0.2/file &&
	wget -q -O /tmp/fetched.md5 http://10.0.0.2/file.md5 &&
	[ "$(md5sum </tmp/fetched | cut -d' ' -f1)" = \
	  "$(cut -d' ' -f1 /tmp/fetched.md5)" ]
}

rounds=1
wait_guest begin 120
[ ! -e /run/told/again ] || rounds=2
r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	wait_guest "console-$r" 60 && type_console
	result $? "$r: what the guest's shell answers"
	wait_guest "disk-$r" 120 && verify_disk
	result $? "$r: the disk's data are what the guest wrote"
	wait_guest "net-$r" 60
	mkdir -p /tmp/www
	rm -f /tmp/www/*
	dd if=/dev/urandom of=/tmp/www/file bs=1M count="$(mib 32)" 2>/dev/null
	(cd /tmp/www && md5sum file >file.md5)
	[ $r -gt 1 ] || serve /tmp/www
	touch "/tmp/www/ready-$r"
	wait_guest "serve-$r" 120 && fetch
	result $? "$r: $(mib 32) MiB fetched from the guest, checksum"
	touch "/tmp/www/fetched-$r"
	if [ $rounds -gt 1 ]; then
		wait_guest "unloaded-$r" 60 && left_behind
		result $? "$r: nothing left behind after unload"
	fi
done
# The guest may still ask the server.
wait_guest end 60
finish
