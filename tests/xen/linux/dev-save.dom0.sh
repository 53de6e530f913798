# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of dev-save.sh.

plan 3

# An earlier run's
rm -f /tmp/lending /tmp/lent
mkfifo /tmp/lending
/root/programs lend "$DOMID" </tmp/lending >/tmp/lent &
exec 9>/tmp/lending
wait_for 20 test -s /tmp/lent
xenstore-write "/local/domain/$DOMID/data/lent" "$(cat /tmp/lent)"
tell_guest lent
wait_guest checkpoint 300
checkpoint_guest /disks/saved
result $? "xl save -c"
tell_guest checkpoint
wait_guest restore 300
save_guest /disks/saved
result $? "xl save"
restore_guest /disks/saved
result $? "xl restore"
rm -f /disks/saved
tell_guest restore
finish
