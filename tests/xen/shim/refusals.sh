# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A guest that starts: the shim's options are there once, and the user's stay.

words=$(cat /proc/cmdline)
count() { echo "$words" | tr ' ' '\n' | grep -c "^$1\(=\|$\)"; }
once() { [ "$(count "$1")" = 1 ]; }

check "nopv is added" once nopv
check "tsc_early_khz= is added" once tsc_early_khz
check "tsc= is added" once tsc
check "reboot= stays as the user gave it" once reboot
check "earlyprintk= stays as the user gave it" once earlyprintk
check "all vCPUs are there" [ "$(nproc)" = 3 ]
check "the kernel sees no Xen of its own" [ ! -d /sys/hypervisor/properties ]
finish
