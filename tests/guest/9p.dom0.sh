# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of 9p.sh: writes a file and verifies one, puts the backend to sleep,
# and takes the device away, which xl cannot do for file systems.

. /root/dom0-lib.sh

share=/disks/share
backend() { pidof xen-qemu-system-i386; }

dd if=/dev/urandom of=$share/from-dom0 bs=1M count=64 2>/dev/null
(cd $share && md5sum from-dom0 >from-dom0.md5)
tell_guest ready

wait_guest verified 300
(cd $share && md5sum -c from-guest.md5)
result $? "the file that the guest wrote"
tell_guest verified

wait_guest asleep 300
# shellcheck disable=SC2046
kill -STOP $(backend)
tell_guest asleep
wait_guest gone
# As xl does with other devices when they are taken away by force.
xenstore-rm "/local/domain/$DOMID/device/9pfs/0"
tell_guest gone
wait_guest awake
# shellcheck disable=SC2046
kill -CONT $(backend)
result $? "the backend is still there"
tell_guest awake
exit $failed
