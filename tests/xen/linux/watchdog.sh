# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Xen's watchdog as /dev/watchdog: a program that writes keeps the domain alive, one
# that ends well stops it, and so does unload. A program that does not: watchdog-end.sh.

. /root/lib.sh

wdt=/sys/class/watchdog/watchdog0

# Long enough that a guest on a busy host writes in time.
timeout=20
keeps_alive() {
	for _ in $(seq 1 $timeout); do
		echo . >&3 || return 1
		sleep 2
	done
}
ends_well() { echo V >&3; }

plan 9
dmesg -c >/dev/null
check "the drivers are loaded" load_xenion console
modprobe watchdog
check "the watchdog loads" insmod /lib/xenion/xenion-watchdog.ko timeout=$timeout nowayout=0
check "Linux has it" wait_for 20 test -c /dev/watchdog0
check "its timeout is what we gave" grep -x $timeout $wdt/timeout
exec 3>/dev/watchdog0
check "a program keeps the domain alive for twice as long" keeps_alive
check "it does not unload meanwhile" not rmmod xenion-watchdog
check "the program ends" ends_well
exec 3>&-
sleep $((2 * timeout))
check "Xen does not mind: unload" unload_xenion
check "the kernel has not complained" no_complaint
finish
