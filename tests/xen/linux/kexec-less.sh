# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# kexec while the toolstack has taken memory (kexec-less.dom0.sh): another kernel would
# not live without it, so the domain is rebooted, which the rig sees (--expect-end).

. /root/lib.sh

plan 6
[ ! -e /root/again ] || { not_ok "another kernel runs"; finish; }
check "the module loads" load_xenion console
check "and the balloon" insmod /lib/xenion/xenion-balloon.ko
check "dom0 takes memory" asks take
check "it is away" memory_becomes $((448 * 1024))
touch /root/again
check "pack a ramdisk" pack_ramdisk
check "kexec takes the kernel" kexec -s -l /boot/vmlinuz \
	--initrd=/tmp/initrd --reuse-cmdline
kexec -e
not_ok "the guest is still there"
finish
