# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of dev-save.sh.

plan 2

# An earlier run's
rm -f /tmp/lending /tmp/lent
mkfifo /tmp/lending
/root/programs lend "$DOMID" </tmp/lending >/tmp/lent &
exec 9>/tmp/lending
wait_for 20 test -s /tmp/lent
xenstore-write "/local/domain/$DOMID/data/lent" "$(cat /tmp/lent)"
tell_guest lent
wait_guest checkpoint 300
checkpoint_guest
result $? "xl save -c"
tell_guest checkpoint
wait_guest restore 300
restore_guest
result $? "xl save and restore"
tell_guest restore
finish
