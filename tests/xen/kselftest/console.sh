#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The console: what is written to it is taken, by a host that reads.

. ./lib.sh

need_guest
[ -c /dev/hvc0 ] || skip_all "this guest has no /dev/hvc0"

lost() { cat /sys/class/tty/hvc0/output_lost; }
# A getty that starts hangs the terminal up: who writes at that moment gets an error.
writes() { timeout 60 seq 1000 >/dev/hvc0 || timeout 60 seq 1000 >/dev/hvc0; }
before=$(lost)
check "1000 lines are taken" writes
check "nothing is lost" [ "$(lost)" = "$before" ]
finish
