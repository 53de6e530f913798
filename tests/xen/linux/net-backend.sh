# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What toolstack and backend may do to a network device while the guest runs:
# the link goes down, the backend's driver goes and comes back, an interface has
# an MTU of its own and several queues. Needs --vif; net-backend.dom0.sh is the
# other half.

plan 12

. ./lib.sh

# carrier INTERFACE 0|1
carrier() { [ "$(cat "/sys/class/net/$1/carrier")" = "$2" ]; }

# up INTERFACE ADDRESS
up() {
	wait_for 20 test -d "/sys/class/net/$1" &&
	ip addr add "$2/24" dev "$1" &&
	ip link set "$1" up &&
	wait_for 20 carrier "$1" 1
}

# used INTERFACE QUEUE: that queue has sent packets
used() {
	ethtool -S "$1" | grep -q "queue$2_tx_packets: [1-9]"
}

[ "$DRIVERS" = xenion ] || skip_all "it is about our driver"

load_xenion
rmmod xenion-netfront
check "9 queues are refused" \
	refuses "from 1 to 8" insmod /lib/xenion/xenion-netfront.ko queues=9
check "0 queues are refused" \
	refuses "from 1 to 8" insmod /lib/xenion/xenion-netfront.ko queues=0
check "4 queues are not" insmod /lib/xenion/xenion-netfront.ko queues=4
check "up" up eth0 10.0.0.2
check "traffic" wait_for 20 ping -q -c 3 -i 0.1 10.0.0.1

tell link-down
check "no link" wait_for 20 carrier eth0 0
tell link-up
check "link again" wait_for 20 carrier eth0 1

# With packets on their way.
ping -q -i 0.001 -s 8000 10.0.0.1 >/dev/null 2>&1 &
pinger=$!
tell reload-backend
sleep 4
kill $pinger 2>/dev/null
check "traffic through the new backend" \
	wait_for 10 ping -q -c 5 -i 0.05 -W 1 -s 3000 10.0.0.1

tell second
check "a second interface" up eth1 10.0.1.2
check "its mtu is the toolstack's" grep -qx 4000 /sys/class/net/eth1/mtu
check "it has two queues" test -d /sys/class/net/eth1/queues/tx-1
ip route add 224.0.0.0/4 dev eth1
i=0
while [ $i -lt 40 ]; do
	# Needs neither ARP nor an answer; each address has another hash.
	ping -c 1 -W 1 "224.0.1.$((i + 100))" >/dev/null 2>&1 &
	i=$((i + 1))
done
wait
check "and uses both" wait_for 5 used eth1 1
ethtool -S eth1 | grep -E '(tx|rx)_(packets|dropped)' | comments
unload_xenion
finish
