# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of shutdown.sh.

. /root/lib.dom0.sh

wait_guest up 60
node=/local/domain/$DOMID/control/shutdown
xl shutdown "$DOMID"
result $? "xl shutdown is taken"
wait_guest heard 60
[ -z "$(xenstore-read "$node" 2>/dev/null)" ]
result $? "the guest has taken the word out"
finish
