# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A network device carries traffic of every shape that the protocol has: short
# and long packets, large segments both ways over IPv4 and IPv6, with and
# without offloads, and jumbo frames. Needs --vif mac=00:16:3e:0a:0b:0c;
# net-traffic.dom0.sh is the other half.

plan 21

up() {
	echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
	ip addr add 10.0.0.2/24 dev eth0 &&
	ip -6 addr add fd00::2/64 dev eth0 &&
	ip link set eth0 up
}

carrier() { [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; }

fetch() {
	wget -q -O /tmp/got "http://$1/file" &&
	wget -q -O /tmp/got.md5 "http://$1/file.md5" &&
	[ "$(md5sum </tmp/got | cut -d' ' -f1)" = \
	  "$(cut -d' ' -f1 /tmp/got.md5)" ]
}

# stat NAME: the sum over all queues
stat() {
	ethtool -S eth0 | awk -v name="$1" '
		$1 ~ "(^|_)" name ":$" { sum += $2 } END { print sum + 0 }'
}

# serve WORD: dom0 fetches our file as soon as our server is ready, and reports
# the result. Poll for that rarely, because the transfer runs meanwhile.
serve() {
	wait_for 20 wget -q -O /dev/null http://127.0.0.1/ready || return 1
	tell "$1"
	_i=0
	while [ $_i -lt 600 ]; do
		sleep 1
		_i=$((_i + 1))
		wget -q -O /tmp/verdict "http://10.0.0.1/$1" 2>/dev/null || continue
		[ "$(cat /tmp/verdict)" = 0 ]
		return
	done
	echo "no word from dom0"
	return 1
}

no_offloads() {
	ethtool -K eth0 tso off gso off tx off sg off gro off >/dev/null
}

case $DRIVERS in
xenion)		check "module loads" load_xenion netfront ;;
*)		check "module loads" load_drivers ;;
esac
check "interface appears" wait_for 10 test -d /sys/class/net/eth0
[ -d /sys/class/net/eth0 ] || finish
check "address and up" up
check "link comes up" wait_for 10 carrier || finish
check "mac is the toolstack's" \
	grep -q "00:16:3e:0a:0b:0c" /sys/class/net/eth0/address
check "dom0 answers" wait_for 20 ping -c 1 -W 1 10.0.0.1
check "short packets" ping -q -c 20 -i 0.05 -s 1 10.0.0.1
check "long packets" ping -q -c 20 -i 0.05 -s 1472 10.0.0.1
check "fragments" ping -q -c 5 -i 0.05 -s 30000 10.0.0.1
check "IPv6" ping -q -c 5 -i 0.05 -s 1400 fd00::1

tell ready
check "the server is ready" wait_for 60 wget -q -O /tmp/ready http://10.0.0.1/ready
check "$(mib 32) MiB from dom0" fetch 10.0.0.1
check "$(mib 32) MiB from dom0, IPv6" fetch "[fd00::1]"
mkdir -p /tmp/www
mv /tmp/got /tmp/www/file
touch /tmp/www/ready
httpd -f -p "[::]:80" -h /tmp/www &
trap 'kill $!' EXIT
packets=$(stat tx_packets)
bytes=$(stat tx_bytes)
check "$(mib 32) MiB to dom0" serve serve4
check "$(mib 32) MiB to dom0, IPv6" serve serve6

# On average more than a frame of the wire's, which has 1514 bytes: how much more is up
# to TCP, which makes small segments where answers take long.
if [ "$DRIVERS" = xenion ]; then
	check "large segments were sent whole" \
		test $(($(stat tx_bytes) - bytes)) -gt $((1514 * ($(stat tx_packets) - packets)))
	check "nothing refused or in error" \
		test "$(($(stat refused) + $(stat tx_errors) + $(stat rx_errors) +
			 $(stat tx_dropped) + $(stat rx_dropped)))" = 0
else
	skip "large segments were sent whole" "counts of our driver"
	skip "nothing refused or in error" "counts of our driver"
fi

check "offloads can be turned off" no_offloads
head -c "$(($(mib 8) << 20))" /tmp/www/file >/tmp/www/part
mv /tmp/www/part /tmp/www/file
check "$(mib 8) MiB to dom0 without offloads" serve serve-plain
ethtool -K eth0 tx on sg on tso on gso on gro on >/dev/null
check "MTU of 9000" ip link set eth0 mtu 9000
check "jumbo frames" ping -q -c 5 -i 0.05 -s 8900 10.0.0.1
tell end
ethtool -S eth0 2>/dev/null | comments
finish
