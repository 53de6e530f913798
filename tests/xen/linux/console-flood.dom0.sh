# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of console-flood.sh. The write blocks while the guest does not
# read, so it has a process of its own.

. /root/lib.dom0.sh

wait_guest flood 300
seq 1 400000 | head -c $(($(mib 8) * 100000)) \
	>"$(xenstore-read "/local/domain/$DOMID/console/tty")"
result $? "all is written"
finish
