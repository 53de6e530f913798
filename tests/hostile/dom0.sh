# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Tells the lies in /root/lies, which are all of one kind, to the guest: backend.h,
# linux.sh, bare.c. A guest hears of it by the console or, if that is the reference
# kernel, by a node.

cd /root || exit 1
kind=$(cat kind)
guest=$(cat guest)
lies=$(cat lies)

say() {
	case $guest in
	linux)	tell_guest "$1" ;;
	*)	xenstore-write "/local/domain/$DOMID/data/lie" "$1" ;;
	esac
}

closing() {
	[ "$(xenstore-read "/local/domain/0/backend/vbd/$DOMID/51728/state")" = 5 ]
}

heard() { [ -z "$(xenstore-read "/local/domain/$DOMID/control/shutdown")" ]; }

# hears: xl shutdown, at once, while a disk waits five seconds for its backend
hears() {
	wait_for 60 closing || return 1
	xenstore-write "/local/domain/$DOMID/control/shutdown" poweroff
	wait_at_most 3 heard && closing && return 0
	echo "# closes-during-io: the guest did not hear of the shutdown meanwhile"
	return 1
}

wait_guest ready 120 || exit 1
bad=0
for lie in $lies; do
	say "$lie"
	hearer=
	case $guest-$kind-$lie in
	linux-blk-closes-during-io) hears & hearer=$! ;;
	esac
	./hostile tell "$kind" "$lie" "$DOMID" || bad=1
	[ -z "$hearer" ] || wait $hearer || bad=1
	say gone
	wait_guest "over-$lie" 90 || { bad=1; break; }
done
say end
exit $bad
