# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A kernel that uses its own Xen support: xenion.ko refuses to load, and says
# what to do.

. /root/lib.sh

plan 2
check "refused on a kernel with Xen support of its own" \
	refuses 'boot it through the shim' insmod /root/xenion.ko
check "and nothing of it stays" test ! -e /sys/bus/xenion
finish
