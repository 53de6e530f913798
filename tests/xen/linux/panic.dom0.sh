# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of panic.sh. xenconsoled's log has the guest's messages, including
# the last line if the guest waited until it was read.

. /root/lib.dom0.sh

log=/var/log/xen/console/guest-$DOMNAME.log
gone() { ! xl domid "$DOMNAME" >/dev/null 2>&1; }

rendezvous panic 300
begin=$(date +%s)
wait_for 120 gone
result $? "the toolstack ends the domain"
took=$(($(date +%s) - begin))
echo "# after $took s"
grep -q 'Kernel panic - not syncing: sysrq triggered crash' "$log"
result $? "the console says why"
finish
