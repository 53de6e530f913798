# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of net-traffic.sh: an HTTP server, and a client that writes its
# verdict to a file for the guest to fetch.

# verdict WORD ADDRESS MIB: fetch the guest's file, and compare it with dom0's
verdict() {
	wait_guest "$1" 120 || return 1
	wget -q -O /tmp/back "http://$2/file"
	head -c "$(($3 << 20))" /tmp/www/file | cmp - /tmp/back
	echo $? >"/tmp/www/$1.new"
	mv "/tmp/www/$1.new" "/tmp/www/$1"
}

rm -rf /tmp/www
mkdir -p /tmp/www
echo 0 >/proc/sys/net/ipv6/conf/xenbr0/accept_dad
ip -6 addr add fd00::1/64 dev xenbr0 2>/dev/null
ip link set "vif$DOMID.0" mtu 9000
dd if=/dev/urandom of=/tmp/www/file bs=1M count="$(mib 32)" 2>/dev/null
(cd /tmp/www && md5sum file >file.md5 && echo 1 >ready)
wait_guest ready 60
httpd -f -p "[::]:80" -h /tmp/www &
trap 'kill $!' EXIT
verdict serve4 10.0.0.2 "$(mib 32)"
verdict serve6 "[fd00::2]" "$(mib 32)"
verdict serve-plain 10.0.0.2 "$(mib 8)"
# The guest still has to fetch the last verdict.
wait_guest end 60
