# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of the reference kernel's tests in a domU.

# The pattern of tests/bare/frontends_disk.c from line $1 on, 1 MiB of it.
pattern() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < 65536; i++) printf "%015d\n", n + i }'
}

result() {
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		bad=1
	fi
}

bad=0
disk=$(disk_file xvda)
pattern 0 | dd of="$disk" bs=1M conv=notrunc 2>/dev/null
xenstore-write "/local/domain/$DOMID/data/dom0" ready

# The rig reads a PV guest's, and leaves a copy.
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
exit $bad
