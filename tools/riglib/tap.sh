# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Results in TAP, as Linux's kselftests write them. The rig puts this before its
# libraries for guest and dom0 scripts; tests that run on the host source it. The
# exit status is 0 pass, 1 fail, 4 skip.

_tests=0
_failed=0
_planned=

# plan N: the number of results that follow. Without it, finish prints the plan.
plan() { echo "TAP version 13"; echo "1..$1"; _planned=1; }

# skip_all REASON ends the script.
skip_all() { echo "TAP version 13"; echo "1..0 # SKIP $*"; exit 4; }

# ok NAME, not_ok NAME, skip NAME REASON
ok() { _tests=$((_tests + 1)); echo "ok $_tests - $*"; }
not_ok() {
	_tests=$((_tests + 1))
	_failed=$((_failed + 1))
	echo "not ok $_tests - $*"
}
skip() { ok "$1 # SKIP $2"; }

# comments: standard input, as comments
comments() { sed 's/^/# /'; }

# result STATUS NAME [FILE...]: ok if the status is 0, else with the ends of the
# files that exist.
result() {
	local _file
	[ "$1" != 0 ] || { ok "$2"; return; }
	not_ok "$2"
	shift 2
	for _file in "$@"; do
		[ ! -e "$_file" ] || tail -n 40 "$_file" | cut -c 1-200 | comments
	done
	return 1
}

# check NAME COMMAND...: ok if the command succeeds, else with its output.
check() {
	local _name=$1 _out
	shift
	if _out=$("$@" 2>&1); then
		ok "$_name"
	else
		not_ok "$_name"
		echo "# $*"
		[ -z "$_out" ] || echo "$_out" | comments
		return 1
	fi
}

# finish ends the script: status 0 if all passed, else 1.
finish() {
	[ -n "$_planned" ] || echo "1..$_tests"
	[ $_failed -eq 0 ] || exit 1
	exit 0
}
