# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A guest of which the toolstack has taken a CPU and memory, or takes them just now, is
# saved and moved: it stays without them until the toolstack wants something else, which
# may be at once. save-less.dom0.sh takes and gives. Needs --disk vdev=xvda, two vCPUs.

. /root/lib.sh

# goes_on WORD: after dom0 has done that
goes_on() {
	asks "$1"
	result $? "$1: the console goes on"
	check "$1: the disk goes on" gets_lines disk
}

# has_less WORD, has_all WORD: and the guest has become, or is still, so large
has_less() {
	goes_on "$1"
	check "$1: one CPU" wait_for 60 online_is 1
	check "$1: less memory" memory_becomes $((all - 65536))
}
has_all() {
	goes_on "$1"
	check "$1: both CPUs" wait_for 60 online_is 2
	check "$1: all memory" memory_becomes "$all"
}

echo "TAP version 13"
dmesg -c >/dev/null
: >/tmp/disk
check "the drivers are loaded" load_xenion console blkfront
check "and the balloon" insmod /lib/xenion/xenion-balloon.ko
all=$(memory)
disk_traffic &
disk_pid=$!
check "the disk is in use" gets_lines disk
has_less take
has_less checkpoint
has_less restore
has_less migrate
has_all restore-all
has_less take-and-migrate
has_all give-and-checkpoint
has_less take-and-checkpoint
has_all give-and-restore
touch /tmp/stop
wait $disk_pid
result $? "the disk's data were right"
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
