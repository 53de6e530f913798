# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of memory.sh.

. /root/lib.dom0.sh

mem=/local/domain/$DOMID/memory

# What the guest has at most, in MiB
all=$(($(xenstore-read "$mem/static-max") / 1024))

# Xen has the rest: xl counts a few pages of its own.
xen_has_less() {
	_mib=$(xl list "$DOMID" | awk -v id="$DOMID" '$2 == id { print $3 }')
	echo "the domain has $_mib MiB"
	[ "$_mib" -le $(($1 + 2)) ]
}

# The guest reads each, in a second at most.
nonsense() {
	for _word in -5 lots "" 99999999999 18446744073709551616 0 1; do
		xenstore-write -- "$mem/target" "$_word"
		sleep 2
	done
	xenstore-write "$mem/target" $((all * 1024))
}

# As XAPI makes it, the guest can write to it.
feature=/local/domain/$DOMID/control/feature-balloon
feature_make() {
	xenstore-write "$feature" "" && xenstore-chmod "$feature" n0 "b$DOMID"
}
feature_is_told() { wait_for 20 feature_is_1; }
feature_is_1() { [ "$(xenstore-read "$feature")" = 1 ]; }

answer feature feature_make
answer announced feature_is_told
for round in 1 2 3; do
	answer less-$round xl mem-set "$DOMID" $((all - 64))
	wait_guest more-$round 600
	check "$round: Xen has it" xen_has_less $((all - 64))
	check "more-$round: xl mem-set $all" xl mem-set "$DOMID" $all
	tell_guest more-$round
done
answer pressure xl mem-set "$DOMID" $((all - 112))
answer end xl mem-set "$DOMID" $all
answer nonsense nonsense
answer after xl mem-set "$DOMID" $all
finish
