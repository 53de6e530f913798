# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of the reference kernel's tests in a domU.

# 1 MiB of the pattern of tests/xen/bare/frontends_disk.c, from line $1 on.
pattern() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < 65536; i++) printf "%015d\n", n + i }'
}

gnt=/root/gnt
node=/local/domain/$DOMID/data/gnt

# Two pages of dom0's, for tests/xen/bare/grant_other.c.
rm -f /tmp/rw /tmp/ro
"$gnt" share "$DOMID" rw "from dom0" >/tmp/rw &
rw=$!
"$gnt" share "$DOMID" ro "from dom0" >/tmp/ro &
ro=$!
wait_for 10 test -s /tmp/rw -a -s /tmp/ro
xenstore-write "$node/rw" "$(cat /tmp/rw)" "$node/ro" "$(cat /tmp/ro)"

# For tests/xen/bare/frontends_9p.c, in the guests that have a file system.
if [ -d /disks/bare ]; then
	awk 'BEGIN { while (n < 10000) printf "%c", 97 + n++ % 26 }' >/disks/bare/file
fi

disk=$(disk_file xvda)
pattern 0 | dd of="$disk" bs=1M conv=notrunc 2>/dev/null
xenstore-write "/local/domain/$DOMID/data/dom0" ready

# The rig reads a PV guest's console, and leaves a copy.
log=/var/log/xen/console/guest-$DOMNAME.log
[ ! -p "$log" ] || log=/run/job/console.log
wait_guest console 120 || exit 1
wait_for 10 grep -q 'selftest line 00199 ...' "$log"
lines=$(grep -c '^selftest line [0-9]* \.\.\..\{0,1\}$' "$log")
[ "$lines" = 200 ]
result $? "the console daemon has 200 lines ($lines)"
echo "typed in dom0" >"$(xenstore-read "/local/domain/$DOMID/console/tty")"

wait_guest disk 120 || exit 1
pattern 65536 >/tmp/want
dd if="$disk" of=/tmp/have bs=1M skip=1 count=1 2>/dev/null
cmp -s /tmp/want /tmp/have
result $? "the disk has what the guest wrote"

# copied REF OFFSET TEXT, not_copied REF OFFSET LEN: copies from a guest's page
copied() {
	[ "$("$gnt" read "$DOMID" "$1" "$2" ${#3})" = "$3" ]
	result $? "dom0 copies '$3' out of the guest's grant $1, at $2"
}
not_copied() {
	! "$gnt" read "$DOMID" "$1" "$2" "$3" >/dev/null
	result $? "not $3 bytes at $2 out of $1"
}

wait_guest gnt 120 || exit 1
whole=$(xenstore-read "$node/whole")
part=$(xenstore-read "$node/part")
on=$(xenstore-read "$node/on")
copied "$whole" 0 "the guest's"
"$gnt" write "$DOMID" "$whole" 200 "written in dom0"
result $? "and into it"
copied "$part" 1000 "a part"
copied "$part" 1002 "part"
not_copied "$part" 999 6
not_copied "$part" 1000 7
not_copied "$part" 0 6
! "$gnt" write "$DOMID" "$part" 1000 "x" >/dev/null
result $? "nor into it, which is to be read"
copied "$on" 0 "from dom0"
copied "$on" 100 "guest"
for ref in "$part" "$on"; do
	rm -f /tmp/map
	"$gnt" map "$DOMID" "$ref" ro >/tmp/map 2>/dev/null &
	pid=$!
	wait_for 2 test -s /tmp/map
	grep -q refused /tmp/map
	result $? "dom0 cannot map $ref"
	kill $pid 2>/dev/null
done
rm -f /tmp/map
"$gnt" map "$DOMID" "$whole" rw >/tmp/map &
pid=$!
wait_for 10 test -s /tmp/map
grep -q "the guest's" /tmp/map
result $? "but the whole page"
xenstore-write "$node/held" 1
wait_guest gnt-held 60 || exit 1
kill $pid
wait $pid
xenstore-write "$node/held" 2
wait_guest gnt-done 60 || exit 1
kill $rw $ro
finish
