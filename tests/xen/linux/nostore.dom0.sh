# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of nostore.sh.

. /root/lib.dom0.sh

node=/local/domain/$DOMID/control/shutdown

wait_guest silent 120
# Not waiting for the guest.
attach_disk xvdb 16M &
wait_for 20 xenstore-exists "/local/domain/$DOMID/device/vbd/51728/backend"
result $? "a disk is plugged"
# As xl shutdown, which would wait for the answer, and then withdraw the
# request.
xenstore-write "$node" poweroff
tell_guest silent
wait_guest unknown 120
xenstore-write "$node" "$(printf 'dance\001')"
wait_guest unknown-2 60
xenstore-write "$node" sing
wait
finish
