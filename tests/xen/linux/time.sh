# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The guest's clock is Xen's: the time of day when the module is loaded, an RTC to read,
# and a clocksource that never goes back, also from one CPU to another. Needs --vif and
# two vCPUs; time.dom0.sh tells dom0's time.

. /root/lib.sh

plan 19

# now: seconds and microseconds
now() { adjtimex | awk '/tv_sec:/ { s = $2 } /tv_usec:/ { printf "%d.%06d\n", s, $2 }'; }

# as_in_dom0: dom0 reads its clock between two readings of ours. No delay of the host's
# changes that order; a tenth of a second is for what dom0's clock and Xen's differ.
as_in_dom0() {
	_before=$(now)
	_dom0=$(wget -q -O - http://10.0.0.1/cgi-bin/now) || return 1
	_after=$(now)
	echo "$_before $_dom0 $_after" | tee /tmp/times |
		awk '{ exit !($1 - 0.1 <= $2 && $2 <= $3 + 0.1) }' && return
	echo "before, in dom0, after: $(cat /tmp/times)"
	return 1
}

# never_back: two hundred readings, each on the other CPU than the last one
never_back() {
	_n=0
	while [ $_n -lt 100 ]; do
		taskset 1 adjtimex
		taskset 2 adjtimex
		_n=$((_n + 1))
	done | awk '/tv_sec:/ { s = $2 }
		/tv_usec:/ {
			t = s * 1000000 + $2
			if (t < last) { print "back by", last - t, "us"; bad = 1 }
			last = t
			n++
		}
		END { exit bad || n != 200 }'
}

offered() { grep -qw "$1" $clocksource/available_clocksource; }

rtc_dir() { dirname "$(grep -l xenion-rtc /sys/class/rtc/rtc*/name)"; }
rtc_is_right() {
	_before=$(date +%s)
	_rtc=$(cat "$(rtc_dir)/since_epoch") && _after=$(date +%s) &&
		[ "$_rtc" -ge $((_before - 1)) ] && [ "$_rtc" -le $((_after + 1)) ]
}
hwclock_rtc() { hwclock "$1" -u -f "/dev/$(basename "$(rtc_dir)")"; }

stat() { cat "/sys/bus/xenion/stats/$1"; }
grows() {
	_was=$(stat "$1")
	now >/dev/null
	[ "$(stat "$1")" -gt "$_was" ]
}

# An HVM guest has a PC's clock.
by='1[0-9]\{9\}'
if grep -q rtc_cmos /sys/class/rtc/*/name 2>/dev/null; then
	by='-\?[0-9]\+'
	skip "before, the clock begins in 1970" "a guest with a PC's clock"
else
	check "before, the clock begins in 1970" [ "$(date +%Y)" = 1970 ]
fi
first=$(cat $clocksource/current_clocksource)
check "the modules load" load_xenion netfront time
check "the kernel's log tells by how much it was set" \
	sh -c "dmesg | grep 'xenion-time: the clock is set, by $by s'"
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
check "dom0 answers" wait_for 60 wget -q -O /dev/null http://10.0.0.1/cgi-bin/now
check "the time is dom0's" as_in_dom0
if [ -d /sys/class/rtc ]; then
	check "an RTC shows it" rtc_is_right
	check "hwclock reads it" hwclock_rtc -r
	check "hwclock cannot set it" refuses RTC_SET_TIME hwclock_rtc -w
else
	for t in "an RTC shows it" "hwclock reads it" "hwclock cannot set it"; do
		skip "$t" "a kernel without CONFIG_RTC_CLASS"
	done
fi
check "the clocksource stays what it was: $first" source_is "$first"
check "ours is offered" offered xenion
check "ours is used when asked for" use_source xenion
check "the time is still dom0's" as_in_dom0
check "it never goes back" never_back
check "the module stays while it is used" not rmmod xenion-time
check "$first again" use_source "$first"
check "it never goes back" never_back
check "vCPUs have run" grows running_ns
check "what they waited for the host is a number" [ "$(stat stolen_ns)" -ge 0 ]
check "unload: RTC and clocksource are gone" sh -c '
	rmmod xenion-time && ! grep xenion-rtc /sys/class/rtc/*/name 2>/dev/null &&
	! grep xenion /sys/devices/system/clocksource/clocksource0/available_clocksource'
tell end
unload_xenion
finish
