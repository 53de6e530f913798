# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of run.sh: types into the console, verifies the disk from its
# side, serves and fetches over HTTP, and counts what the unloaded modules have
# left behind.

. /root/lib.dom0.sh

type_console() {
	# Again if necessary, and slower: getty discards input from before its
	# start.
	for _try in 1 2 3 4 5; do
		{
			sleep $_try
			printf 'root\n'
			sleep $_try
			printf 'echo xenion $((40 + 2)) >/tmp/console-said\n'
			sleep $_try
			printf 'cat /tmp/console-said; touch /tmp/console-ok\n'
			sleep $_try
		} | timeout $((11 + 4 * _try)) xenconsole --interactive "$DOMID" \
			>/tmp/console-seen 2>&1
		grep -q '^xenion 42' /tmp/console-seen && return 0
	done
	sed 's/^/# console: /' /tmp/console-seen
	return 1
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
