# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The kernel panics: the host gets to know, and on the console is why. The
# rig's part is to see that the domain ended by a crash (--expect-crash), dom0's
# (panic.dom0.sh) to read the console.

plan 1
check "the modules load" load_xenion console
rendezvous panic
echo c >/proc/sysrq-trigger
not_ok "the kernel lives on"
finish
