# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of few-grants.sh: adds a fourth disk, and removes another.

wait_guest plug 180
attach_disk xvdd 16M
wait_guest unplug 120
detach_disk xvdc
exit 0
