# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What a guest script finds ready. TAP as Linux kselftests write it; the exit
# status is 0 pass, 1 fail, 4 skip.

# SLOW is how many times as long everything may take. Seconds below are those of
# a host that has nothing else to do; beside other work LOADED times as many are
# waited, so that only what never comes is a failure.
#
# Variables of a function are its own ("local", which busybox's shell knows): a
# script may use any name.
. /rig/vars
export DRIVERS SLOW
LOADED=6

# A program that was asked for by name comes before the shell's own of that
# name, which busybox would take in any case.
for _t in $TOOLS; do
	eval "$_t() { /usr/bin/$_t \"\$@\"; }"
done

# mib N: so many MiB of data for a test, less in a slow guest.
mib() { echo $((($1 + SLOW - 1) / SLOW)); }

_tests=0
_failed=0

# plan N: how many tests follow. skip_all REASON ends the script.
plan() { echo "TAP version 13"; echo "1..$1"; }
skip_all() { echo "TAP version 13"; echo "1..0 # SKIP $*"; exit 4; }

# ok NAME, not_ok NAME, skip NAME REASON
ok() { _tests=$((_tests + 1)); echo "ok $_tests - $*"; }
not_ok() {
	_tests=$((_tests + 1))
	_failed=$((_failed + 1))
	echo "not ok $_tests - $*"
}
skip() { _tests=$((_tests + 1)); echo "ok $_tests - $1 # SKIP $2"; }

# check NAME COMMAND...: ok if the command succeeds; its output as comments.
check() {
	local _name=$1 _out
	shift
	if _out=$("$@" 2>&1); then
		ok "$_name"
	else
		not_ok "$_name"
		echo "# $*"
		[ -z "$_out" ] || echo "$_out" | sed 's/^/# /'
		return 1
	fi
}

# finish: the exit status that says what happened.
finish() { [ $_failed -eq 0 ] || exit 1; exit 0; }

# wait_for SECONDS COMMAND...: until the command succeeds; 1 when time is up.
wait_for() {
	local _s=$(($1 * LOADED))
	shift
	wait_at_most $_s "$@"
}

# wait_at_most: the same for what may well not come.
wait_at_most() {
	local _n=$(($1 * SLOW * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $_n -gt 0 ] || return 1
		_n=$((_n - 1))
		sleep 0.1
	done
}

# tell WORD: to the dom0 script, which waits with wait_guest WORD. Needs no
# driver in the guest.
tell() { echo "@@tell $1" >&9; }

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

# load_drivers: what this run is about, $DRIVERS: xenion or in-tree.
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
	for _m in 9p netfront blkfront console; do
		[ ! -d "/sys/module/xenion_$_m" ] || _unload "$_m" || return 1
	done
	[ ! -d /sys/module/xenion ] || rmmod xenion
}
# Linux lets a tty go, and with it the module, by a work, after its last close.
_unload() {
	case $1 in
	console) wait_for 20 rmmod "xenion-$1" || rmmod "xenion-$1" ;;
	*)	rmmod "xenion-$1" ;;
	esac
}
