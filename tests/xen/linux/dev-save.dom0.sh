# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of dev-save.sh.

plan 3

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
