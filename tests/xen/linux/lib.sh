# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What several of our guest scripts need. Each is given this file beside
# itself; the rig's own library (tools/riglib/guest-lib.sh) is there already.

# refuses WORD COMMAND...: the command fails, and it or the kernel says why in
# a line with WORD.
refuses() {
	local _word=$1 _said
	shift
	dmesg -c >/dev/null
	_said=$("$@" 2>&1) && return 1
	{ echo "$_said"; dmesg; } | grep -q "$_word"
}

# none_left: the last unload of xenion.ko lost no grant.
none_left() {
	dmesg | grep 'grants left behind' | tail -1 | grep -q ' 0 grants'
}

# no_complaint: no warning, no oops, no lockup since the log was cleared. Of KCSAN's
# reports the rig has the word: some are of Linux's own races.
no_complaint() {
	! dmesg | grep -v 'BUG: KCSAN' |
		grep -E 'WARNING:|BUG:|Oops|lockup|hung task|rcu:.*stall'
}

# pack_ramdisk: what the guest has, for a second kernel, as /tmp/initrd. Not
# compressed: a kernel that watches decompresses none.
pack_ramdisk() {
	(cd / && find . -xdev ! -path "./tmp/*" ! -name vmlinuz |
		cpio -o -H newc >/tmp/initrd)
}
