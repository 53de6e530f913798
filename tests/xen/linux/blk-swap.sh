# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Memory is short, the kernel swaps to xvdb, and the backend of xvda restarts
# meanwhile, twice: reclaim waits for disks, so a disk that connects must not
# wait for memory. The swap disk keeps its backend: with it, pages in swap would
# be lost, perhaps of init. blk-swap.dom0.sh is the other half.

. /root/lib.sh

swapped() { awk '/^SwapTotal/ { t = $2 } /^SwapFree/ { exit t - $2 < 16384 }' /proc/meminfo; }

# hog: repeatedly write to more memory than there is
hog() {
	_kb=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	while :; do
		dd if=/dev/zero of=/dev/null bs=$((_kb * 5 / 4))k count=50
	done >/dev/null 2>&1
}

# works DISK: a read without the cache
works() { dd if="/dev/$1" of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null; }

# again DISK: it has connected a second time, and works
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
# keep this script from being killed
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
