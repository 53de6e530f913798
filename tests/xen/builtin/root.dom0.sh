# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of root.sh: what xenconsoled got of the guest's console.

log=/var/log/xen/console/guest-$DOMNAME.log

once() { [ "$(grep -c "$1" "$log")" = 1 ]; }

wait_guest console 120
result $? "the guest is up"
# Of all, from before there was memory to be had.
check "the console shows the first line of the kernel" \
	sh -c "head -n 1 '$log' | grep -q 'Linux version'"
check "and each line once" once 'Linux version'
check "the boot console hands over to hvc0" \
	grep -q 'bootconsole \[xenion0\] disabled' "$log"
check "the last lines before init" grep -q 'Run /init as init process' "$log"
finish
