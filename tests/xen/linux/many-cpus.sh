# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# More vCPUs than Xen's shared page has room for (XEN_LEGACY_MAX_VCPUS, 32): the
# others take events by a place of their own, which can be registered only once:
# modules that are loaded again find it. Needs 40 vCPUs, of which two are online
# (maxcpus=2: 40 are too slow in an emulator), --disk vdev=xvda and --vif.

. /root/lib.sh

plan 13
high="39 33"	# CPUs that have no place in the shared page

online() { echo 1 >"/sys/devices/system/cpu/cpu$1/online"; }

# disk_irq: print the number of the disk's interrupt
disk_irq() { awk '/vbd-51712/ { sub(":", "", $1); print $1; exit }' /proc/interrupts; }

# count IRQ CPU: print how often it came there
count() {
	awk -v irq="$1:" -v cpu="CPU$2" 'NR == 1 {
		for (i = 1; i <= NF; i++) if ($i == cpu) at = i + 1
	} $1 == irq { print $at }' /proc/interrupts
}

# takes CPU: the disk's interrupt is moved there, and comes there
takes() {
	_irq=$(disk_irq)
	echo "$1" >"/proc/irq/$_irq/smp_affinity_list" || return
	echo "irq $_irq: CPU $(cat "/proc/irq/$_irq/effective_affinity_list")"
	[ "$(cat "/proc/irq/$_irq/effective_affinity_list")" = "$1" ] || return
	_before=$(count "$_irq" "$1")
	dd if=/dev/xvda of=/dev/null bs=4k count=64 iflag=direct || return
	echo "events: $_before before, $(count "$_irq" "$1") now"
	[ "$(count "$_irq" "$1")" -gt $((_before + 16)) ]
}

# read_on CPU: read from the disk by a process on that CPU
read_on() {
	taskset -c "$1" dd if=/dev/xvda of=/dev/null bs=4k count=64 iflag=direct
}

all_take_events() { ! dmesg | grep "takes no events"; }

[ "$(cat /sys/devices/system/cpu/kernel_max)" -ge 39 ] ||
	skip_all "this kernel knows fewer than 40 CPUs"
dmesg -c >/dev/null
check "CPU 39 is online" online 39
check "the modules load" load_xenion blkfront netfront
check "CPU 33 comes" online 33
check "each CPU takes events" all_take_events
for cpu in $high; do
	check "the disk's events go to CPU $cpu" takes "$cpu"
	check "CPU $cpu reads from the disk" read_on "$cpu"
done
check "unload" unload_xenion
check "the modules load again" load_xenion blkfront netfront
check "each CPU takes events again" all_take_events
check "the disk's events go to CPU 39 again" takes 39
check "the kernel has not complained" no_complaint
finish
