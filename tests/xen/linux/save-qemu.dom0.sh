# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of save-qemu.sh.

. /root/lib.dom0.sh

# moves WORD SED: the guest asks for it; its disks are others then
moves() {
	wait_guest "$1" 300
	restore_guest "$2"
	result $? "$1: xl save and restore"
	tell_guest "$1"
}

moves qemu 's/backendtype=phy,script=block/backendtype=qdisk/'
moves linux 's/backendtype=qdisk/backendtype=phy,script=block/g'
finish
