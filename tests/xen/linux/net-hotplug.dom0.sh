# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of net-hotplug.sh: the toolstack that plugs and unplugs.
#
# shellcheck disable=SC2086

vif="bridge=xenbr0 script=vif-bridge"
for r in 1 2 3; do
	wait_guest "unplug-$r" 100 && xl network-detach "$DOMID" 0 || exit 1
	wait_guest "plug-$r" 60 && xl network-attach "$DOMID" $vif || exit 1
done
wait_guest second 60 && xl network-attach "$DOMID" $vif || exit 1
wait_guest second-gone 60 && xl network-detach "$DOMID" 1 || exit 1
