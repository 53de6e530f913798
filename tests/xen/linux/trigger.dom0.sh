# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of trigger.sh.

. /root/lib.dom0.sh

state() { xl list "$DOMID" | awk 'NR == 2 { print $5 }'; }
is_paused() { [ "$(state | cut -c3)" = p ]; }
pause() { xl pause "$DOMID" && is_paused && xl unpause "$DOMID" && ! is_paused; }

nmi() { xl trigger "$DOMID" nmi; }

answer pause pause
answer nmi nmi
finish
