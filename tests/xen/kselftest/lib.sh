# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=sh
#
# What the tests here share: results as KTAP, and the exit status that the
# kernel's runner wants. It is sourced, from the folder that the test is in.

ksft_pass=0 ksft_fail=1 ksft_skip=4
bus=/sys/bus/xenion
done_tests=0
failed=0

# skip_all WHY: this guest, or kernel, has nothing for the test.
skip_all() {
	echo "1..0 # SKIP $*"
	exit $ksft_skip
}

# check WHAT COMMAND...: a result, with what the command said if it fails
check() {
	_what=$1
	shift
	done_tests=$((done_tests + 1))
	if _said=$("$@" 2>&1); then
		echo "ok $done_tests $_what"
	else
		failed=$((failed + 1))
		echo "not ok $done_tests $_what"
		[ -z "$_said" ] || echo "$_said" | sed 's/^/# /'
	fi
}

finish() {
	echo "1..$done_tests"
	[ $failed = 0 ] && exit $ksft_pass
	exit $ksft_fail
}

# have_module NAME: a module that could be loaded
have_module() { [ -n "$(modprobe -q -D "$1" 2>/dev/null)" ]; }

# need_guest: a kernel with xenion in it, in a guest of Xen's
need_guest() {
	echo "TAP version 13"
	[ "$(id -u)" = 0 ] || skip_all "only root can do this"
	[ -d "$bus" ] || modprobe -q xenion 2>/dev/null
	[ -d "$bus" ] || skip_all "xenion does not run here"
}
