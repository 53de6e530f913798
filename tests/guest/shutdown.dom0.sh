# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of shutdown.sh.

wait_guest up 60
node=/local/domain/$DOMID/control/shutdown
xl shutdown "$DOMID" || echo "not ok 1 - dom0: xl shutdown is taken"
wait_guest heard 60
if [ -z "$(xenstore-read "$node" 2>/dev/null)" ]; then
	echo "ok 1 - dom0: the guest has taken the word out"
else
	echo "not ok 1 - dom0: the guest has taken the word out"
	exit 1
fi
