# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Functions of guest scripts, in addition to tap.sh and both-lib.sh, which the
# rig puts before this.

export DRIVERS SLOW

# tell WORD: to the dom0 script, which waits with wait_guest WORD. Needs no
# driver in the guest.
tell() { echo "@@tell $1" >&9; }
still_waiting() { echo "# still waiting: $*" >&9; }

# wait_dom0 WORD [SECONDS]: until the dom0 script says "tell_guest WORD"; over
# the PV console, so that must be loaded and nothing else may read from it.
wait_dom0() {
	local _word
	# shellcheck disable=SC3045	# busybox knows -t
	while IFS= read -r -t $((${2:-120} * SLOW * LOADED)) _word; do
		[ "$_word" = "$1" ] && return 0
	done </dev/hvc0
	echo "# dom0 did not say '$1'"
	return 1
}

# rendezvous NAME: both scripts wait for each other there.
rendezvous() { tell "$1"; wait_dom0 "$1" "${2:-120}"; }

# linux_leaks REGEXP: reports of kmemleak that match are leaks of Linux's own.
linux_leaks() { echo "$1" >>/tmp/linux-leaks; }

# load_drivers: load the drivers of this run, $DRIVERS: xenion or in-tree.
load_drivers() {
	case $DRIVERS in
	xenion)		load_xenion ;;
	in-tree)	modprobe -a xen-blkfront xen-netfront ;;
	esac
}

# load_xenion [FRONTEND...], unload_xenion: our modules, the core first. All
# three frontends if none is named. Options for one: options_xenion="a=1",
# options_xenion_blkfront="b=2".
load_xenion() {
	local _m
	[ $# -gt 0 ] || set -- console blkfront netfront
	_load xenion || return 1
	for _m in "$@"; do
		_load "xenion-$_m" || return 1
	done
}
_load() {
	local _opt
	if [ ! -e "/lib/xenion/$1.ko" ]; then
		echo "# no $1.ko in this guest: rig run --modules DIR"
		return 1
	fi
	eval "_opt=\${options_$(echo "$1" | tr - _):-}"
	# shellcheck disable=SC2154,SC2086
	insmod "/lib/xenion/$1.ko" $_opt
}
unload_xenion() {
	local _m
	for _m in dev watchdog balloon time 9p netfront blkfront console; do
		[ ! -d "/sys/module/xenion_$_m" ] || _unload "$_m" || return 1
	done
	[ ! -d /sys/module/xenion ] || rmmod xenion
}
# After its last close, Linux releases a tty, and with it the module, in a work.
_unload() {
	case $1 in
	console) wait_for 20 rmmod "xenion-$1" || rmmod "xenion-$1" ;;
	*)	rmmod "xenion-$1" ;;
	esac
}
