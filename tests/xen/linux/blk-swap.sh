# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Memory is short, the kernel swaps to xvdb, and the backend of xvda begins again
# meanwhile, twice: what frees memory waits for disks, so a disk that connects
# must not wait for memory. The swap disk keeps its backend: what has been swapped
# to a disk that is lost is lost, and init may be among it. blk-swap.dom0.sh is
# the other half.

. /root/lib.sh

swapped() { awk '/^SwapTotal/ { t = $2 } /^SwapFree/ { exit t - $2 < 16384 }' /proc/meminfo; }

# hog: more memory than there is, all of it written again and again
hog() {
	_kb=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	while :; do
		dd if=/dev/zero of=/dev/null bs=$((_kb * 5 / 4))k count=50
	done >/dev/null 2>&1
}

# works DISK: a read that no cache answers
works() { dd if="/dev/$1" of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null; }

# again DISK: the connection after the first one
again() {
	[ "$(dmesg | grep -c "$1: [0-9]* sectors")" -ge 2 ] && works "$1"
}

no_hang() { ! dmesg | grep -E 'BUG:|Oops|lockup|hung task|rcu:.*stall'; }

plan 8
check "the modules load" load_xenion console blkfront
check "xvda is there" wait_for 20 test -b /dev/xvda
check "xvdb is there" wait_for 20 test -b /dev/xvdb || finish
mkswap /dev/xvdb >/dev/null
check "swap on xvdb" swapon /dev/xvdb || finish
# what this script needs stays
echo -1000 >/proc/self/oom_score_adj
(echo 1000 >/proc/self/oom_score_adj; hog) &
hog=$!
check "the guest swaps" wait_for 60 swapped
tell swaps
wait_dom0 restarted 150
check "xvda works again while memory is short" wait_for 60 again xvda
kill $hog
killall dd
check "the guest lives" wait_for 30 works xvda
check "nothing hangs" no_hang
finish
