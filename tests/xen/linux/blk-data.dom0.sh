# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of blk-data.sh: adds a read-only disk, and verifies the data of
# the other one from its side.

truncate -s 16M "$(disk_file xvdb)"
printf 'from dom0...' | dd of="$(disk_file xvdb)" conv=notrunc 2>/dev/null
xl block-attach "$DOMID" "format=raw,backendtype=phy,script=block,vdev=xvdb,access=ro,target=$(disk_file xvdb)"

. /root/lib.dom0.sh

wait_guest verify 200 && verify_disk
result $? "the disk's data are what the guest wrote"
finish
