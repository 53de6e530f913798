# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What programs find in the guest (xenion-dev.ko): Debian's xenstore-* as they are, and
# programs.c for event channels, grants, limits and nonsense. dev.dom0.sh looks at it
# from the other side. Needs --guest-tool xenstore-ls, xenstore-watch, xenstore-exists,
# xenstore-rm, and programs.

. /root/lib.sh

plan 36

# is_device NAME: a character device that only root may open
is_device() { [ -c "/dev/xen/$1" ] && [ "$(stat -c %a:%u "/dev/xen/$1")" = 600:0 ]; }
reads() { [ "$(xenstore-read "$1")" = "$2" ]; }
says() { [ "$(cat "$1")" = "$2" ]; }
matches() { grep -Eqx "$2" "$1"; }
lists() { xenstore-ls "$1" >/tmp/list && diff "$2" /tmp/list; }
said_over() { grep -qx over /tmp/offer; }
deferred() { [ "$(cat /sys/bus/xenion/info/grant_refs_deferred)" = "$1" ]; }
heard() { [ "$(cat /tmp/watched)" = "$(printf '%s\n' "$@")" ]; }
# agent: XAPI's nodes, in a transaction, as its agents write them while the guest runs
agent() {
	local _n=0
	while [ $_n -lt 20 ]; do
		_n=$((_n + 1))
		xenstore-write attr/PVAddons/Installed 1 attr/PVAddons/MajorVersion 8 \
			attr/PVAddons/MinorVersion 4 attr/PVAddons/MicroVersion 0 \
			attr/os/class Linux attr/vif/0/ipv4/0 10.0.0.2 \
			data/os_uname "$(uname -r)" \
			data/meminfo_free "$(awk '/MemFree/ { print $2 }' /proc/meminfo)" \
			data/updated $_n || return 1
	done
}
watched() { [ "$(wc -l </tmp/watched)" = "$1" ]; }

dmesg -c >/dev/null
check "the modules load" load_xenion console dev
for d in xenbus evtchn gntalloc gntdev; do
	check "/dev/xen/$d, for root only" is_device $d
done

# xenstore, by Debian's programs
domid=$(xenstore-read domid)
check "xenstore-read" [ "$domid" -gt 0 ]
check "xenstore-read of what is not there" refuses "read path" xenstore-read none
check "xenstore-write of what is not ours" refuses "denied\|EACCES\|write" \
	xenstore-write /local/domain/0/name x
xenstore-write data/one 1 data/two "2 and more"
check "xenstore-write, two nodes in a transaction" reads data/two "2 and more"
check "xenstore-exists" xenstore-exists data/one
check "xenstore-exists of what is not there" not xenstore-exists data/none
printf 'one = "1"\ntwo = "2 and more"\n' >/tmp/expected
check "xenstore-ls" lists data /tmp/expected
xenstore-watch -n 4 data/watched >/tmp/watched &
wait_for 20 watched 1
xenstore-write data/watched/below 1
wait_for 20 watched 2
tell watched
check "dom0 sees it, and answers" wait_for 60 reads data/watched/dom0 hello
wait_for 20 watched 3
xenstore-rm data/watched
wait $!
check "xenstore-watch tells of each change" heard data/watched data/watched/below \
	data/watched/dom0 data/watched
check "rules and limits of /dev/xen/xenbus" /root/programs store
check "what is left: two transactions at once" xenstore-write data/one 3 data/two 4
check "XAPI's nodes are written, again and again" agent
tell agent
check "dom0 has seen them, and asks" wait_for 60 reads data/asked yes

# the places
check "/sys/hypervisor/type" says /sys/hypervisor/type xen
check "uuid" matches /sys/hypervisor/uuid '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
check "it is the toolstack's" reads vm "/vm/$(cat /sys/hypervisor/uuid)"
check "version/major" says /sys/hypervisor/version/major 4
check "properties/features" matches /sys/hypervisor/properties/features '[0-9a-f]{8,}'
check "properties/capabilities" grep -q hvm-3.0-x86_64 \
	/sys/hypervisor/properties/capabilities
check "every file can be read" sh -c 'cat $(find /sys/hypervisor -type f)'
check "/proc/xen/capabilities is a guest's" says /proc/xen/capabilities ""

# event channels and grants
check "limits of event channels and grants" /root/programs limits
/root/programs offer >/tmp/offer &
wait_for 20 test -s /tmp/offer
xenstore-write data/offer "$(head -1 /tmp/offer)"
tell offered
check "a dialogue with dom0 by a page and a port" wait_for 60 said_over
wait $!
check "dom0 still has the page: it is kept" deferred 1
tell ended
check "dom0 lets go, and so do we" wait_for 30 deferred 0

# dom0's pages here
tell mapping
wait_dom0 mapping 120
# shellcheck disable=SC2046	# numbers
/root/programs map 0 $(xenstore-read data/share) >/tmp/map 2>&1
result $? "dom0's pages: mapped, copied, let go" /tmp/map

# a stream each way, by Xen's library
/root/programs vchan-server 0 data/vchan >/tmp/server &
wait_for 20 grep -qx ready /tmp/server
tell served
wait $!
result $? "libxenvchan: we serve dom0" /tmp/server
wait_dom0 served 120
check "libxenvchan: dom0 serves us" /root/programs vchan-client 0 \
	"/local/domain/$domid/data/vchan0"
tell streamed

# nonsense
seed=$(date +%s)
check "nonsense does no harm (seed $seed)" /root/programs nonsense 20000 "$seed"
check "the store still answers" reads domid "$domid"
check "nobody complains" no_complaint
rendezvous end 120
unload_xenion
finish
