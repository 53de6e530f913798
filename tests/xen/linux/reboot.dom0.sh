# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of reboot.sh.

. /root/lib.dom0.sh

wait_guest up 60
xl reboot "$DOMID"
result $? "xl reboot is taken"
finish
