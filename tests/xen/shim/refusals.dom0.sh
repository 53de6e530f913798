# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Starts a guest from each broken image in /root/shim.tar, and checks its last
# message in Xen's log and its shutdown reason. Waits for the end of the rig's
# guest first, which once got a triple fault early in Linux while others came
# and went, for an unknown reason.

cd /root || exit 1
tar xf shim.tar

gone() { ! xl list "$DOMID"; }
wait_for 100 gone

# What xl list shows of a guest that has crashed and is kept.
crashed() { xl list "$1" | grep -q -- '--sc--\|---sc-'; }

while IFS='|' read -r name message; do
	cat >"$name.cfg" <<-END
		name = "$name"
		type = "pvh"
		memory = 160
		kernel = "/root/$name"
		on_crash = "preserve"
	END
	said=no
	if ! xl create -q "$name.cfg"; then
		why="xl did not create the guest"
	else
		id=$(xl domid "$name")
		if ! wait_for 10 crashed "$name"; then
			why="no crash: $(xl list "$name" | tail -n 1)"
		elif ! xl dmesg | grep -F "(d$id) xenion shim: " |
				grep -qF "$message"; then
			why="it said: $(xl dmesg | grep -F "(d$id) ")"
		else
			said=yes
		fi
		xl destroy "$name"
	fi
	[ $said = yes ]
	result $? "$name: $message" || echo "# $why"
done <cases
finish
