# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of chrony.sh: its clock, over NTP.

mkdir -m 750 /run/chrony
cat >/tmp/chrony.conf <<'END'
allow
bindaddress 10.0.0.1
cmdport 0
pidfile /run/chrony/pid
local stratum 5
END
# It serves dom0's clock, and does not touch it.
chronyd -u root -x -f /tmp/chrony.conf -l /tmp/chrony.log ||
	sed 's/^/# /' /tmp/chrony.log
wait_guest end 3600
check "dom0's chronyd has served to the end" kill "$(cat /run/chrony/pid)"
finish
