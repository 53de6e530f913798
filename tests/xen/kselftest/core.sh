#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Event channels, grant table and xenstore of this guest, by the module
# xenion-selftest, which writes KTAP into the kernel's log while it loads.

. ./lib.sh

need_guest
have_module xenion-selftest || skip_all "there is no module xenion-selftest"

mark="xenion kselftest $$ begins"
echo "$mark" >/dev/kmsg
modprobe xenion-selftest && modprobe -r xenion-selftest
said=$(dmesg | sed -n "/$mark/,\$s/.*xenion-selftest: //p")
while read -r line; do
	case $line in
	"ok "*)		check "${line#* - }" true ;;
	"not ok "*)	check "${line#* - }" false ;;
	esac
done <<EOF
$said
EOF
came_to_its_end() { echo "$said" | grep -q '^1\.\.'; }
check "the selftest came to its end" came_to_its_end
check "nothing of the host's was refused" grep -qx 0 "$bus"/stats/refused
finish
