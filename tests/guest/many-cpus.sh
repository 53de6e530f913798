# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# More vCPUs than Xen's shared page has room for (XEN_LEGACY_MAX_VCPUS, 32): the
# others take no events, and everything works without them. Needs 40 vCPUs, of
# which two are online (maxcpus=2: an emulator has no time for 40), --disk
# vdev=xvda and --vif.

. /root/lib.sh

plan 9
first=32	# the first CPU that takes no events

online() { echo 1 >"/sys/devices/system/cpu/cpu$1/online"; }

# irqs: of our devices
irqs() { awk '/ xenion .*-event/ { sub(":", "", $1); print $1 }' /proc/interrupts; }

# all_low: each goes to a CPU that takes events
all_low() {
	_some=1
	for _irq in $(irqs); do
		_cpu=$(cat "/proc/irq/$_irq/effective_affinity_list")
		echo "irq $_irq: CPU $_cpu"
		[ "$_cpu" -lt $first ] || return 1
		_some=0
	done
	return $_some
}

# read_on CPU: the disk, by a process there
read_on() {
	taskset -c "$1" dd if=/dev/xvda of=/dev/null bs=4k count=64 iflag=direct
}

# none_high: an interrupt cannot be sent where no events are taken
none_high() {
	for _irq in $(irqs); do
		! echo $((first + 1)) >"/proc/irq/$_irq/smp_affinity_list" ||
			return 1
	done 2>/dev/null
}

[ "$(cat /sys/devices/system/cpu/kernel_max)" -ge 39 ] ||
	skip_all "this kernel knows fewer than 40 CPUs"
dmesg -c >/dev/null
check "a CPU without events is online" online 39
check "the modules load" load_xenion blkfront netfront
check "another one comes" online 33
check "every event goes where events are taken" all_low
check "an interrupt is not moved where they are not" none_high
check "a CPU with events reads from the disk" read_on 1
check "a CPU without events does too" read_on 39
check "unload" unload_xenion
check "the kernel has not complained" no_complaint
finish
