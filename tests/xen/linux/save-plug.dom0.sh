# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of save-plug.sh. What is plugged or unplugged just when the guest goes may
# have arrived in its new domain or not: the toolstack says which, and mends it.

. /root/lib.dom0.sh

has_disk() { xl block-list "$DOMID" | grep -q "^51728 "; }
interfaces() { xl network-list "$DOMID" | awk 'NR > 1 { print $1 }'; }

plug_nic() { xl network-attach "$DOMID" bridge=xenbr0 script=vif-bridge; }
plug() {
	attach_disk xvdb 16M &
	plug_nic &
}
unplug() {
	! has_disk || detach_disk xvdb &
	for _id in $(interfaces); do
		xl network-detach "$DOMID" "$_id" &
	done
}

all_are_there() {
	has_disk || attach_disk xvdb 16M || return
	[ -n "$(interfaces)" ] || plug_nic
}
all_are_gone() {
	unplug
	wait
	! has_disk && [ -z "$(interfaces)" ]
}

for how in checkpoint restore migrate; do
	wait_guest "plug-$how" 600
	plug 2>/tmp/said
	"${how}_guest"
	result $? "plug-$how: xl does it"
	wait
	check "plug-$how: all are there then" all_are_there
	tell_guest "plug-$how"
	wait_guest "unplug-$how" 600
	unplug 2>/tmp/said
	"${how}_guest"
	result $? "unplug-$how: xl does it"
	wait
	check "unplug-$how: all are gone then" all_are_gone
	tell_guest "unplug-$how"
done
wait_guest plug-and-go 600
all_are_there
tell_guest plug-and-go
wait_guest unload 600
migrate_guest
result $? "unload: xl migrate"
tell_guest unload
finish
