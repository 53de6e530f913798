# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xenstore does not answer while the toolstack changes something: the guest
# finds the changes when xenstore answers again. nostore.dom0.sh is the
# toolstack.

. /root/lib.sh

echo "TAP version 13"
catch_poweroff

check "the modules load" load_xenion
dmesg -c >/dev/null
check "the store falls silent" insmod /root/xenion-nostore.ko
rendezvous silent 120
sleep 3
check "the new disk is not seen" test ! -e /sys/block/xvdb
check "nor the word of the toolstack" test ! -e /tmp/asked
check "the log says that devices cannot be listed, once" sh -c \
	'[ "$(dmesg | grep -c "cannot be listed")" = 1 ]'
check "the store answers again" rmmod xenion-nostore
check "the disk comes" wait_for 20 test -b /dev/xvdb
check "the word is heard" wait_for 20 test -e /tmp/asked
check "the old disk works" dd if=/dev/xvda of=/dev/null bs=1M count=4

tell unknown
check "a word that we do not know is told" wait_for 30 sh -c \
	'dmesg | grep -q "the host asks for .dance?., which"'
tell unknown-2
check "the next one, too" wait_for 30 sh -c \
	'dmesg | grep -q "the host asks for .sing., which"'
check "unload" unload_xenion
check "no grant is left behind" none_left
check "the kernel has not complained" no_complaint
finish
