# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of 9p.sh: writes a file and verifies one, stops the backend, and
# removes the device, which xl cannot do for file systems.

. /root/lib.dom0.sh

share=/disks/share
sum() { md5sum <"$share/$1" | cut -c1-32; }
backend=$(pidof xen-qemu-system-i386)

seq 1000000 10000000 | head -c "$(mib 64)m" >$share/from-dom0
sum from-dom0 >$share/from-dom0.md5
tell_guest ready

wait_guest verified 300
[ "$(sum from-guest)" = "$(cat $share/from-guest.md5)" ]
result $? "the file that the guest wrote"
tell_guest verified

wait_guest asleep 300
kill -STOP "$backend"
tell_guest asleep
wait_guest gone
xenstore-rm "/local/domain/$DOMID/device/9pfs/0"
result $? "the device is taken away"
# A stopped backend would keep the rings mapped.
kill -9 "$backend"
tell_guest gone
finish
