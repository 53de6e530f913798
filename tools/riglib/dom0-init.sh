#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dom0's init, in a machine that only starts guests. Starts the toolstack and
# then obeys the rig on the host, one line per order, over a virtio-serial port:
#
#	run JOB		start the job in /share/JOB (dom0-job.sh there)
#	tell WORD	the guest of the running job said WORD
#	look ADDRESS	show where the CPUs of the running job's guest are (its
#			code begins at ADDRESS), and what is wrong with dom0
#	kill		destroy the guest of the running job, which ends it
#	off		power off
#
# Every line sent back starts with '@' and a kind; see session.py.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
for d in /usr/lib/xen-*/bin; do
	PATH=$d:$PATH
done
export HOME=/root

mkdir -p /proc /sys /dev /run /tmp /root /var/log/xen/console /var/lib/xen
ln -s /run /var/run
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run/xenstored /run/xen /run/lock /disks /share
ln -s /run/lock /var/lock
mount -t devpts pts /dev/pts
# Leave memory for the rest of dom0: a guest that writes more gets errors.
memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
mount -t tmpfs -o "size=$((memory > 512 ? memory - 448 : 64))m" disks /disks

modprobe -a virtio_pci virtio_console 9pnet_virtio 9p \
	xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs \
	xen-netback xen-blkback bridge loop
mount -t xenfs xenfs /proc/xen
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /share

# The two virtio-serial ports, by their names.
while :; do
	for p in /sys/class/virtio-ports/*; do
		case $(cat "$p/name" 2>/dev/null) in
		rig.control) control=/dev/${p##*/} ;;
		rig.console) console=/dev/${p##*/} ;;
		esac
	done
	[ -n "$control" ] && [ -n "$console" ] && break
	sleep 0.2
done
export RIG_CONSOLE="$console"
exec 3<>"$control"

say() { echo "$*" >&3; }

# oxenstored, if the rig says so.
xenstored=$(sed -n 's/.*rig\.xenstored=\([a-z]*\).*/\1/p' /proc/cmdline)
"${xenstored:-xenstored}" --pid-file /run/xenstored.pid || say "@bad xenstored does not start"
xen-init-dom0 >/dev/kmsg 2>&1 || say "@bad xen-init-dom0 failed"
xenconsoled --pid-file=/run/xenconsoled.pid --log=guest \
	--log-dir=/var/log/xen/console || say "@bad xenconsoled does not start"

# Guests sit on one bridge, dom0 is 10.0.0.1 on it.
brctl addbr xenbr0
ip link set lo up
ip addr add 10.0.0.1/24 dev xenbr0
ip link set xenbr0 up

# A rig that was killed leaves its job running.
end_job() {
	[ -n "$job" ] && kill -0 "$job" 2>/dev/null || return
	destroy
	kill -9 -- "-$job"
	wait "$job"
}

destroy() {
	[ ! -f /run/job.domid ] || xl destroy "$(cat /run/job.domid)"
}

# look ADDRESS: the guest's CPUs; dom0's kernel log; and a xenstored that is silent
look() {
	local _store
	xenctx -C -S -k "$1" "$(cat /run/job.domid)" 2>&1
	echo "dom0's kernel says:"
	dmesg | tail -n 30
	timeout 30 xenstore-read /local/domain/0/name >/dev/null && return
	_store=/proc/$(cat /run/xenstored.pid)
	[ -d "$_store" ] || { echo "@bad xenstored has died"; return; }
	echo "@bad xenstored does not answer: $(cut -d' ' -f3,14,15 "$_store/stat")" \
		"$(cat "$_store/wchan")"
	cat "$_store/stack" "$_store/syscall" "$_store/status"
}

# From here on, the kernel's messages would only be mixed with those of guests.
dmesg -n 1
say "@up $(cut -d' ' -f1 /proc/uptime)"

# An end of file only means that no rig is connected at the moment.
while :; do
	read -r verb word <&3 || { sleep 0.3; continue; }
	case $verb in
	run)
		end_job
		rm -rf /run/told /run/guest-ended
		mkdir -p /run/told
		# shellcheck source=tools/riglib/dom0-lib.sh
		. "/share/$word/dom0-lib.sh"
		setsid sh "/share/$word/dom0-job.sh" "/share/$word" &
		job=$!
		;;
	tell)
		guest_told "$word"
		;;
	look)
		look "$word" 2>&1 | sed '/^@bad /!s/^/@cpu /' >&3
		;;
	kill)
		destroy
		;;
	off)
		say "@off"
		poweroff -f
		;;
	esac
done
