# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of save-queues.sh.

. /root/lib.dom0.sh

# queues N: of each device that is plugged, or connects, from now on
queues() {
	for _module in xen_netback xen_blkback; do
		echo "$1" >/sys/module/$_module/parameters/max_queues
	done
}

plug() {
	queues 2
	attach_disk xvda 16M &&
		xl network-attach "$DOMID" bridge=xenbr0 script=vif-bridge
}

answer plug plug
wait_guest fewer 300
queues 1
restore_guest
result $? "fewer: xl save and restore"
tell_guest fewer
wait_guest more 300
queues 2
migrate_guest
result $? "more: xl migrate"
tell_guest more
wait_guest stopped 300
queues 1
finish
