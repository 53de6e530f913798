# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of net-backend.sh.

nodes=/local/domain/0/backend/vif/$DOMID/0
driver=/sys/bus/xen-backend/drivers/vif

wait_guest link-down 100 || exit 1
xenstore-write "$nodes/carrier" 0
wait_guest link-up 60 || exit 1
xenstore-write "$nodes/carrier" 1

# Do the hotplug script's work here: there is no udev that would run it.
wait_guest reload-backend 60 || exit 1
echo "vif-$DOMID-0" >"$driver/unbind"
sleep 1
echo "vif-$DOMID-0" >"$driver/bind"
brctl addif xenbr0 "vif$DOMID.0"
ip link set "vif$DOMID.0" up
xenstore-write "$nodes/hotplug-status" connected

wait_guest second 60 || exit 1
before=$(cat /sys/module/xen_netback/parameters/max_queues)
echo 2 >/sys/module/xen_netback/parameters/max_queues
xl network-attach "$DOMID" bridge=xenbr0 script=vif-bridge mtu=4000
err=$?
# Wait: netback reads max_queues again when the guest connects.
connected() {
	[ "$(xenstore-read "/local/domain/0/backend/vif/$DOMID/1/state")" = 4 ]
}
wait_for 60 connected || err=1
echo "$before" >/sys/module/xen_netback/parameters/max_queues
exit $err
