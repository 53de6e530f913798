# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of plug.sh: the toolstack that plugs and unplugs, every other time
# by force, without asking the guest.

. /root/lib.dom0.sh

nic="bridge=xenbr0 script=vif-bridge"
plug() {
	attach_disk xvdb 16M &
	attach_disk xvdc 16M &
	# shellcheck disable=SC2086
	xl network-attach "$DOMID" $nic &
	wait
}
unplug() {
	xl block-detach $1 "$DOMID" xvdb &
	xl block-detach $1 "$DOMID" xvdc &
	for _id in $(xl network-list "$DOMID" | awk 'NR > 1 { print $1 }'); do
		xl network-detach "$DOMID" "$_id" &
	done
	wait
}

wait_guest plug 120
for how in "" --force "" --force; do
	plug
	unplug "$how"
done
plug
tell_guest plugged
wait_guest unplug 120
unplug ""
exit 0
