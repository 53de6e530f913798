# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Functions of both guest and dom0 scripts, in addition to TAP (tap.sh).
#
# SLOW is the factor by which everything may take longer. Seconds below are
# those of an idle host; for a busy one, waits take up to LOADED times as long,
# so that only what never comes is a failure.
#
# Variables of a function are its own ("local", which busybox's shell knows): a
# script may use any name.
LOADED=6

# A program that was requested by name takes precedence over busybox's applet of
# that name, which its shell would prefer otherwise.
for _t in $TOOLS; do
	eval "$_t() { /usr/bin/$_t \"\$@\"; }"
done

# mib N: print N, the MiB of data for a test, or less with a slow guest.
mib() { echo $((($1 + SLOW - 1) / SLOW)); }

# Longer waits tell after each so many seconds that the script is alive: what does not
# come is a failed test then, and no guest that hangs.
SIGN=20

# wait_for SECONDS COMMAND...: until the command succeeds; status 1 after that
# time.
wait_for() {
	local _s=$(($1 * LOADED))
	shift
	while [ $_s -gt $SIGN ]; do
		wait_at_most $SIGN "$@" && return
		_s=$((_s - SIGN))
		still_waiting "$@"
	done
	wait_at_most $_s "$@"
}

# wait_at_most: the same for something that may not come at all.
wait_at_most() {
	local _n=$(($1 * SLOW * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $_n -gt 0 ] || return 1
		_n=$((_n - 1))
		sleep 0.1
	done
}
