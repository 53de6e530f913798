#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Hotplug script for block devices, called by xl with add or remove. Xen's own
# needs features of shell and flock that busybox lacks.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
base=$XENBUS_PATH

case $1 in
add)
	file=$(xenstore-read "$base/params")
	mode=$(xenstore-read "$base/mode")
	ro=
	[ "$mode" = w ] || ro=-r
	if [ -b "$file" ]; then
		dev=$file
	else
		# Another disk's script may take the free device first.
		tries=20
		until dev=$(losetup -f) && losetup $ro "$dev" "$file"; do
			tries=$((tries - 1))
			[ $tries -gt 0 ] && sleep 0.1 && continue
			xenstore-write "$base/hotplug-error" "losetup $file failed" \
				"$base/hotplug-status" error
			exit 1
		done
		xenstore-write "$base/node" "$dev"
	fi
	xenstore-write \
		"$base/physical-device" "$(stat -L -c %t:%T "$dev")" \
		"$base/physical-device-path" "$dev" \
		"$base/hotplug-status" connected
	;;
remove)
	dev=$(xenstore-read "$base/node" 2>/dev/null) && losetup -d "$dev"
	;;
esac
exit 0
