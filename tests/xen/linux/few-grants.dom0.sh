# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of few-grants.sh: a fourth disk comes, and another goes.

wait_guest plug 180
attach_disk xvdd 16M
wait_guest unplug 120
detach_disk xvdc
exit 0
