# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of sysrq.sh.

. /root/lib.dom0.sh

node=/local/domain/$DOMID/control/sysrq
taken() { [ -z "$(xenstore-read "$node" 2>/dev/null)" ]; }

wait_guest help 300
xl sysrq "$DOMID" h
result $? "xl sysrq is taken"
wait_for 20 taken
result $? "the guest has taken the letter out"
tell_guest help
wait_guest nonsense 120
for word in hh "w " "$(printf '\303\244')" "$(seq 1 400 | tr -d '\n')"; do
	xenstore-write "$node" "$word"
	wait_for 20 taken
	result $? "the guest takes out what is no letter"
done
tell_guest nonsense
wait_guest forbidden 120
xl sysrq "$DOMID" w
wait_for 20 taken
result $? "the guest has taken out what it may not do"
tell_guest forbidden
finish
