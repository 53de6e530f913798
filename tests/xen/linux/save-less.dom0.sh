# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of save-less.sh. What is wanted just before a guest goes, it does not get
# to, or not with all of it.

. /root/lib.dom0.sh

all=$(xenstore-read "/local/domain/$DOMID/memory/static-max")

take() {
	xl vcpu-set "$DOMID" 1
	xl mem-set "$DOMID" $((all - 65536))k
}
give() {
	xl vcpu-set "$DOMID" 2
	xl mem-set "$DOMID" "$all"k
}
# With the configuration that the guest began with, in place of that which was saved
restore_first() { restore_guest ""; }

# answers WORD COMMAND...: which may set DOMID
answers() {
	local _word=$1
	shift
	wait_guest "$_word" 600
	for _command in "$@"; do
		$_command
		result $? "$_word: $_command"
	done
	tell_guest "$_word"
}

answers take take
answers checkpoint checkpoint_guest
answers restore restore_guest
answers migrate migrate_guest
answers restore-all restore_first
answers take-and-migrate take migrate_guest
answers give-and-checkpoint give checkpoint_guest
answers take-and-checkpoint take checkpoint_guest
answers give-and-restore give restore_guest
finish
