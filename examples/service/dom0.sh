# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of the service domain's run: fetch its page, which is compared with
# the disk's, more of them at once, UDP, nonsense, and the end by xl shutdown.
# It needs nc.openbsd, for UDP.

ip=10.0.0.2
fetchers=
bad=0

result() {
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		bad=1
	fi
}

# Since xl has begun to create the domain: field 22 of its stat, in 1/100 s.
elapsed() {
	awk -v began="$(cut -d ' ' -f 22 "/proc/$(pidof xl | tr " " "\n" | sort -n | head -n 1)/stat")" \
		'{ printf "%.2f", $1 - began / 100 }' /proc/uptime
}

# fetch FILE: the page, whole, as it is on the disk.
fetch() {
	timeout 100 wget -q -O "$1" "http://$ip/" && cmp -s "$1" /tmp/page
}

# Its interface is up, at which time it has begun to listen.
up() {
	[ "$(xenstore-read "/local/domain/$DOMID/device/vif/0/state")" = 4 ]
}

wait_up() {
	for i in $(seq 400); do
		up && return 0
		usleep 50000
	done
	return 1
}

many() {
	for i in 1 2 3 4 5 6 7 8; do
		fetch "/tmp/got.$i" &
		fetchers="$fetchers $!"
	done
	for i in $fetchers; do
		wait "$i" || return 1
	done
}

# echo_udp BYTES: as many as that in one packet, there and back.
echo_udp() {
	head -c "$1" /tmp/page >/tmp/sent
	nc.openbsd -u -w 1 "$ip" 7 </tmp/sent >/tmp/echoed
	cmp -s /tmp/sent /tmp/echoed
}

begun=$(elapsed)
disk=$(disk_file xvda)
dd if="$disk" bs=4k skip=1 2>/dev/null |
	head -c "$(head -c 20 "$disk" | tr -d ' ')" >/tmp/page

wait_up
result $? "the interface is up, $(elapsed) s after xl began, $begun s of them xl's"
timeout 100 wget -O /dev/null "http://$ip/nothing" 2>&1 | grep -q 404
result $? "a path that is not there is not found, $(elapsed) s"
fetch /tmp/got
result $? "the page is the disk's, $(stat -c %s /tmp/page) bytes, $(elapsed) s"
many
result $? "eight clients at once get it, $(elapsed) s"
ping -c 3 "$ip" >/dev/null
result $? "ping"
echo_udp 100
result $? "a UDP packet of 100 bytes comes back"
echo_udp 5000
result $? "one of 5000 bytes, in fragments, too"
echo "no request" | timeout 2 nc "$ip" 80 >/dev/null
fetch /tmp/got
result $? "after nonsense, the page is served"
xl shutdown "$DOMID"
result $? "xl shutdown"
exit $bad
