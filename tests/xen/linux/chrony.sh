# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# chronyd keeps the guest's clock, on Xenion's clocksource, within a millisecond of dom0's
# for ten minutes. The clock is wrong when it begins, and too fast. Needs --vif and
# --icount: there, what a packet takes is the same in both directions, and what is waited
# for takes no time; chrony.dom0.sh is the server.

. /root/lib.sh

plan 12

# Ten minutes, in steps of so many seconds.
MINUTES=10
STEP=30

server="server 10.0.0.1 iburst minpoll 2 maxpoll 4"

# measured: print how many microseconds the clock is off, as another client sees it
# that does not touch it
measured() {
	chronyd -u root -Q -t 60 "$server" "pidfile /tmp/measure.pid" "cmdport 0" \
		"bindcmdaddress /" 2>&1 | tee /tmp/measured |
		awk '/System clock wrong by/ {
			for (i = 1; $i != "by"; i++)
				;
			us = $(i + 1) * 1000000
			printf "%d\n", us < 0 ? -us : us
			found = 1
		} END { exit !found }'
}
is_wrong() { [ "$(measured)" -gt 1000 ]; }

# never_off: at no look is it off by more than a millisecond; say by how much at most
never_off() {
	_n=$((MINUTES * 60 / STEP)) _most=0
	while [ $_n -gt 0 ]; do
		sleep $STEP
		_off=$(measured) || { cat /tmp/measured; return 1; }
		[ "$_off" -le $_most ] || _most=$_off
		_n=$((_n - 1))
	done
	echo "# chronyd: at most $_most us off in $MINUTES minutes" >&9
	[ $_most -le 1000 ]
}

mkdir -m 750 /run/chrony
dmesg -c >/dev/null
echo "$server
makestep 0.01 3
pidfile /run/chrony/pid" >/tmp/chrony.conf
check "the modules load" load_xenion netfront time
first=$(cat $clocksource/current_clocksource)
check "the clock runs on Xenion's clocksource" use_source xenion
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0's chronyd answers" wait_for 60 measured
# Its fraction of a second is lost; and 80 ppm, in units of 1/65536.
date -s "@$(date +%s)" >/dev/null
adjtimex -q -f $((80 * 65536)) >/dev/null
check "the clock is wrong" is_wrong
check "chronyd starts" chronyd -u root -f /tmp/chrony.conf -l /tmp/chrony.log
check "chronyd finds the time" chronyc waitsync 100 0.0005 0 5
check "and keeps it" never_off
check "it ends" kill "$(cat /run/chrony/pid)"
check "and is gone" wait_for 20 not test -e /run/chrony/pid ||
	sed 's/^/# /' /tmp/chrony.log
tell end
check "its clocksource again: $first" use_source "$first"
check "unload" unload_xenion
check "the kernel has not complained" no_complaint
finish
