# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xl shutdown: the toolstack writes control/shutdown, xenion.ko clears the node
# and has the system power off in order. Here that "system" is the script that
# the kernel calls.

. /root/lib.sh

plan 2
catch_poweroff
check "the module loads" load_xenion console
tell up
check "the host's wish reaches the system" wait_for 30 test -e /tmp/asked
tell heard
finish
