# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The kernel panics: the host is notified, and the console has the reason. The
# rig checks that the domain has crashed (--expect-end), panic.dom0.sh reads
# the console.

plan 1
check "the modules load" load_xenion console
rendezvous panic
echo c >/proc/sysrq-trigger
not_ok "the kernel lives on"
finish
