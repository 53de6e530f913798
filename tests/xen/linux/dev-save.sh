# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What programs have of Xen's (xenion-dev.ko) when the guest is saved and goes on, and
# saved and restored: programs.c, and Debian's xenstore-watch. dev-save.dom0.sh does it.

. /root/lib.sh

plan 10

ready() { [ "$(grep -cx ready /tmp/said)" = "$1" ]; }
watched() { [ "$(tail -1 /tmp/watched)" = "$1" ]; }

# goes_on WHAT: after dom0 has done that with the guest
goes_on() {
	tell "$1"
	wait_dom0 "$1" 600
	result $? "$1: the guest goes on"
	xenstore-write "data/watched/$1" x
	check "$1: xenstore-watch goes on" wait_for 30 watched "data/watched/$1"
}

dmesg -c >/dev/null
check "the modules load" load_xenion console dev
xenstore-watch data/watched >/tmp/watched &
watcher=$!
mkfifo /tmp/words
wait_dom0 lent 120
/root/programs survive "$(xenstore-read data/lent)" </tmp/words >/tmp/said &
survivor=$!
exec 7>/tmp/words
wait_for 20 ready 1
goes_on checkpoint
echo same >&7
check "nothing is lost" wait_for 20 ready 2
goes_on restore
echo new >&7
wait $survivor
result $? "programs are told what is lost" /tmp/said
exec 7>&-
kill $watcher
wait $watcher
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
