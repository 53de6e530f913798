# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Tells the lies in /root/lies, which are all of one kind, to the guest:
# backend.h, linux.sh, bare.c. Their names are sent to Linux by the console, to
# the reference kernel by a node.

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

wait_guest ready 120 || exit 1
bad=0
for lie in $lies; do
	say "$lie"
	./hostile tell "$kind" "$lie" "$DOMID" || bad=1
	say gone
	wait_guest "over-$lie" 90 || { bad=1; break; }
done
say end
exit $bad
