# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of vcpus.sh.

. /root/lib.dom0.sh

cpu=/local/domain/$DOMID/cpu

# The machine has two CPUs, and xl refuses more vCPUs than that by itself.
vcpu_set() { xl vcpu-set -i "$DOMID" "$1"; }

pinned() {
	xl vcpu-pin "$DOMID" all 0 && vcpu_set "$1"
}
paused() {
	xl vcpu-pin "$DOMID" all all && xl pause "$DOMID" &&
		vcpu_set "$1" && sleep 1 && xl unpause "$DOMID"
}
nonsense() {
	xenstore-write "$cpu/1/availability" maybe &&
	xenstore-write "$cpu/77/availability" offline &&
	xenstore-write "$cpu/x/availability" offline &&
	xenstore-write "$cpu/0/availability" offline &&
	sleep 1 &&
	xenstore-write "$cpu/1/availability" "" &&
	xenstore-write "$cpu/0/availability" online &&
	xenstore-rm "$cpu/77" &&
	xenstore-write "$cpu/1/availability" online
}

mkdir -p /tmp/www
dd if=/dev/urandom of=/tmp/www/data bs=1k count=512 2>/dev/null
serve /tmp/www
rendezvous serving
for what in $(sh /root/vcpus-*.list); do
	case $what in
	*pinned) answer "$what" pinned "${what%%-*}" ;;
	*paused) answer "$what" paused "${what%%-*}" ;;
	*)	answer "$what" vcpu_set "${what%%-*}" ;;
	esac
done
answer unrelated xenstore-write "$cpu/unrelated" 1
answer unrelated-2 xenstore-write "$cpu/0/availability" online
answer nonsense nonsense
answer 3-last vcpu_set 3
answer 1-unload vcpu_set 1
answer 2-reload vcpu_set 2
finish
