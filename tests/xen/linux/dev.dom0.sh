# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of dev.sh: what the guest's programs wrote, and the other end of their
# page and their port.

home=/local/domain/$DOMID
plan 10

# reads NODE PATTERN
reads() {
	# shellcheck disable=SC2254	# a pattern
	case $(xenstore-read "$home/data/$1") in
	$2) return 0 ;;
	*) return 1 ;;
	esac
}
saw() { grep -qx "$1" /tmp/take; }
# XAPI takes the addons as running when it finds these, and reads again when "updated"
# changes.
agent_told() {
	reads updated 20 && reads meminfo_free "[0-9]*" &&
		[ "$(xenstore-read "$home/attr/PVAddons/MajorVersion" \
			"$home/attr/vif/0/ipv4/0")" = "$(printf '8\n10.0.0.2')" ]
}

# An earlier run's
rm -f /tmp/held /tmp/share /tmp/server /tmp/take

wait_guest watched 300
check "the guest's nodes are there" reads two "2 and more"
xenstore-write "$home/data/watched/dom0" hello

wait_guest agent 300
check "XAPI finds the guest's addons and its address" agent_told
xenstore-write "$home/data/asked" yes

wait_guest offered 600
mkfifo /tmp/held
# shellcheck disable=SC2046	# two numbers
/root/programs take "$DOMID" $(xenstore-read "$home/data/offer") \
	</tmp/held >/tmp/take &
exec 9>/tmp/held
check "the guest's program ends, and we are told" wait_for 60 saw mapped
comments </tmp/take
wait_guest ended 120
check "its page is still ours" [ "$(grant_count)" -ge 1 ]
exec 9>&-
wait $!
check "and given back" test -s /tmp/take

wait_guest mapping 120
/root/programs share "$DOMID" >/tmp/share &
wait_for 20 test -s /tmp/share
xenstore-write "$home/data/share" "$(head -1 /tmp/share)"
tell_guest mapping
wait $!
result $? "the guest sees our pages, and lets go of them" /tmp/share

wait_guest served 120
check "libxenvchan: the guest serves us" /root/programs vchan-client "$DOMID" \
	"$home/data/vchan"
/root/programs vchan-server "$DOMID" "$home/data/vchan0" >/tmp/server &
wait_for 20 grep -qx ready /tmp/server
tell_guest served
wait_guest streamed 120
wait $!
result $? "libxenvchan: we serve the guest" /tmp/server

wait_guest end 600
check "no port of a program's is left" [ "$(evtchn_count)" = 2 ]
check "no grant, either" [ "$(grant_list | grep -cv '\[0x00[01]\]')" = 0 ]
tell_guest end
finish
