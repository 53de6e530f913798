# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Sourced by the tests of the rig: a directory to be in, a machine called $name
# that ends with the test, and results, with what the last command wrote to
# "out" and "err" below one that is not ok.

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
rig=$top/tools/rig
dir=$(mktemp -d) || exit 1
trap '"$rig" stop --name $name >/dev/null 2>&1; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit 1

passed=0
failed=0

# result STATUS WORDS
result() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $2"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) - $2"
		cat out err 2>/dev/null | cut -c 1-200 | tail -n 40 |
			sed 's/^/# /'
	fi
}
