# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of hvm.sh: reads the disk, has the guest shut down, and counts what
# the unloaded modules leave. Some ports are the device model's.

. /root/lib.dom0.sh

ports=$(evtchn_count)

# The guest stands still meanwhile.
nothing_left() {
	xl pause "$DOMID"
	grant_list | grep -v '\[0x00[01]\]' >/tmp/grants
	now=$(evtchn_count)
	! xl shutdown "$DOMID"
	refused=$?
	xl unpause "$DOMID"
	echo "# $now ports, $ports before the modules"
	sed 's/^/# left behind: /' /tmp/grants
	[ "$now" = "$ports" ] && [ ! -s /tmp/grants ]
}

wait_guest disk 120 && verify_disk
result $? "the disk's data are what the guest wrote"
wait_guest up 120 && xl shutdown "$DOMID"
result $? "xl shutdown is taken"
rendezvous checked
wait_guest unloaded 120 && nothing_left
result $? "nothing left behind after unload"
result "$refused" "xl shutdown is refused then, for nobody would hear it"
finish
