# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0 writes 300,000 bytes to the console (console-flood.dom0.sh), and for a
# while nobody reads them: the tty is open, but the reader sleeps. Then all of
# them come, in order.

. /root/lib.sh

stats=/sys/class/tty/hvc0

plan 7
check "the modules load" load_xenion console
# Held open: with the last close the settings go.
exec 3<>/dev/hvc0
check "raw" stty raw -echo -F /dev/hvc0
tell flood
check "the host is held back" \
	wait_for 60 sh -c "[ \$(cat $stats/input_held) -gt 0 ]"
sleep 5
timeout 300 head -c 300000 <&3 >/tmp/got
check "300,000 bytes arrive" sh -c '[ $(wc -c </tmp/got) = 300000 ]'
check "and are those that were written" \
	sh -c 'seq 1 60000 | head -c 300000 | cmp - /tmp/got'
check "no output was lost" sh -c "[ \$(cat $stats/output_lost) = 0 ]"
exec 3<&-
check "unload" unload_xenion
finish
