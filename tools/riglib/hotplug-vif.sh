#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Hotplug script for network interfaces: a port of the bridge, and another one
# (add, remove) for the same interface as QEMU emulates it.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
base=$XENBUS_PATH
vif=${vif:?set by xl}

case $1 in
online)
	bridge=$(xenstore-read "$base/bridge" 2>/dev/null)
	brctl addif "${bridge:-xenbr0}" "$vif"
	ip link set "$vif" up
	xenstore-write "$base/hotplug-status" connected
	;;
offline)
	brctl delif "$(xenstore-read "$base/bridge" 2>/dev/null)" "$vif" 2>/dev/null
	;;
add)
	bridge=$(xenstore-read "$base/bridge" 2>/dev/null)
	brctl addif "${bridge:-xenbr0}" "${INTERFACE:?set by xl}"
	ip link set "$INTERFACE" up
	;;
esac
exit 0
