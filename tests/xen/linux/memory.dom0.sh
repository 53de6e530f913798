# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of memory.sh.

. /root/lib.dom0.sh

mem=/local/domain/$DOMID/memory

# mem_set MIB WORD: when the guest says it
mem_set() {
	wait_guest "$1-$2" 600
	check "$2: xl mem-set $1" xl mem-set "$DOMID" "$1"
	tell_guest "$1-$2"
}

# Xen has the rest: xl counts a few pages of its own.
xen_has_less() {
	_mib=$(xl list "$DOMID" | awk -v id="$DOMID" '$2 == id { print $3 }')
	echo "the domain has $_mib MiB"
	[ "$_mib" -le $(($1 + 2)) ]
}

# The guest reads each, in a second at most.
nonsense() {
	for _word in -5 lots "" 99999999999 18446744073709551616 0 1; do
		xenstore-write "$mem/target" "$_word"
		sleep 2
	done
	xenstore-write "$mem/target" 262144
}

for round in 1 2 3; do
	mem_set 192 $round
	wait_guest 256-again-$round 600
	check "$round: Xen has it" xen_has_less 192
	check "again-$round: xl mem-set 256" xl mem-set "$DOMID" 256
	tell_guest 256-again-$round
done
mem_set 144 pressure
mem_set 256 end
wait_guest nonsense 600
nonsense
tell_guest nonsense
mem_set 256 after
finish
