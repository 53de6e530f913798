# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of 9p.sh: writes a file and verifies one, puts the backend to sleep,
# and takes the device away, which xl cannot do for file systems.

. /root/dom0-lib.sh

share=/disks/share
backend=$(pidof xen-qemu-system-i386)

seq 1000000 10000000 | head -c 67108864 >$share/from-dom0
(cd $share && md5sum from-dom0 >from-dom0.md5)
tell_guest ready

wait_guest verified 300
(cd $share && md5sum -c from-guest.md5)
result $? "the file that the guest wrote"
tell_guest verified

wait_guest asleep 300
kill -STOP "$backend"
tell_guest asleep
wait_guest gone
xenstore-rm "/local/domain/$DOMID/device/9pfs/0"
result $? "the device is taken away"
tell_guest gone
exit $failed
