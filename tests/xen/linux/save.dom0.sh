# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of save.sh.

. /root/lib.dom0.sh

mkdir -p /tmp/www/cgi-bin
dd if=/dev/urandom of=/tmp/www/data bs=1k count=512 2>/dev/null
printf '#!/bin/sh\necho\ndate +%%s\n' >/tmp/www/cgi-bin/now
chmod +x /tmp/www/cgi-bin/now
serve /tmp/www
rendezvous serving

for what in $(sh /root/save-*.list); do
	wait_guest "$what" 300
	"${what%%-*}_guest"
	result $? "$what: xl does it"
	tell_guest "$what"
done
wait_guest unmounted 300
check "dom0 reads what the guest wrote" verify_disk
finish
