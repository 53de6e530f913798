#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A guest tells dom0's script a word (tools/riglib/dom0-lib.sh), without a
# machine: the word arrives, whenever it is said. Long waits say that they are. TAP.

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# shellcheck source=tools/riglib/tap.sh
. "$top/tools/riglib/tap.sh"
# shellcheck source=tools/riglib/both-lib.sh
. "$top/tools/riglib/both-lib.sh"
# shellcheck source=tools/riglib/dom0-lib.sh
. "$top/tools/riglib/dom0-lib.sh"
export SLOW=1 LOADED=1
_told=$dir/told
_ended=$dir/ended

nothing_said() {
	rm -rf "$_told" "$_ended"
	mkdir "$_told"
}

# waits [COMMAND...]: wait for "word", at most 5 s; the command runs after the
# last look whether to wait, just before the wait.
waits() {
	between=("$@")
	SECONDS=0
	wait_guest word 5 && [ $SECONDS -lt 5 ]
}

set -o functrace
trap before_command DEBUG
before_command() {
	case $BASH_COMMAND in
	"read "*)
		set -- "${between[@]}"
		between=()
		"$@"
		;;
	esac
}

later() { (sleep 0.5; "$@") & }

plan 8
nothing_said
check "a word that is said while the script waits" waits later guest_told word
check "a word that was said before is not waited for" waits
nothing_said
check "one that is said between its look and its wait" waits guest_told word
nothing_said
waits later guest_ended | grep -q "ended, and had not said 'word'"
result $? "the guest's end ends the wait"
nothing_said
waits guest_ended | grep -q "ended, and had not said 'word'"
result $? "and so does one between look and wait"
nothing_said
SECONDS=0
waits | grep -q "did not say 'word' in 5 s"
result $((SECONDS >= 5 ? $? : 1)) "one that is never said is waited for"

# A long wait, also one whose output is kept, has signs of life.
SIGN=1 LOADED=2
signs=$dir/signs
check "a wait in vain" test "$(wait_for 1 false 8>"$signs" || echo vain)" = vain
check "is no silent one" grep -qx "# still waiting: false" "$signs"
finish
