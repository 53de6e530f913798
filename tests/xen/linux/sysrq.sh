# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# xl sysrq: the toolstack writes a letter to control/sysrq, xenion.ko clears the
# node and has the kernel do what the letter stands for. Anything else is
# cleared and does nothing (sysrq.dom0.sh writes both).

. /root/lib.sh

said() { dmesg | grep -q "$1"; }

plan 7
check "the modules load" load_xenion console
echo 1 >/proc/sys/kernel/sysrq
dmesg -c >/dev/null
rendezvous help
check "xl sysrq h" wait_for 20 said 'sysrq: HELP'
rendezvous nonsense
check "what is no letter is told" said 'control/sysrq holds more'
check "and does nothing" sh -c '! dmesg | grep -q "sysrq: Show\|sysrq: HELP : .*HELP"'
# The kernel's own setting applies: only sync is allowed.
echo 16 >/proc/sys/kernel/sysrq
rendezvous forbidden
check "what kernel.sysrq forbids is not done" \
	wait_for 20 said 'sysrq: This sysrq operation is disabled'
check "unload" unload_xenion
check "the kernel has not complained" no_complaint
finish
