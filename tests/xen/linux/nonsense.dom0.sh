# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Devices that no backend driver serves: this script is their backend.

. /root/lib.dom0.sh

# closes TYPE/ID: wait until the frontend is Closing or Closed
closes() {
	wait_for 30 sh -c "case \$(xenstore-read $(front "$1")/state) in 5|6) ;; *) exit 1 ;; esac"
}

# connect TYPE/ID: the backend goes to Connected after the frontend's rings
connect() {
	wait_for 30 sh -c "case \$(xenstore-read $(front "$1")/state) in 3|4|5|6) ;; *) exit 1 ;; esac"
	xenstore-write "$(back "$1")/state" 4
}

wait_guest nonsense 60

mac=
device vbd/51744 sectors abc sector-size 512 info 0
connect vbd/51744
closes vbd/51744
result $? "sectors that are no number"
device vbd/51760 sectors 8192 sector-size 0 info 0
connect vbd/51760
closes vbd/51760
result $? "a sector size of 0"
device vbd/51776 sectors 99999999999999999999 sector-size 512 info 0
connect vbd/51776
closes vbd/51776
result $? "more sectors than a number holds"

mac=00:16:3e:zz:00:01
device vif/7 feature-rx-copy 1
closes vif/7
result $? "an address that is none"
mac=01:00:5e:00:00:01
device vif/8 feature-rx-copy 1
closes vif/8
result $? "an address of many stations"
mac=00:16:3e:00:00:09
device vif/9
closes vif/9
result $? "a backend that cannot copy"

# At last, invalid states, and valid ones in disorder.
for state in 77 3 1 5 6 0 999999999999 abc; do
	xenstore-write "$(back vif/9)/state" $state
done
sleep 2
tell_guest nonsense
finish
