# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of net-reload.sh: after an unload the guest has the two ports and
# the two grants (0 and 1) that the toolstack made for console and xenstore.

n=0
failed=0
for r in 1 2 last; do
	n=$((n + 1))
	wait_guest "unloaded-$r" 60 || exit 1
	ports=$(evtchn_list)
	grants=$(grant_list | grep -v '\[0x00[01]\]')
	if [ "$(echo "$ports" | wc -l)" = 2 ] && [ -z "$grants" ]; then
		echo "ok $n - dom0: nothing left behind, $r"
	else
		failed=1
		echo "not ok $n - dom0: nothing left behind, $r"
		printf '%s\n%s\n' "$ports" "$grants" | sed 's/^/# /'
	fi
done
exit $failed
