# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of save-9p.sh.

. /root/lib.dom0.sh

make_file() {
	seq 100000 1000000 | head -c "$(mib 4)m" >/disks/share/file &&
		(cd /disks/share && md5sum file >sums)
}

answer made make_file
answer checkpoint checkpoint_guest
wait_guest restore 300
restore_guest
result $? "restore: xl save and restore"
tell_guest restore
finish
