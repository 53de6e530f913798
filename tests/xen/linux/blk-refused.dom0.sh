# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of blk-refused.sh: the toolstack sees what is wrong with a disk,
# and can detach it.

. /root/lib.dom0.sh

# refused NUMBER WORD: the guest's error node has the word, and it is Closed
refused() {
	_home=/local/domain/$DOMID
	xenstore-read "$_home/error/device/vbd/$1/error" | grep -q "$2" &&
	[ "$(xenstore-read "$_home/device/vbd/$1/state")" = 6 ]
}

# backend_closed NUMBER: then xl detaches the disk without waiting for anybody, else
# 10 s for the backend, and then by force.
backend_closed() {
	[ "$(xenstore-read "/local/domain/0/backend/vbd/$DOMID/$1/state")" = 6 ]
}

gone() { ! xenstore-read "/local/domain/$DOMID/device/vbd/$1/state"; }

# one VDEV NUMBER WORD
one() {
	attach_disk "$1" 16M
	wait_for 60 refused "$2" "$3"
	result $? "$1: the error node says what is wrong"
	wait_for 60 backend_closed "$2"
	result $? "$1: the backend is closed too"
	detach_disk "$1"
	result $? "$1: xl block-detach works"
	wait_for 20 gone "$2"
	result $? "$1: it is gone"
}

wait_guest plug 120
attach_disk sda 16M
attach_disk hdc 17M
attach_disk 16640 18M
rendezvous old
one hda 768 "xvda (768) has the name of another disk"
one 4096 4096 "4096 is the number of no disk"
one xvdzzz 273114368 "is beyond the last disk, xvdfan"
detach_disk sda
result $? "sda: xl block-detach works"
wait_for 20 gone 2048
result $? "sda: it is gone"
attach_disk hda 19M
tell_guest unplugged
rendezvous again
finish
