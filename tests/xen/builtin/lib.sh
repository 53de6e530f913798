# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What the guest scripts here share; the rig's library is already loaded.

# kernel_without_xen: what this kernel was built with
kernel_without_xen() { ! zcat /proc/config.gz | grep '^CONFIG_XEN='; }

# selftests [EXPECTED-TO-BE-SKIPPED...]: the kernel's own runner
selftests() {
	mkdir -p /tmp/kselftest
	tar -xf /root/kselftest.tar -C /tmp/kselftest || return
	# The runner opens its output again, to append to it.
	sh /tmp/kselftest/run_kselftest.sh >>/tmp/selftests.out 2>&1
	sed 's/^/# /' /tmp/selftests.out
	sed -n 's/^\(ok\|not ok\) [0-9]* selftests: xenion: //p' \
		/tmp/selftests.out >/tmp/selftests.done
	sed -n 's/^xenion:\(.*\)\.sh$/\1/p' /tmp/kselftest/kselftest-list.txt >/tmp/selftests
	check "run_kselftest.sh ran all tests" \
		[ "$(wc -l </tmp/selftests.done)" = "$(wc -l </tmp/selftests)" ]
	while read -r _test; do
		case " $* " in
		*" $_test "*)	_want="ok [0-9]* selftests: xenion: $_test.sh # SKIP" ;;
		*)		_want="ok [0-9]* selftests: xenion: $_test.sh" ;;
		esac
		check "kselftest: $_test.sh" grep -qx "$_want" /tmp/selftests.out
	done </tmp/selftests
}

# no_complaint: no warning, no oops, no lockup
no_complaint() {
	! dmesg | grep -E 'WARNING:|BUG:|Oops|lockup|hung task|rcu:.*stall'
}
