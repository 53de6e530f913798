# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xenion.ko alone, on the real Xen: the selftest module, then CPUs that go and
# come back, wrong options, unload and load again with each event ABI.

. /root/lib.sh

selftest() {
	dmesg -c >/dev/null
	insmod /root/xenion-selftest.ko && rmmod xenion-selftest
	dmesg | sed -n 's/.*xenion-selftest: //p' >/tmp/selftest
	while read -r line; do
		case $line in
		"ok "*)		ok "$1: ${line#* - }" ;;
		"not ok "*)	not_ok "$1: ${line#* - }" ;;
		esac
	done </tmp/selftest
	check "$1: the selftest came to its end" grep -q '^1\.\.' /tmp/selftest
}

echo "TAP version 13"

# With a wrong option, the kernel or the module logs a message, and it is not
# loaded.
check "an option that is no option is refused" \
	refuses "fifo" insmod /lib/xenion/xenion.ko fifo=perhaps

for abi in FIFO 2-level; do
	case $abi in
	FIFO)		options_xenion="" ;;
	2-level)	options_xenion="fifo=0" ;;
	esac
	check "$abi: xenion.ko loads" load_xenion console
	check "$abi: it uses that ABI" grep -q "$abi" /sys/bus/xenion/info/event_abi
	[ -e /sys/devices/system/cpu/cpu1/online ] || selftest "$abi"
	if [ -e /sys/devices/system/cpu/cpu1/online ]; then
		check "$abi: CPU 1 goes offline" \
			sh -c 'echo 0 >/sys/devices/system/cpu/cpu1/online'
		check "$abi: CPU 1 comes back" \
			sh -c 'echo 1 >/sys/devices/system/cpu/cpu1/online'
		selftest "$abi, after CPU 1 has gone and come"
	fi
	check "$abi: nothing of the host's was refused" \
		grep -qx 0 /sys/bus/xenion/stats/refused
	check "$abi: unload" unload_xenion
	check "$abi: no grant is left behind" none_left
done
check "the kernel has not complained" no_complaint
finish
