# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of "make bench": the other end of iperf3; otherwise it sleeps.

iperf3 -s -D
wait_guest end 3600
killall iperf3
exit 0
