# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A folder of dom0's as a file system (9p) in a guest that is saved: it goes on in its
# domain. In a new domain another QEMU serves it, which knows nothing of what was open:
# the mount ends with errors, and another is made. save-9p.dom0.sh is the other half.

. /root/lib.sh

attach() { mount -t 9p -o trans=xen,version=9p2000.L share /mnt; }
right() { (cd /mnt && md5sum -c sums); }

echo "TAP version 13"
dmesg -c >/dev/null
modprobe 9p
check "the modules load" load_xenion console 9p
check "dom0 makes a file" asks made
check "the folder is mounted" wait_for 20 attach || finish
check "the file is right" right
exec 7</mnt/file
check "checkpoint" asks checkpoint
check "the file is still open" sh -c 'dd bs=4096 count=1 <&7 | cmp -n 4096 - /mnt/file'
check "and right" right
check "restore" asks restore
check "the mount ends with errors" not right
check "so does what is open" not dd bs=4096 count=1 of=/dev/null <&7
exec 7<&-
check "it is unmounted" umount /mnt
check "another is made" wait_for 20 attach
check "the file is right in that" right
check "unmounted" umount /mnt
check "unload" wait_for 20 unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
