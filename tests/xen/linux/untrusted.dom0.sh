# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of untrusted.sh. For disks, xl has no option for backends that are
# not trusted, but xen-public/io/blkif.h has a node.

. /root/lib.dom0.sh

wait_guest trust || exit 1
xenstore-write "/local/domain/$DOMID/device/vbd/51712/trusted" 0
tell_guest trust

for way in toolstack-0 toolstack-1 option-0 option-1; do
	wait_guest "$way" || exit 1
	wget -q -O /tmp/fetched http://10.0.0.2/data
	result $? "$way: a file is fetched"
	tell_guest "$way"
done
finish
