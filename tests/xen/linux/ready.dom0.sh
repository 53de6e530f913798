# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of ready.sh: disks whose backends stay in InitWait.

. /root/lib.dom0.sh

slow="51744 51760 51776 51792"
mac=

make_slow() {
	for _id in $slow; do
		device "vbd/$_id" sectors 8192 sector-size 512 info 0
	done
}

wait_guest slow 120
make_slow
tell_guest slow

wait_guest unplug 120
paths=
for id in $slow; do
	paths="$paths $(front "vbd/$id")"
done
# shellcheck disable=SC2086
xenstore-rm $paths
result $? "all are unplugged at once"

wait_guest slow-2 120
make_slow
tell_guest slow-2
finish
