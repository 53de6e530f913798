# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0 writes 800,000 bytes to the console (console-flood.dom0.sh), less to a
# slow guest. The tty is open, but for a while its reader sleeps. Then all bytes
# come, in order.

. /root/lib.sh

stats=/sys/class/tty/hvc0

plan 7
check "the modules load" load_xenion console
# Keep it open: the last close would reset the settings.
exec 3<>/dev/hvc0
check "raw" stty raw -echo -F /dev/hvc0
tell flood
check "the host is held back" \
	wait_for 60 sh -c "[ \$(cat $stats/input_held) -gt 0 ]"
sleep 5
bytes=$(($(mib 8) * 100000))
timeout 1200 head -c $bytes <&3 >/tmp/got
check "$bytes bytes arrive" [ "$(wc -c </tmp/got)" = $bytes ]
check "and are those that were written" \
	sh -c "seq 1 400000 | head -c $bytes | cmp - /tmp/got"
check "no output was lost" sh -c "[ \$(cat $stats/output_lost) = 0 ]"
exec 3<&-
check "unload" unload_xenion
finish
