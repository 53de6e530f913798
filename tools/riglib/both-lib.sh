# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What guest and dom0 scripts both find ready, beside TAP (tap.sh).
#
# SLOW is how many times as long everything may take. Seconds below are those of
# a host that has nothing else to do; beside other work LOADED times as many are
# waited, so that only what never comes is a failure.
#
# Variables of a function are its own ("local", which busybox's shell knows): a
# script may use any name.
LOADED=6

# A program that was asked for by name comes before the shell's own of that
# name, which busybox would take in any case.
for _t in $TOOLS; do
	eval "$_t() { /usr/bin/$_t \"\$@\"; }"
done

# mib N: so many MiB of data for a test, less with a slow guest.
mib() { echo $((($1 + SLOW - 1) / SLOW)); }

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
