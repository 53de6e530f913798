# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of blk-swap.sh: a backend that restarts, twice.

. /root/lib.dom0.sh

closed() { [ "$(xenstore-read "/local/domain/$DOMID/device/vbd/$1/state")" = 6 ]; }
connected() { [ "$(xenstore-read "/local/domain/$DOMID/device/vbd/$1/state")" = 4 ]; }

# restart NUMBER
restart() {
	_back=/local/domain/0/backend/vbd/$DOMID/$1/state
	xenstore-write "$_back" 5
	wait_for 60 closed "$1"
	result $? "$1: the guest closes in time"
	xenstore-write "$_back" 2
	wait_for 60 connected "$1"
	result $? "$1: the guest connects again"
}

wait_guest swaps 120
restart 51712
restart 51712
tell_guest restarted
finish
